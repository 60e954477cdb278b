"""The bulletins of April 2013: what each made certain, on which grounds, and what they did not.

The council read out totals and percentages, never the list of tables that were still out. Where a test needs
that list it makes one of pseudo-units, and says so.
"""

import random
from itertools import accumulate

import pytest

from ingest.replay import load, ordered
from tally.view import contest_view
from tests.data.counting import count, opened
from tests.data.pseudo import Night, Pseudo, split
from tests.data.where import published

REGISTER, TABLES = 18_904_364, 39_376
BALLOTS_FIRST = 14_879_625  # turnout of 78.71 % read out with the first bulletin
OUT_FIRST = 166_359  # 0.88 % of the register
FIRST = [(7_505_338, 7_270_403), (7_505_378, 7_270_403)]  # as read out; as some newspapers misprinted it
PAGE_15_APRIL = (7_575_506, 7_302_641, 38_910 + 66_691)
IN_15_APRIL = 18_780_476
CONTESTED_TABLES, CONTESTED_VOTES, CONTESTED_LEAD = 5_729, 2_320_000, 562_010


def first_bulletin(votes: tuple[int, int], missing: list[int], hard: bool) -> Night:
    """All that was in as one pseudo-unit; every table that was out as one of its own."""
    counted = Pseudo("pseudo-in", REGISTER - sum(missing), (*votes, BALLOTS_FIRST - sum(votes)))
    out = [Pseudo(f"pseudo-out-{n}", roll) for n, roll in enumerate(missing)]
    return Night([counted, *out], hard)


@pytest.mark.parametrize(("votes", "slack"), [(FIRST[0], 68_576), (FIRST[1], 68_616)])
def test_first_bulletin_read_as_share_of_the_register(votes, slack):
    listed = first_bulletin(votes, split(OUT_FIRST, 346), hard=True)
    claim = listed.claim()
    assert (claim["status"], claim["grade"], claim["slack"]) == ("irreversible", "certain", slack)
    assert listed.view["outstanding"]["certain"] == OUT_FIRST
    from_the_percentage = first_bulletin(votes, [OUT_FIRST], hard=False)
    claim = from_the_percentage.claim()
    assert (claim["status"], claim["grade"], claim["assumptions"]) == (
        "irreversible", "conditional", ["soft-caps"],
    )  # fmt: skip
    outstanding = from_the_percentage.view["outstanding"]
    assert outstanding["certain"] is None
    assert outstanding["assumptions"]["soft-caps"] == OUT_FIRST


@pytest.mark.parametrize(("votes", "slack"), [(FIRST[0], 1), (FIRST[1], 41)])
def test_first_bulletin_read_as_share_of_tables(votes, slack):
    """346 tables out (99.12 %, truncated): it holds while they average 679 voters, and at 680 no longer.

    The longest roll of that day had 603.
    """
    missing = TABLES - -(-TABLES * 9_912 // 10_000)
    assert missing == 346
    longest = first_bulletin(votes, [679] * missing, hard=True).claim()
    assert (longest["status"], longest["slack"]) == ("irreversible", slack)
    longer = first_bulletin(votes, [680] * missing, hard=True).claim()
    assert (longer["status"], longer["slack"]) == ("open", slack - missing)
    soft = first_bulletin(votes, [603] * missing, hard=False).claim()
    assert (soft["status"], soft["grade"]) == ("irreversible", "conditional")


def test_the_page_of_15_april_rules_out_both_readings_of_the_first_percentage():
    """Between the two, the leaders gained more votes than the tables that came in have voters.

    On the reading as a share of the register, 42,471 registered voters came in and 102,406 votes; on the
    reading as a share of tables, 59 tables went out again. What was certain on the night stays conditional
    on a percentage that cannot have been either: at least 226,294 voters' tables were out.
    """
    votes_since = sum(PAGE_15_APRIL[:2]) - sum(FIRST[0])
    voters_since = IN_15_APRIL - (REGISTER - OUT_FIRST)
    assert (votes_since, voters_since) == (102_406, 42_471)
    assert (TABLES - 346) - 38_971 == 59
    least_out = REGISTER - IN_15_APRIL + votes_since
    assert least_out == 226_294
    at_best = first_bulletin(FIRST[0], [least_out], hard=True).claim()
    assert (at_best["status"], at_best["slack"]) == ("irreversible", 8_641)
    # that is with everybody voting at those tables; at the country's turnout it was not irreversible yet
    at_country_turnout = REGISTER - IN_15_APRIL + votes_since * IN_15_APRIL // sum(PAGE_15_APRIL)
    assert first_bulletin(FIRST[0], [at_country_turnout], hard=True).claim()["status"] == "open"


def test_the_naive_national_bound_is_wrong_by_a_factor_of_17():
    """Registered less counted takes those who stayed at home for votes to come."""
    whole = Night([Pseudo("pseudo-country", REGISTER)])
    votes = FIRST[0]
    whole.count("pseudo-country", (*votes, BALLOTS_FIRST - sum(votes)), status="in-process")
    lead = votes[0] - votes[1]
    naive = whole.view["outstanding"]["certain"]
    assert naive == REGISTER - BALLOTS_FIRST == 4_024_739
    assert naive // lead == 17
    assert (whole.claim()["status"], whole.claim()["slack"]) == ("open", lead - naive)
    by_table = first_bulletin(votes, split(OUT_FIRST, 346), hard=True)
    assert by_table.view["outstanding"]["certain"] == OUT_FIRST < lead


def test_the_page_of_15_april_from_the_real_tables():
    night = ordered(load(published("venezuela_2013"), reports_per_batch=1_000), "time")
    on_the_page = night.events[0].at_ms
    state = opened(night)
    list(count(state, (event for event in night.events if event.at_ms == on_the_page)))
    view = contest_view(state, 0, "e")
    claim = next(c for c in view["claims"] if c["id"] == "elected:maduro")
    assert view["units"]["completed"] == 38_971
    assert view["lead"] == 272_865
    assert view["outstanding"]["certain"] == REGISTER - IN_15_APRIL == 123_888
    assert (claim["status"], claim["grade"], claim["slack"]) == ("irreversible", "certain", 148_977)


def later_night() -> Night:
    """15 April as read out; then the overseas tables (57,992 votes, 93.13 % Capriles) and the rest at home."""
    night = Night(
        [
            Pseudo("pseudo-page-of-15-april", IN_15_APRIL, PAGE_15_APRIL),
            Pseudo("pseudo-overseas", 89_888),
            Pseudo("pseudo-at-home", 22_172),
            Pseudo("pseudo-still-out", 11_828),
        ]
    )
    assert sum(u.cap.ballots for u in night.state.layout.definition.units) == REGISTER
    return night


OVERSEAS, AT_HOME = (3_984, 54_008, 0), (9_500, 7_602, 0)


def test_overseas_tables_cut_the_lead_and_nothing_turns_back():
    night = later_night()
    before = night.claim()
    assert (before["status"], before["grade"], before["slack"]) == ("irreversible", "certain", 148_977)
    assert night.view["lead"] == 272_865
    turned = list(night.changes)
    night.count("pseudo-overseas", OVERSEAS)
    after_overseas = night.claim()
    night.count("pseudo-at-home", AT_HOME)
    after = night.claim()
    assert night.view["lead"] == 224_739
    assert (after["status"], after["grade"], after["slack"]) == ("irreversible", "certain", 212_911)
    assert before["slack"] < after_overseas["slack"] < after["slack"]
    assert after["since"] == before["since"]
    assert night.changes == turned
    assert not night.state.contests[0].history.corrections


def uneven(total: int, chance: random.Random) -> list[int]:
    """A total over the contested tables, no two of them alike for a reason."""
    votes = split(total, CONTESTED_TABLES)
    for table in range(0, CONTESTED_TABLES - 1, 2):
        moved = chance.randint(-90, 90)
        votes[table], votes[table + 1] = votes[table] + moved, votes[table + 1] - moved
    return votes


def contested_night() -> tuple[Night, list[str], list[int]]:
    """The count of 29 April, the contested tables as pseudo-units: 2.32 million votes, 562,010 more for Maduro."""
    ours = uneven((CONTESTED_VOTES + CONTESTED_LEAD) // 2, random.Random(1))
    theirs = uneven((CONTESTED_VOTES - CONTESTED_LEAD) // 2, random.Random(2))
    totals = [sum(of) for of in zip(PAGE_15_APRIL, OVERSEAS, AT_HOME, strict=True)]
    rest = (totals[0] - sum(ours), totals[1] - sum(theirs), totals[2])
    contested = [
        Pseudo(f"pseudo-contested-{n}", 603, (a, b, 0))
        for n, (a, b) in enumerate(zip(ours, theirs, strict=True))
    ]
    undisputed = REGISTER - 11_828
    units = [Pseudo("pseudo-rest", undisputed, rest), Pseudo("pseudo-still-out", 11_828), *contested]
    gains = [max(0, a - b) for a, b in zip(ours, theirs, strict=True)]
    return Night(units), [unit.id for unit in contested], gains


def test_contested_tables_it_is_decided_on_outstanding_and_not_on_disputed():
    night, contested, gains = contested_night()
    before = night.claim()
    assert (before["status"], before["slack"]) == ("irreversible", 212_911)
    assert before["robust"]["if_all_disputed_annulled"]
    night.desk("dispute", contested)
    disputed = night.claim()
    assert (disputed["status"], disputed["grade"], disputed["slack"]) == ("irreversible", "certain", 212_911)
    robust = disputed["robust"]
    assert robust["if_all_disputed_annulled"] is False
    assert robust["if_any_disputed_annulled"] is False
    reaching = [sum_of_gains >= 212_911 for sum_of_gains in accumulate(sorted(gains, reverse=True))]
    assert robust["units_to_overturn"] == reaching.index(True) + 1
    totals = {t["selection"]: t for t in night.view["totals"]}
    assert sum(totals[s]["votes_disputed"] for s in ("maduro", "capriles")) == CONTESTED_VOTES
    assert night.view["lead"] == 224_739
    night.desk("annul", contested)
    assert night.claim()["status"] == "withdrawn"
    assert night.claim("elected:capriles")["status"] == "irreversible"
    assert (night.view["leader"], night.view["lead"]) == ("capriles", 337_271)
