"""Points by place, and quotas of a first count: do the numbers of a proof imply its claim."""

from collections.abc import Sequence
from itertools import permutations
from typing import Literal

import msgspec

from tally.verifier.arithmetic import Field, Source
from tally.verifier.orders import firsts_are_counted, tallies
from tally.verifier.shapes import Certificate, Count, Findings, Number, read

SEARCH_RIVALS_MAX = 6
SEARCH_STEPS_MAX = 1_000_000  # ballots placed on rooms while every way to rank is tried again


class Above(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One selection stays strictly above another."""

    above: str
    below: str
    counted: Number
    worst: Number
    slack: Number


class Crowd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """These rivals must get so many points together, and have room for fewer."""

    rivals: tuple[str, ...]
    points: Number
    room: Number


class Searched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every way to rank so many ballots puts some rival above."""

    ballots: Count


class PointsProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lead over every rival, or one reason why it cannot come first."""

    logic: Literal["points"]
    uncontested: bool
    reasons: tuple[dict[str, object], ...]


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All others go before any of these, who are more than there are seats."""

    kept: tuple[str, ...]
    ballots: Number
    held: Number
    least: Number
    slack: Number


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It has a quota at the first count, however many ballots come."""

    who: str
    votes: Number
    ballots: Number
    slack: Number


class QuotaProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Quotas of the first count, or who is kept in."""

    logic: Literal["quota"]
    uncontested: bool
    reasons: tuple[dict[str, object], ...]


class Points:
    """The check of one proof about points: `scores` for every place, best first."""

    def __init__(
        self,
        body: Certificate,
        field: Field,
        contenders: Sequence[int],
        scores: Sequence[int],
        findings: Findings,
        *,
        partial: bool,
    ) -> None:
        self.names, self.field, self.findings = list(body.selections), field, findings
        self.contenders, self.scores, self.partial = contenders, scores, partial

    def check_elected(self, who: int, proof: PointsProof) -> None:
        """Note every difference from leads over all rivals, in their order."""
        rivals = [j for j in self.contenders if j != who]
        if not self.findings.equal("/proof/reasons: a lead a rival", len(rivals), len(proof.reasons)):
            return
        for number, (rival, one) in enumerate(zip(rivals, proof.reasons, strict=True)):
            at = f"/proof/reasons/{number}"
            lead = read(one, Above, at, self.findings)
            if lead is not None and self.findings.equal(f"{at}/below", self.names[rival], lead.below):
                self._check_above(lead, at, who, rival)

    def check_eliminated(self, who: int, proof: PointsProof) -> None:
        """Note every difference from one reason why it cannot come first."""
        if not self.findings.equal("/proof/reasons: one", 1, len(proof.reasons)):
            return
        one, at = proof.reasons[0], "/proof/reasons/0"
        if "above" in one:
            lead = read(one, Above, at, self.findings)
            rival = self._rival(who, lead.above) if lead else -1
            if lead is not None and rival >= 0:
                self.findings.equal(f"{at}/below: who the claim is about", self.names[who], lead.below)
                self._check_above(lead, at, rival, who)
            return
        ballots = self._full_ballots(who)
        if ballots is None:
            return
        rooms = self._rooms(who, ballots)
        if "rivals" in one:
            crowd = read(one, Crowd, at, self.findings)
            if crowd is not None:
                self._check_crowd(crowd, who, rooms, ballots, at)
            return
        searched = read(one, Searched, at, self.findings)
        if searched is not None:
            self.findings.equal(f"{at}/ballots: all that can name it", ballots, searched.ballots)
            self._search(rooms, ballots, at)

    def _rival(self, who: int, name: str) -> int:
        rivals = [j for j in self.contenders if j != who and self.names[j] == name]
        if not rivals:
            self.findings.add("/proof/reasons/0: a rival who can win", None, name)
        return rivals[0] if rivals else -1

    def _loss(self, source: Source, above: int, below: int) -> int:
        """The most one ballot takes from the lead: `below` first, `above` unranked or last."""
        if below not in source.on_ballot:
            return 0
        placed = not self.partial and above in source.on_ballot
        return self.scores[0] - (self.scores[len(source.on_ballot) - 1] if placed else 0)

    def _check_above(self, lead: Above, at: str, above: int, below: int) -> None:
        self.findings.equal(f"{at}/above", self.names[above], lead.above)
        counted = self.field.counted[above] - self.field.counted[below]
        worst = self.field.most([self._loss(source, above, below) for source in self.field.sources])
        self.findings.equal(f"{at}/counted", counted, lead.counted)
        if worst is None:
            self.findings.add(f"{at}/worst: nothing bounds it", None, lead.worst)
            return
        self.findings.equal(f"{at}/worst: the most outstanding ballots can take", -worst, lead.worst)
        self.findings.equal(f"{at}/slack: counted + worst", counted - worst, lead.slack)
        if counted - worst <= 0:
            self.findings.add(f"{at}: fails in some completion", "> 0", counted - worst)

    def _full_ballots(self, who: int) -> int | None:
        """The ballots that can name `who`, where each of them ranks everybody."""
        size = len(self.names)
        bringing = [who in source.on_ballot for source in self.field.sources]
        full = all(
            len(source.on_ballot) == size or not there or self.field.ceiling(source) == 0
            for source, there in zip(self.field.sources, bringing, strict=True)
        )
        ballots = self.field.most([int(there) for there in bringing])
        if self.partial or not full or ballots is None:
            self.findings.add(
                "/proof/reasons/0: only where every ballot ranks all, and they are bounded", None, None
            )
            return None
        return ballots

    def _rooms(self, who: int, ballots: int) -> list[int | None]:
        """What everybody else can get with `who` first on all ballots; None: no limit, it cannot win."""
        mark = self.field.counted[who] + ballots * self.scores[0]
        return [
            mark - self.field.counted[j] if j in self.contenders else None
            for j in range(len(self.names))
            if j != who
        ]

    def _check_crowd(
        self, crowd: Crowd, who: int, rooms: Sequence[int | None], ballots: int, at: str
    ) -> None:
        others = [j for j in range(len(self.names)) if j != who]
        chosen = {
            self.names[j]: room
            for j, room in zip(others, rooms, strict=True)
            if self.names[j] in crowd.rivals and room is not None
        }
        if list(chosen) != list(crowd.rivals) or not chosen:
            self.findings.add(
                f"{at}/rivals: who can win, in order, each once", list(chosen), list(crowd.rivals)
            )
            return
        room = sum(one for one in chosen.values() if one is not None)
        points = ballots * sum(sorted(self.scores[1:])[: len(chosen)])
        self.findings.equal(f"{at}/room: below the mark", room, crowd.room)
        self.findings.equal(f"{at}/points: the last places on every ballot", points, crowd.points)
        if room >= points:
            self.findings.add(f"{at}: they have room", f"< {points}", room)

    def _search(self, rooms: Sequence[int | None], ballots: int, at: str) -> None:
        """Try every way to rank again; which rival is which does not matter, only their rooms do."""
        if len(rooms) > SEARCH_RIVALS_MAX:
            self.findings.add(f"{at}: too many rivals to try every way", SEARCH_RIVALS_MAX, len(rooms))
            return
        ways = set(permutations(self.scores[1:]))
        wide = ballots * self.scores[0]
        states = {tuple(sorted(wide if room is None else min(room, wide) for room in rooms))}
        steps = 0
        for _ in range(ballots):
            steps += len(states) * len(ways)
            if steps > SEARCH_STEPS_MAX:
                self.findings.add(f"{at}: too many ways to try again", SEARCH_STEPS_MAX, steps)
                return
            moved = (
                tuple(room - points for room, points in zip(state, way, strict=True))
                for state in states
                for way in ways
            )
            states = {tuple(sorted(state)) for state in moved if min(state) >= 0}
        if any(min(state, default=0) >= 0 for state in states):
            self.findings.add(f"{at}: a way to rank leaves all rivals below", None, ballots)


def check_quota(
    body: Certificate,
    kind: str,
    who: int,
    seats: int,
    contenders: Sequence[int],
    field: Field,
    findings: Findings,
    proof: QuotaProof,
) -> None:
    """Note every difference between a proof and one that settles who is in, or out, at the first count."""
    names = list(body.selections)
    known = firsts_are_counted(field)
    among = frozenset(contenders)
    votes = (
        tallies(field.rankings, among, len(names))
        if known
        else [number if j in among else 0 for j, number in enumerate(field.counted)]
    )
    unknown = 0 if known else sum(field.counted) - sum(votes)
    more = field.most([int(not source.on_ballot.isdisjoint(among)) for source in field.sources])
    if more is None:
        findings.add("/proof: nothing bounds the ballots", None, None)
        return
    ballots = sum(votes) + unknown + more
    if kind == "eliminated" and len(proof.reasons) == 1 and "kept" in proof.reasons[0]:
        stay = read(proof.reasons[0], Kept, "/proof/reasons/0", findings)
        if stay is not None:
            _check_kept(stay, who, seats, contenders, votes, ballots, names, findings)
        return
    quotas = [read(one, Quota, f"/proof/reasons/{at}", findings) for at, one in enumerate(proof.reasons)]
    owners = []
    for at, one in enumerate(quotas):
        j = names.index(one.who) if one is not None and one.who in names else -1
        if one is None or j not in among or j in owners:
            findings.add(f"/proof/reasons/{at}/who: somebody who can win, once", None, None)
            return
        owners.append(j)
        slack = (seats + 1) * votes[j] - ballots
        said = (one.votes, one.ballots, one.slack)
        findings.equal(f"/proof/reasons/{at}: votes, ballots and slack", (votes[j], ballots, slack), said)
        if slack <= 0:
            findings.add(f"/proof/reasons/{at}: fails in some completion", "> 0", slack)
    if kind == "elected":
        findings.equal("/proof/reasons: its own quota", [who], owners)
    elif len(owners) != seats or who in owners:
        findings.add("/proof/reasons: as many quotas of others as there are seats", seats, len(owners))


def _check_kept(
    one: Kept,
    who: int,
    seats: int,
    contenders: Sequence[int],
    votes: Sequence[int],
    ballots: int,
    names: Sequence[str],
    findings: Findings,
) -> None:
    at = "/proof/reasons/0"
    kept = [j for j in contenders if names[j] in one.kept]
    if [names[j] for j in kept] != list(one.kept) or who in kept or len(kept) <= seats:
        findings.add(f"{at}/kept: others, in order, more than there are seats", seats, list(one.kept))
        return
    holds = [min((seats + 1) * votes[j], ballots) for j in kept]
    slack = sum(holds) + min(holds) - (seats + 1) * ballots
    said = (one.ballots, one.held, one.least, one.slack)
    findings.equal(f"{at}: ballots, held, least and slack", (ballots, sum(holds), min(holds), slack), said)
    if slack <= 0:
        findings.add(f"{at}: fails in some completion", "> 0", slack)
