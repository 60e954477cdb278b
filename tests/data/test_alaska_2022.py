"""Alaska 2022, three instant runoffs: rounds from the ballots, and when each winner could no longer lose."""

import json
import random
import time
from collections import Counter

import pytest

from tally.completions import BallotForm, Completions, Group
from tally.rules import irv
from tally.rules._rounds import rounds
from tests.data.where import published, rows

NAME = "alaska_rcv_2022"
CERTIFIED_OFF_MAX = 6  # votes: a few hand-counted ballots are not among the cast-vote records
CHECKPOINTS = 40
ORDERS = 3
SECONDS_MAX = 1.0  # at one checkpoint; tens of milliseconds are usual

Rankings = dict[tuple[str, ...], int]


@pytest.fixture(scope="module")
def counts() -> dict[str, dict[str, Rankings]]:
    """By contest and precinct: so many ballots of each ranking, marks that end it included."""
    found: dict[str, dict[str, Rankings]] = {}
    for row in rows(published(NAME) / "ballots.csv.gz"):
        of_unit = found.setdefault(row["contest_id"], {}).setdefault(row["unit_id"], {})
        of_unit[tuple(row["ranking"].split(">"))] = int(row["count"])
    return found


@pytest.fixture(scope="module")
def contests() -> dict[str, dict]:
    listed = json.loads((published(NAME) / "contest.json").read_text())["contests"]
    return {one["id"]: one for one in listed}


def _names(contest: dict) -> list[str]:
    return [one["id"] for one in contest["choices"]]


def _whole(by_unit: dict[str, Rankings]) -> Counter:
    total: Counter = Counter()
    for rankings in by_unit.values():
        total.update(rankings)
    return total


def _read(rankings: Rankings, names: list[str]) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Rankings by index; an overvote or a blank mark ends one."""
    found: Counter = Counter()
    for marks, number in rankings.items():
        ended = next((place for place, mark in enumerate(marks) if mark.startswith("!")), len(marks))
        found[tuple(names.index(mark) for mark in marks[:ended])] += number
    return tuple(sorted(found.items()))


CONTESTS = ["us-ak-house-special-2022", "us-ak-house-2022", "us-ak-sen-2022"]


@pytest.mark.parametrize("contest_id", CONTESTS)
def test_rounds_are_those_computed_and_within_votes_of_those_certified(counts, contests, contest_id):
    contest = contests[contest_id]
    names = _names(contest)
    computed = json.loads((published(NAME) / "computed_rounds.json").read_text())[contest_id]
    found = rounds(_read(_whole(counts[contest_id]), names), len(names), [names.index("write_in")])
    last = None
    for one, expected in zip(found, computed["rounds_after_write_in_elimination"], strict=True):
        said = {name: votes for name, votes in expected.items() if name in names}
        assert {name: one.tallies[names.index(name)] for name in said} == said
        assert sum(one.tallies) == sum(said.values())
        out_of_it = ("exhausted", "!blank", "!overvote")
        assert one.exhausted == sum(expected.get(name, 0) for name in out_of_it)
        assert not one.tied
        last = said
    gone = [names[one.out] for one in found if one.out is not None]
    assert ["write_in", *gone] == computed["elimination_order"]
    certified = contest.get("official_final_round") or contest["official_rounds"][-1]
    assert all(abs(last[name] - votes) <= CERTIFIED_OFF_MAX for name, votes in certified.items())
    assert max(last, key=last.__getitem__) == contest["official_winner"]


def _firsts(rankings, size: int) -> tuple[int, ...]:
    votes = [0] * size
    for ranking, number in rankings:
        if ranking:
            votes[ranking[0]] += number
    return tuple(votes)


@pytest.mark.parametrize("contest_id", CONTESTS)
def test_the_winner_becomes_certain_once_and_stays_so(counts, contests, contest_id, capsys):
    contest = contests[contest_id]
    names = _names(contest)
    params = irv.Params((names.index("write_in"),))
    winner = names.index(contest["official_winner"])
    by_unit = {unit: _read(found, names) for unit, found in counts[contest_id].items()}
    ballots = {unit: sum(number for _, number in found) for unit, found in by_unit.items()}
    whole = sum(ballots.values())
    longest, certain_at = 0.0, []
    for seed in range(ORDERS):
        order = sorted(by_unit)
        random.Random(seed).shuffle(order)
        counted: Counter = Counter()
        taken, known, since = 0, set(), None
        for step in range(CHECKPOINTS + 1):
            upto = len(order) * step // CHECKPOINTS
            for unit in order[taken:upto]:
                counted.update(dict(by_unit[unit]))
            taken = upto
            rankings = tuple(sorted(counted.items()))
            left = sum(ballots[unit] for unit in order[upto:])  # ballots-known: what its precincts will bring
            completions = Completions(
                _firsts(rankings, len(names)),
                (Group(ballots_max=left),),
                BallotForm("ranked"),
                rankings=rankings,
            )
            start = time.perf_counter()
            claims = irv.statuses(completions, params)
            longest = max(longest, time.perf_counter() - start)
            now = {(one.kind, one.who) for one in claims if one.irreversible}
            assert known <= now, "a claim went back"
            known = now
            assert all(one.exact for one in claims)
            if since is None and ("elected", (winner,)) in now:
                since = (whole - left) / whole
        assert {who for kind, who in known if kind == "elected"} == {(winner,)}
        certain_at.append(since)
    with capsys.disabled():
        shares = ", ".join(f"{share:.1%}" for share in certain_at)
        print(
            f"\n{contest_id}: winner certain with {shares} of {whole} ballots counted; longest look {longest * 1e3:.1f} ms"
        )
    assert longest < SECONDS_MAX
