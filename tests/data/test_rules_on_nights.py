"""Real elections under their own rules: what is claimed, when, on which grounds, and that it verifies."""

import json
from collections import Counter

import numpy as np
import pytest

from ingest.replay import load, ordered
from tally.events import EXPECTED
from tally.state import ContestState, State
from tests.data.counting import count, opened
from tests.data.judged import Turn, check_certificates, judged, with_rule
from tests.data.where import published

KNOWN = ("ballots-known",)


def _moments(turns: list[Turn], contest: str) -> dict[str, list[Turn]]:
    found: dict[str, list[Turn]] = {}
    for turn in turns:
        if turn.contest == contest:
            found.setdefault(turn.claim, []).append(turn)
    return found


def _standing(contest: ContestState) -> set[str]:
    return {name for name, claim in contest.claims.items() if claim.status == "irreversible"}


def _never_back(turns: list[Turn]) -> None:
    assert not [turn for turn in turns if turn.status == "withdrawn"]


def test_georgia_finds_the_runoff_and_the_outright_win(capsys: pytest.CaptureFixture[str]) -> None:
    night = ordered(load(published("us_ga_2018_two_round"), reports_per_batch=50), "random:1")
    looks = Counter[str]()

    def look(state: State) -> None:
        for contest in state.contests:
            looks["certificates"] += check_certificates(state, contest)

    state, turns = judged(night, 210, look)
    _never_back(turns)
    first, second, governor = (_standing(contest) for contest in state.contests)
    assert first >= {"runoff", "runoff:raffensperger+barrow", "advances:raffensperger", "advances:barrow",
                     "eliminated:duval"}  # fmt: skip
    assert "elected:raffensperger" in second
    assert governor >= {"outright:kemp", "no-runoff", "eliminated:abrams", "eliminated:metz"}
    for contest, claim in (("us-ga-sos-2018-r1", "runoff"), ("us-ga-gov-2018", "outright:kemp")):
        moments = _moments(turns, contest)[claim]
        assert [(m.grade, m.assumptions) for m in moments] == [("conditional", KNOWN), ("certain", ())], (
            moments
        )
        with capsys.disabled():
            print(
                f"\n{contest} {claim}: certain given ballots-known at record {moments[0].seq} of {state.seq}"
            )
    assert looks["certificates"] > 20


def test_alaska_elects_its_winners_with_proof(capsys: pytest.CaptureFixture[str]) -> None:
    night = ordered(load(published("alaska_rcv_2022"), reports_per_batch=20), "random:1")
    looks = Counter[str]()

    def look(state: State) -> None:
        for contest in state.contests:
            looks["certificates"] += check_certificates(state, contest)

    state, turns = judged(night, 1, look, look_every=16)
    _never_back(turns)
    winners = {
        "us-ak-house-special-2022": "peltola",
        "us-ak-house-2022": "peltola",
        "us-ak-sen-2022": "murkowski",
    }
    for contest in state.contests:
        name = contest.layout.contest.id
        assert f"elected:{winners[name]}" in _standing(contest)
        moments = _moments(turns, name)[f"elected:{winners[name]}"]
        assert (moments[0].grade, moments[0].assumptions) == ("conditional", KNOWN)
        with capsys.disabled():
            print(
                f"\n{name}: {winners[name]}, given ballots-known, at record {moments[0].seq} of {state.seq}"
            )
    assert looks["certificates"] > 20


def test_bolivia_says_what_can_and_cannot_be_claimed_at_each_export(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """52.7 % of the tables, no hard cap: nothing certain ever; given the roll, what a recount says, no more."""
    night = load(published("bolivia_2020"), reports_per_batch=10_000)
    state, said = opened(night), list[str]()
    exports = 0
    for event, record in zip(night.events, count(state, night.events), strict=True):
        exports += 1
        contest = state.contests[0]
        now = {name: c.grade for name, c in contest.claims.items() if c.status == "irreversible"}
        assert now == _recounted(contest), (event.at_ms, now)
        said += [f"{record.seq}: {c.claim} {c.status} {c.grade}" for c in record.claims]
        assert "certain" not in now.values()
    assert exports == 86
    checked = check_certificates(state, state.contests[0])
    with capsys.disabled():
        print(f"\nBolivia: {said or 'nothing could be claimed at any export'}; {checked} certificates")
    assert checked >= 4


def _recounted(contest: ContestState) -> dict[str, str]:
    """Claims of 50 % or 40 % and 10 points given the roll of tables still out, by the closed forms, one style."""
    names = [s.id for s in contest.layout.contest.selections]
    counts, ballots = contest.counts.sum(axis=0).tolist(), contest.numbers[:, 1].tolist()
    still_out = [u for u, progress in enumerate(contest.progress.tolist()) if progress == EXPECTED]
    if any(contest.layout.registered[u] == 0 for u in still_out):
        return {}
    rest = sum(contest.layout.registered[u] - ballots[u] for u in still_out)
    total, size = sum(counts), len(names)

    def outright(votes: list[int], i: int) -> bool:
        rivals = [v for j, v in enumerate(votes) if j != i]
        most = sum(votes)
        wins = 2 * votes[i] > most or (5 * votes[i] >= 2 * most and 10 * (votes[i] - max(rivals)) >= most)
        return votes[i] > max(rivals) and wins

    found: dict[str, str] = {}
    ends = [[v + rest * (j == k) for j, v in enumerate(counts)] for k in range(size)]
    won = {i for i in range(size) if all(outright(end, i) for k, end in enumerate(ends) if k != i)}
    none = not any(outright(ends[i], i) for i in range(size))
    advance = set()
    for a in range(size):
        gaps = sorted(counts[a] - v for j, v in enumerate(counts) if j != a)[:2]
        safe = not any(outright(ends[b], b) for b in range(size) if b != a)
        if safe and sum(max(0, gap) for gap in gaps) > rest and gaps[1] > 0:
            advance.add(a)
    out = set()
    for a in range(size):
        end = ends[a]
        above = sum(v > end[a] for j, v in enumerate(end) if j != a)
        if not outright(end, a) and (any(outright(end, b) for b in range(size) if b != a) or above >= 2):
            out.add(a)
    assert total >= 0
    found |= {f"outright:{names[i]}": "conditional" for i in won}
    found |= {"no-runoff": "conditional"} if won else {}
    found |= {"runoff": "conditional"} if none else {}
    found |= {f"advances:{names[a]}": "conditional" for a in advance}
    found |= {f"eliminated:{names[a]}": "conditional" for a in out}
    if none and len(advance) == 2:
        a, b = sorted(advance)
        found[f"runoff:{names[a]}+{names[b]}"] = "conditional"
    return found


def test_venezuela_by_state(capsys: pytest.CaptureFixture[str]) -> None:
    """Won in N of 24 states, and each state's own moment, against a recount of each state by itself."""
    night = ordered(load(published("venezuela_2013"), reports_per_batch=100), "random:3")
    night = with_rule(night, {"type": "electoral_college", "need": 13}, "state")
    looks, expected = Counter[str](), dict[str, int]()

    def look(state: State) -> None:
        looks["certificates"] += check_certificates(state, state.contests[0])

    def recount(state: State) -> None:
        _recount_states(state.contests[0], state.contests[0].counted_seq, expected)

    state, turns = judged(night, 1, look, look_every=300, after=recount)
    _never_back(turns)
    found = {
        t.claim: t.seq - 1 for t in reversed(turns) if t.claim.startswith("carries:") and t.grade == "certain"
    }
    assert found == expected  # judged at once after each record, in the record that follows it
    winners = Counter(name.split(":")[1] for name in expected)
    standing = _standing(state.contests[0])
    assert winners["maduro"] > winners["capriles"]
    for who, states in winners.items():
        assert f"at-least:{who}:{states}" in standing, (who, states)
    assert "elected:maduro" in standing
    with capsys.disabled():
        print(f"\nVenezuela by state: {dict(winners)}; {looks['certificates']} certificates; moments {found}")


def _recount_states(contest: ContestState, seq: int, expected: dict[str, int]) -> None:
    """Note the first record at which a state's lead exceeds the roll of its tables still out."""
    layout = contest.layout
    of, roll = np.array(layout.district_of), np.array(layout.registered)
    out = np.bincount(of[of >= 0], weights=(roll * (contest.progress == EXPECTED))[of >= 0])
    for d, district in enumerate(layout.districts):
        root = contest.nodes[layout.node_index[district.unit]].tolist()[: layout.selections]
        first, second = sorted(range(layout.selections), key=lambda j: -root[j])[:2]
        claim = f"carries:{layout.contest.selections[first].id}:{district.unit}"
        if root[first] - root[second] > int(out[d]):
            expected.setdefault(claim, seq)


@pytest.mark.parametrize("order", ["random:1", "random:2", "file"])
def test_israel_fills_its_seats(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At least and at most close in on the official 120 seats, never back; what closes last is worked out."""
    folder = published("israel_knesset_25")
    night = ordered(load(folder, reports_per_batch=400), order)
    looks = Counter[str]()

    def look(state: State) -> None:
        looks["certificates"] += check_certificates(state, state.contests[0])

    state, turns = judged(night, 1, look, look_every=12)
    _never_back(turns)
    official = json.loads((folder / "contest.json").read_text("utf-8"))["contests"][0]["official_seats"]
    standing = _standing(state.contests[0])
    for selection in state.layout.contests[0].contest.selections:
        seats = official.get(selection.id, 0)
        said = _ends(standing, selection.id)
        assert said == ({"at-least": seats} if seats else {}) | {"at-most": seats}, (selection.id, said)
    assert "allocation" in standing
    assert sum(official.values()) == 120
    closed = _closed(turns, official)
    grounds = {(t.grade, t.assumptions) for t in turns if t.claim == "allocation"}
    assert grounds <= {("conditional", KNOWN), ("certain", ())}
    with capsys.disabled():
        last = max(closed, key=lambda name: closed[name])
        first = min(t.seq for t in turns if t.claim == "allocation")
        print(
            f"\nIsrael, {order}: {last} closes last, at record {closed[last]}; all seats at {first} of {state.seq}"
        )
    assert looks["certificates"] >= 8


def _ends(standing: set[str], name: str) -> dict[str, int]:
    """The strongest "at least" and "at most" of a list."""
    found: dict[str, int] = {}
    for claim in standing:
        kind, _, rest = claim.partition(":")
        who, _, number = rest.rpartition(":")
        if who == name and kind == "at-least":
            found[kind] = max(found.get(kind, 0), int(number))
        elif who == name and kind == "at-most":
            found[kind] = min(found.get(kind, 120), int(number))
    return found


def _closed(turns: list[Turn], official: dict[str, int]) -> dict[str, int]:
    """At which record both ends of a list's seats are first certain, on whatever grounds."""
    first: dict[str, int] = {}
    for turn in turns:
        first.setdefault(turn.claim, turn.seq)
    return {
        name: max(first[f"at-least:{name}:{seats}"], first[f"at-most:{name}:{seats}"])
        for name, seats in official.items()
    }
