"""Orders of eliminations: does a proof rule out every one that breaks a claim."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tally.verifier.arithmetic import Field, Source
from tally.verifier.shapes import Certificate, Count, Findings, Number, read

WINNERS_MAX = 20_000  # sets of selections still in, looked at where ties could go many ways


class Lead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The winner is ahead of the loser: while exactly `continuing` are in (NEN), or whoever else is (NEB)."""

    kind: Literal["NEB", "NEN"]
    winner: str
    loser: str
    continuing: tuple[str, ...]
    counted: Number
    worst: Number
    slack: Number


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When `out` goes it has no more than `over`, taken `weight` times."""

    out: str
    over: str
    weight: Count


class Combination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an order asks of its rounds, added up (`weights` in all): no ballots bring it about."""

    terms: tuple[Term, ...]
    weights: Number
    counted: Number
    worst: Number
    slack: Number


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last to go are not these, in this order, for one of two reasons."""

    last: tuple[str, ...]
    assertion: Count | UnsetType = UNSET
    combination: Combination | UnsetType = UNSET


class OrdersProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every order of eliminations that would break the claim ends in a way that is ruled out."""

    logic: Literal["orders"]
    uncontested: bool
    assertions: tuple[Lead, ...]
    endings: tuple[Ending, ...]


class FirstRoundProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `out` go before anybody else, by first preferences alone."""

    logic: Literal["first-round"]
    out: tuple[str, ...]
    counted: Number
    unknown: Number
    outstanding: Number
    least: Number
    slack: Number


Ranked = Sequence[tuple[tuple[int, ...], int]]


def tallies(rankings: Ranked, among: frozenset[int], size: int) -> list[int]:
    """What everybody has, in selection order, when exactly those are in."""
    votes = [0] * size
    for ranking, number in rankings:
        first = next((j for j in ranking if j in among), None)
        if first is not None:
            votes[first] += number
    return votes


def firsts_are_counted(field: Field) -> bool:
    """Whether the rankings are those of all ballots counted."""
    firsts = tallies(field.rankings, frozenset(range(len(field.counted))), len(field.counted))
    whole = [ranking[0] for ranking, _ in field.rankings if ranking]
    return firsts == list(field.counted) and all(0 <= j < len(field.counted) for j in whole)


def winners(rankings: Ranked, continuing: Sequence[int], size: int) -> frozenset[int] | None:
    """Everybody whom some way to break ties elects; None: too many ways."""
    waiting = [frozenset(continuing)]
    seen: set[frozenset[int]] = set()
    found: set[int] = set()
    while waiting:
        among = waiting.pop()
        if among in seen or not among:
            continue
        seen.add(among)
        if len(seen) > WINNERS_MAX:
            return None
        if len(among) == 1:
            found |= among
            continue
        votes = tallies(rankings, among, size)
        lowest = min(votes[j] for j in among)
        waiting += [among - {j} for j in among if votes[j] == lowest]
    return frozenset(found)


class Orders:
    """The check of one proof: `continuing` are in at first, `against` would break the claim by winning."""

    def __init__(
        self,
        body: Certificate,
        field: Field,
        continuing: Sequence[int],
        against: Sequence[int],
        findings: Findings,
    ) -> None:
        self.names, self.field, self.findings = list(body.selections), field, findings
        self.continuing, self.against = tuple(continuing), tuple(against)
        self.index = {name: j for j, name in enumerate(body.selections) if j in self.continuing}
        among = frozenset(continuing)
        self.rankings = [(tuple(j for j in order if j in among), number) for order, number in field.rankings]
        self.known: dict[frozenset[int], list[int]] = {}

    def check(self, proof: OrdersProof) -> None:
        """Note every difference between the proof and one that rules out whoever is against the claim."""
        add = self.findings.add
        if not firsts_are_counted(self.field):
            add("/rankings: of every ballot counted, or no order can be read", list(self.field.counted), None)
            return
        for number, lead in enumerate(proof.assertions):
            self._check_lead(lead, f"/proof/assertions/{number}")
        endings: dict[tuple[int, ...], int] = {}
        used: set[int] = set()
        for number, ending in enumerate(proof.endings):
            at = f"/proof/endings/{number}"
            last = tuple(self.index.get(name, -1) for name in ending.last)
            if -1 in last or not last or len(set(last)) < len(last) or last in endings:
                add(f"{at}/last: who is in at first, each once, no ending twice", None, list(ending.last))
                continue
            endings[last] = number
            if (ending.assertion is UNSET) == (ending.combination is UNSET):
                add(f"{at}: an assertion or a combination", 1, None)
            elif isinstance(ending.combination, Combination):
                self._check_combination(ending.combination, last, f"{at}/combination")
            elif isinstance(ending.assertion, int):
                used.add(ending.assertion)
                self._check_use(proof.assertions, ending.assertion, last, f"{at}/assertion")
        if set(range(len(proof.assertions))) - used:
            add("/proof/assertions: each is needed", sorted(used), len(proof.assertions))
        self._check_cover(endings)

    def _check_cover(self, endings: dict[tuple[int, ...], int]) -> None:
        """Whether every order that ends in somebody against the claim has one of the endings."""
        inside = {last[cut:] for last in endings for cut in range(1, len(last))}
        waiting: list[tuple[int, ...]] = [(j,) for j in self.against]
        met: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node in endings:
                met.add(endings[node])
            elif node in inside:
                waiting += [(j, *node) for j in self.continuing if j not in node]
            else:
                said = [self.names[j] for j in node]
                self.findings.add("/proof/endings: orders that end so are not ruled out", said, None)
                return
        if len(met) < len(endings):
            self.findings.add("/proof/endings: each is needed", len(met), len(endings))

    def _tallies(self, among: frozenset[int]) -> list[int]:
        if among not in self.known:
            self.known[among] = tallies(self.rankings, among, len(self.names))
        return self.known[among]

    def _check_lead(self, lead: Lead, at: str) -> None:
        """The numbers of a lead, and that it stays one."""
        pair = [self.index.get(lead.winner, -1), self.index.get(lead.loser, -1)]
        among = [j for j in self.continuing if self.names[j] in lead.continuing]
        in_order = [self.names[j] for j in among] == list(lead.continuing)
        placed = not lead.continuing if lead.kind == "NEB" else set(pair) <= set(among)
        if -1 in pair or pair[0] == pair[1] or not in_order or not placed:
            self.findings.add(f"{at}: two of those who are in, in their order", None, list(lead.continuing))
            return
        winner, loser = pair
        if lead.kind == "NEN":
            votes = self._tallies(frozenset(among))
            counted = votes[winner] - votes[loser]
        else:
            counted = self._tallies(frozenset(self.continuing))[winner] - self._not_behind(loser, winner)
        worst = self.field.most([int(loser in source.on_ballot) for source in self.field.sources])
        self._check_numbers(lead, counted, worst, at)

    def _not_behind(self, who: int, other: int) -> int:
        """Ballots that name `who` and do not name `other` before."""
        total = 0
        for ranking, number in self.rankings:
            if who in ranking and other not in ranking[: ranking.index(who)]:
                total += number
        return total

    def _check_numbers(self, said: Lead | Combination, counted: int, worst: int | None, at: str) -> None:
        self.findings.equal(f"{at}/counted", counted, said.counted)
        if worst is None:
            self.findings.add(f"{at}/worst: nothing bounds it", None, said.worst)
            return
        self.findings.equal(f"{at}/worst: the most outstanding ballots can take", -worst, said.worst)
        self.findings.equal(f"{at}/slack: counted + worst", counted - worst, said.slack)
        if counted - worst <= 0:
            self.findings.add(f"{at}: fails in some completion", "> 0", counted - worst)

    def _check_use(self, leads: Sequence[Lead], number: int, last: tuple[int, ...], at: str) -> None:
        """Whether a lead contradicts every order with that ending."""
        if number >= len(leads):
            self.findings.add(f"{at}: one of the assertions", len(leads), number)
            return
        lead = leads[number]
        winner, loser = self.index.get(lead.winner, -1), self.index.get(lead.loser, -1)
        if loser not in last:
            ruled_out = False
        elif lead.kind == "NEN":
            ruled_out = winner == last[0] and {self.names[j] for j in last} == set(lead.continuing)
        else:
            ruled_out = winner not in last or last.index(winner) < last.index(loser)
        if not ruled_out:
            self.findings.add(
                f"{at}: says nothing against this ending", [self.names[j] for j in last], number
            )

    def _check_combination(self, one: Combination, last: tuple[int, ...], at: str) -> None:
        """The numbers of a sum of rounds, and that no ballots bring it to 0."""
        place = {self.names[j]: t for t, j in enumerate(last)}
        pairs = [(place.get(term.out, -1), place.get(term.over, -1)) for term in one.terms]
        sound = all(0 <= t < j for t, j in pairs) and len(set(pairs)) == len(pairs) > 0
        if not sound or any(term.weight < 1 for term in one.terms):
            self.findings.add(f"{at}/terms: who goes over who is still in, each once", list(place), None)
            return
        counted = 0
        asked: dict[tuple[int, int], int] = {}
        for (t, j), term in zip(pairs, one.terms, strict=True):
            votes = self._tallies(frozenset(last[t:]))
            counted += term.weight * (votes[last[t]] - votes[last[j]])
            asked[t, j] = term.weight
            asked[t, t] = asked.get((t, t), 0) - term.weight
        worth = [self._dearest(asked, last, source) for source in self.field.sources]
        self.findings.equal(f"{at}/weights: their sum", sum(t.weight for t in one.terms), one.weights)
        self._check_numbers(one, counted, self.field.most(worth), at)

    def _dearest(self, asked: dict[tuple[int, int], int], last: tuple[int, ...], source: Source) -> int:
        """The most one ballot takes: it supports somebody until that one goes, then its next.

        Nobody needs to support the one who goes next, unless it is the last of all (docs/rules/rankings.md).
        """
        end = len(last) - 1
        best = [0] * (len(last) + 1)  # from before round t on; a ballot may say no more
        for t in range(end, -1, -1):
            for j in range(t, len(last)):
                if last[j] in source.on_ballot and (j > t or j == end):
                    rounds = sum(asked.get((s, j), 0) for s in range(t, min(j + 1, end)))
                    best[t] = max(best[t], rounds + best[j + 1])
        return best[0]


def check_first_round(
    body: Certificate, field: Field, continuing: Sequence[int], against: Sequence[int], findings: Findings
) -> None:
    """Whether everybody against the claim goes before somebody else, by first preferences alone."""
    proof = read(body.proof, FirstRoundProof, "/proof", findings)
    if proof is None:
        return
    names = list(body.selections)
    out = [j for j in continuing if names[j] in proof.out]
    if [names[j] for j in out] != list(proof.out) or not out or len(out) == len(continuing):
        findings.add("/proof/out: some of those who are in, in their order", None, list(proof.out))
        return
    if not set(against) <= set(out):
        missing = [names[j] for j in against if j not in out]
        findings.add("/proof/out: everybody who would break the claim", missing, list(proof.out))
    together = sum(field.counted[j] for j in out)
    unknown = sum(number for j, number in enumerate(field.counted) if j not in continuing)
    more = field.most([int(not source.on_ballot.isdisjoint(out)) for source in field.sources])
    least = min(field.counted[j] for j in continuing if j not in out)
    findings.equal("/proof/counted: what they have together", together, proof.counted)
    findings.equal("/proof/unknown: ballots for others who do not count", unknown, proof.unknown)
    findings.equal("/proof/outstanding: ballots that can name one of them", more, proof.outstanding)
    findings.equal("/proof/least: the least of the others", least, proof.least)
    if more is not None:
        slack = least - together - unknown - more
        findings.equal("/proof/slack", slack, proof.slack)
        if slack <= 0:
            findings.add("/proof: fails in some completion", "> 0", slack)
