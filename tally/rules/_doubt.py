"""Least leads while units may be annulled, re-voted or revised: a search over their modes."""

import heapq
from collections.abc import Callable

import msgspec

from tally.assertion import Assertion, least, plain_change
from tally.claim import Bound, ClaimKind
from tally.completions import Completions, Group, ModalUnit, Mode
from tally.field import Field, survey
from tally.modes import stakes_of
from tally.reach import limits

WORK_MAX = 300_000  # (node, rival, unit) sums before a lower bound is given instead
LEAF_WORK = 4  # what settling every unit costs, against one such sum
_KEEP: Mode = "keep"

Judge = Callable[[Field, int, int], Bound]


def pair(size: int, over: int, under: int) -> tuple[int, ...]:
    """Return the weights of the lead of selection `over` over selection `under`."""
    return tuple((j == over) - (j == under) for j in range(size))


def elected_alone(completions: Completions, who: int) -> Bound:
    """Return the least lead of `who` over every rival for one seat. Exact: an assertion a rival (Lemma A)."""
    rivals = [j for j in completions.contenders() if j != who]
    if not completions.electable >> who & 1:
        return Bound(None)
    if not rivals:
        return Bound(None, sure=True)
    size = len(completions.counted)
    found = [least(Assertion(pair(size, who, j)), completions) for j in rivals]
    slacks = [one.slack for one in found]
    exact = all(one.exact for one in found)
    known = [slack for slack in slacks if slack is not None]
    return Bound(None) if len(known) < len(slacks) else Bound(min(known), exact=exact)


def settled(completions: Completions, modes: tuple[Mode, ...], who: int, kind: ClaimKind) -> Completions:
    """Return the completions left once each modal unit has its mode, revisions going against the claim.

    Against "elected" a revision lowers `who` and raises everybody else; against "eliminated" it does
    the reverse. Of all revisions these are the worst, whatever the rivals.
    """
    counted, groups = list(completions.counted), list(completions.groups)
    for unit, mode in zip(completions.modal, modes, strict=True):
        if mode == "revote":
            groups.append(Group(unit.on_ballot, unit.revote))
        if mode in {"annul", "revote"}:
            continue
        groups.append(unit.group)
        votes = revised(unit, who, kind) if mode == "revise" else unit.counted
        for j, number in enumerate(votes):
            counted[j] += number
    return msgspec.structs.replace(completions, counted=tuple(counted), groups=tuple(groups), modal=())


def revised(unit: ModalUnit, who: int, kind: ClaimKind) -> tuple[int, ...]:
    """Return the unit's counted votes after the revision that goes furthest against the claim."""
    step = unit.revisable
    return tuple(
        number + step if (j == who) == (kind == "eliminated") else number - min(step, number)
        for j, number in enumerate(unit.counted)
    )


def merged(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Return the groups with those alike in style and pool made one: nothing that can be cast changes."""
    alike: dict[tuple[int, int], Group] = {}
    for group in groups:
        key = (group.on_ballot, group.pool)
        other = alike.get(key)
        if other is not None:
            known = group.ballots_max is not None and other.ballots_max is not None
            most = (group.ballots_max or 0) + (other.ballots_max or 0) if known else None
            least_ballots = group.ballots_min + other.ballots_min
            alike[key] = Group(group.on_ballot, most, least_ballots, group.pool)
        else:
            alike[key] = group
    return tuple(alike.values())


class _Options(msgspec.Struct, frozen=True):
    """Least lead one unit leaves over one rival when kept, and what the other modes take from that."""

    keep: int
    leave: int | None
    revise: int | None


class Doubt:
    """Best-first search over modes for the least lead behind one claim.

    A node's bound judges each rival by itself, as if pools were no limit and each rival could have the
    modes that suit it; the k-th of these is never above the true least lead.
    """

    def __init__(self, completions: Completions, who: int, seats: int, kind: ClaimKind, judge: Judge) -> None:
        self.completions, self.who, self.seats, self.kind, self.judge = completions, who, seats, kind, judge
        size = len(completions.counted)
        self.rivals = [j for j in completions.contenders() if j != who]
        self.modes: tuple[Mode, ...] = ()
        self.base: list[int | None] = []
        self.options: list[list[_Options]] = []
        plain = msgspec.structs.replace(completions, modal=())
        bounds = limits([unit.group for unit in completions.modal], completions.pools)
        for j in self.rivals:
            a = pair(size, who, j) if kind == "elected" else pair(size, j, who)
            change = plain_change(a, plain)
            counted = sum(w * v for w, v in zip(a, completions.counted, strict=True))
            rows = [self._options(a, unit, top) for unit, top in zip(completions.modal, bounds, strict=True)]
            known = [row for row in rows if row is not None]
            bounded = change is not None and len(known) == len(rows)
            self.base.append(counted + change if bounded and change is not None else None)
            self.options.append(known if bounded else [_Options(0, None, None)] * len(rows))
        self.order = sorted(range(len(completions.modal)), key=self._weight, reverse=True)

    def _options(self, a: tuple[int, ...], unit: ModalUnit, top: int | None) -> _Options | None:
        form = self.completions.ballot
        stake = stakes_of(a, unit, form)
        keep = stake.kept
        if stake.gain > 0:
            if top is None:
                return None
            keep -= stake.gain * top
        elif stake.rush:
            keep -= stake.gain * unit.ballots_min
        return _Options(keep, stake.left, keep - stake.revised if unit.revisable else None)

    def _weight(self, index: int) -> int:
        rows = [rows[index] for rows in self.options]
        return sum(abs(row.keep - (row.leave or 0)) for row in rows)

    def least_lead(self) -> Bound:
        """Return the least lead: exact, or a lower bound when the work budget ran out."""
        kept: tuple[Mode, ...] = tuple(_KEEP for _ in self.completions.modal)
        best = self._leaf(kept)
        self.modes = kept
        if best.slack is None:
            return best
        incumbent, exact = best.slack, best.exact
        root = self._bound(())
        waiting: list[tuple[int, int, tuple[Mode, ...]]] = [(root[0], 0, ())]
        serial, work, step = 0, 0, len(self.rivals) * len(kept)
        while waiting and waiting[0][0] < incumbent:
            if work > WORK_MAX:
                return Bound(waiting[0][0], exact=False)
            _, _, decided = heapq.heappop(waiting)
            for mode in self._branches(decided):
                child = (*decided, mode)
                bound, guess = self._bound(child)
                work += step
                if bound >= incumbent:
                    continue
                leaf = self._leaf(guess)
                work += LEAF_WORK * step
                exact = exact and leaf.exact
                if leaf.slack is None:
                    return leaf
                if leaf.slack < incumbent:
                    incumbent, self.modes = leaf.slack, guess
                if len(child) < len(kept):
                    serial += 1
                    heapq.heappush(waiting, (bound, serial, child))
        return Bound(incumbent, exact=exact)

    def _branches(self, decided: tuple[Mode, ...]) -> list[Mode]:
        """Return the modes the next unit may have; revising includes keeping where it costs nothing."""
        unit = self.completions.modal[self.order[len(decided)]]
        most = self.completions.annulled_max
        if most is not None and sum(mode != "keep" for mode in decided) >= most:
            return ["keep"]
        modes: list[Mode] = []
        if not unit.revisable or most is not None:
            modes.append("keep")
        if unit.revisable:
            modes.append("revise")
        if unit.revote is not None:
            modes.append("revote")
        elif unit.annullable:
            modes.append("annul")
        return modes

    def _bound(self, decided: tuple[Mode, ...]) -> tuple[int, tuple[Mode, ...]]:
        """Return a lower bound on the lead under `decided` (in search order), and modes worth a look."""
        most = self.completions.annulled_max
        used = sum(mode != "keep" for mode in decided)
        budget = len(self.order) if most is None else max(0, most - used)
        leads: list[tuple[int | None, int]] = []
        for rank, (base, rows) in enumerate(zip(self.base, self.options, strict=True)):
            if base is None:
                leads.append((None, rank))
                continue
            lead = base
            gains = []
            for position, index in enumerate(self.order):
                row = rows[index]
                if position < len(decided):
                    lead += _value(row, decided[position])
                else:
                    lead += row.keep
                    gains.append(max(0, row.keep - min(_values(row))))
            gains.sort(reverse=True)
            leads.append((lead - sum(gains[:budget]), rank))
        leads.sort(key=lambda pair: (pair[0] is not None, pair[0] or 0))
        binding = leads[self.seats - 1] if self.kind == "elected" else leads[-self.seats]
        if binding[0] is None:
            raise AssertionError("an unbounded lead was settled with every unit kept")
        close = leads[: self.seats] if self.kind == "elected" else leads[: len(leads) - self.seats + 1]
        return binding[0], self._guess(decided, [rank for lead, rank in close if lead is not None], budget)

    def _guess(self, decided: tuple[Mode, ...], ranks: list[int], budget: int) -> tuple[Mode, ...]:
        """Return modes, in unit order, that are bad for the claim against those rivals taken together."""
        modes: list[Mode] = ["keep"] * len(self.order)
        gains: list[tuple[int, int, Mode]] = []
        for position, index in enumerate(self.order):
            if position < len(decided):
                modes[index] = decided[position]
                continue
            rows = [self.options[rank][index] for rank in ranks]
            for mode in ("revise", self._leaving(index)):
                if mode is None or any(_missing(row, mode) for row in rows):
                    continue
                gain = sum(row.keep - _value(row, mode) for row in rows)
                gains.append((gain, index, mode))
        gains.sort(reverse=True, key=lambda entry: entry[0])
        for gain, index, mode in gains:
            if gain > 0 and budget > 0 and modes[index] == "keep":
                modes[index] = mode
                budget -= 1
        return tuple(modes)

    def _leaving(self, index: int) -> Mode | None:
        unit = self.completions.modal[index]
        if unit.revote is not None:
            return "revote"
        return "annul" if unit.annullable else None

    def _leaf(self, modes: tuple[Mode, ...]) -> Bound:
        done = settled(self.completions, modes, self.who, self.kind)
        done = msgspec.structs.replace(done, groups=merged(done.groups))
        return self.judge(survey(done), self.who, self.seats)


def _missing(row: _Options, mode: Mode) -> bool:
    return (row.revise if mode == "revise" else row.leave) is None


def _values(row: _Options) -> list[int]:
    return [value for value in (row.keep, row.leave, row.revise) if value is not None]


def _value(row: _Options, mode: Mode) -> int:
    value = row.keep if mode == "keep" else row.revise if mode == "revise" else row.leave
    if value is None:
        raise AssertionError("a unit is only given a mode it may have")
    return value
