"""Israel, 1 November 2022: 120 seats, 40 lists, a threshold of 3.25 %, four agreements, the envelopes last."""

import json
import random
import time
from collections.abc import Iterator

import pytest

from tally.completions import Completions, Group, Pool
from tally.rules import highest_averages as rule
from tally.rules._law import Law
from tally.verifier.rules import CHECKERS
from tally.verifier.shapes import Findings
from tests.data.where import published, rows
from tests.unit.seats_cases import Case

NAME = "israel_knesset_25"
SHARES = (0, 25, 50, 70, 80, 88, 94, 97, 99, 100)  # percent of the votes outside envelopes, counted
ENVELOPES = (
    20,
    40,
    60,
    80,
    90,
    95,
    97,
    98,
    99,
)  # percent of the votes in envelopes, all others being counted
Votes = tuple[int, ...]
BLOC = ["likud", "rzp_otzma", "shas", "utj"]  # the government formed afterwards


class Night:
    """The votes by locality, the envelopes of soldiers and others apart."""

    def __init__(self) -> None:
        folder = published(NAME)
        self.contest = json.loads((folder / "contest.json").read_text())["contests"][0]
        self.lists = [one["id"] for one in self.contest["choices"]]
        place = {name: j for j, name in enumerate(self.lists)}
        units = {row["unit_id"]: row for row in rows(folder / "units.csv.gz")}
        self.envelope_units = [unit for unit, row in units.items() if int(row["registered_voters"]) == 0]
        self.envelope_ballots = sum(int(units[unit]["ballots_cast"]) for unit in self.envelope_units)
        self.localities: dict[str, list[int]] = {}
        self.envelopes: dict[str, list[int]] = {unit: [0] * len(self.lists) for unit in self.envelope_units}
        for row in rows(folder / "results.csv.gz"):
            unit = units[row["unit_id"]]
            if int(unit["registered_voters"]):
                votes = self.localities.setdefault(unit["locality_code"], [0] * len(self.lists))
            else:
                votes = self.envelopes[row["unit_id"]]
            votes[place[row["choice_id"]]] += int(row["votes"])
        self.raw_params = {
            "seats": self.contest["seats"],
            "threshold": {"fraction": [13, 400]},
            "surplus_agreements": self.contest["surplus_agreements"],
            "blocs": [BLOC],
        }
        law = rule.read(self.raw_params, "", self.lists)
        assert isinstance(law, Law)
        self.law = law

    def points(self, seed: int) -> Iterator[Completions]:
        """The count by localities in a random order, then the envelopes, at so many shares of each."""
        rng = random.Random(seed)
        totals = [0] * len(self.lists)
        for parts, shares in ((self.localities, SHARES), (self.envelopes, (*ENVELOPES, 100))):
            order = list(parts)
            rng.shuffle(order)
            whole = sum(sum(votes) for votes in parts.values())
            before, number = sum(totals), 0
            for share in shares:
                while number < len(order) and (sum(totals) - before) * 100 < whole * share:
                    totals = [a + b for a, b in zip(totals, parts[order[number]], strict=True)]
                    number += 1
                left = whole - (sum(totals) - before)
                early = parts is self.localities
                yield self.at(tuple(totals), left if early else 0, self.envelope_votes if early else left)

    @staticmethod
    def at(totals: Votes, open_votes: int, envelopes: int) -> Completions:
        """Known ballots of localities not yet counted, and envelopes as a pool of their own."""
        groups = (Group(ballots_max=open_votes), Group(ballots_max=None, pool=0))
        return Completions(totals, groups, pools=(Pool(envelopes),))

    @property
    def envelope_votes(self) -> int:
        """Valid votes in envelopes."""
        return sum(sum(votes) for votes in self.envelopes.values())


@pytest.fixture(scope="module")
def night() -> Night:
    return Night()


def test_the_envelopes_are_what_the_source_says(night: Night) -> None:
    assert (len(night.envelope_units), night.envelope_ballots) == (838, 462_807)
    totals = [sum(votes) for votes in zip(*night.localities.values(), *night.envelopes.values(), strict=True)]
    assert dict(zip(night.lists, totals, strict=True)) == night.contest["official_totals"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_seats_close_in_on_the_official_ones(
    night: Night, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    low, high = [0] * len(night.lists), [120] * len(night.lists)
    bloc = (0, 120)
    slowest, closed, safe = 0.0, {}, None
    for number, completions in enumerate(night.points(seed)):
        began = time.perf_counter()
        said = rule.verdict(completions, night.law, tuple(night.lists))
        slowest = max(slowest, time.perf_counter() - began)
        new_low, new_high = said["min_seats"], said["max_seats"]
        assert isinstance(new_low, list)
        assert isinstance(new_high, list)
        assert all(a <= b for a, b in zip(low, new_low, strict=True)), "a least number of seats fell"
        assert all(a >= b for a, b in zip(high, new_high, strict=True)), "a greatest number of seats rose"
        own = said["blocs"][0]  # type: ignore[index]
        assert bloc[0] <= own["min"] <= own["max"] <= bloc[1]
        low, high, bloc = new_low, new_high, (own["min"], own["max"])
        if safe is None and bloc[0] >= 61:
            safe = number
        for j, name in enumerate(night.lists):
            if low[j] == high[j]:
                closed.setdefault(name, number)
    official = [night.contest["official_seats"].get(name, 0) for name in night.lists]
    assert low == high == official
    assert bloc == (64, 64)
    last = max(closed.values())
    names = sorted(name for name, number in closed.items() if number == last)
    looks = [f"{share} %" for share in SHARES] + [
        f"{share} % of the envelopes" for share in (*ENVELOPES, 100)
    ]
    assert safe is not None
    with capsys.disabled():
        print(
            f"\nIsrael 2022, order {seed}: last to close, at {looks[last]}: {', '.join(names)}; 61 seats of"
            f" {'+'.join(BLOC)} safe at {looks[safe]}; slowest look {slowest * 1000:.0f} ms"
        )


def test_every_claim_at_the_end_of_the_localities_is_proved_and_checked(night: Night, capsys) -> None:
    evening = list(night.points(1))[len(SHARES) - 1]
    raw = {
        "rule": "highest_averages", "candidates": night.lists, "params": night.raw_params,
        "units": [{"id": "in", "counted": list(evening.counted), "outstanding": night.envelope_votes}],
    }  # fmt: skip
    case, slowest, certain, wrong = Case(raw), 0.0, 0, []
    for claim in case.claims:
        if claim.irreversible:
            certain += 1
            began = time.perf_counter()
            wrong += [(claim, what) for what in case.said(claim)]
            slowest = max(slowest, time.perf_counter() - began)
        elif claim.who in {(0,), (3,), (10,)}:
            witness = case.rule.witness(case.parsed.completions, case.parsed.params, claim)
            assert not case.holds(claim, case.final(witness))
    assert not wrong, wrong
    with capsys.disabled():
        print(
            f"\nIsrael 2022, before the envelopes: {certain} certain claims, slowest check {slowest * 1000:.0f} ms"
        )


def test_official_seats_are_the_law_on_the_official_totals(night: Night) -> None:
    totals = tuple(night.contest["official_totals"][name] for name in night.lists)
    raw = {
        "rule": "highest_averages", "candidates": night.lists, "params": night.raw_params,
        "units": [{"id": "all", "counted": list(totals), "outstanding": 0}],
    }  # fmt: skip
    case = Case(raw)
    claim = case.claim("allocation")
    assert claim.irreversible
    assert case.said(claim) == []
    findings = Findings()
    question = CHECKERS["highest_averages"].question_of(case.certificate(claim), findings)
    assert question is not None
    assert sum(night.contest["official_seats"].values()) == 120
