"""The completion that takes most from an assertion: what shows that it can still fail."""

from tally.assertion import Assertion, plain_ballots
from tally.completions import BallotForm, Completions, Group, ModalUnit, Mode
from tally.modes import modal_worst
from tally.reach import ballot_gain
from tally.witness import Cast, Witness, assemble, cast_of


def worst_witness(one: Assertion, completions: Completions, *, bounded: bool) -> Witness | None:
    """Return the completion that attains the least slack of `one`; None: the search over modes gave up.

    Where it is not `bounded`, one unbounded group casts enough ballots to make the slack negative.
    """
    form, size = completions.ballot, len(completions.counted)
    if not bounded:
        return _unbounded_witness(one, completions)
    modes: tuple[Mode, ...] = ()
    unit_ballots: tuple[int, ...] = ()
    if completions.modal:
        worst = modal_worst(one.a, completions)
        if not worst.exact:
            return None
        modes, unit_ballots, ballots = worst.modes, worst.unit_ballots, list(worst.group_ballots)
    else:
        gains = [ballot_gain(form, one.a, group.on_ballot) for group in completions.groups]
        ballots = plain_ballots(gains, completions) or []
    casts = [
        _worst_cast(form, one.a, group, size, n) for group, n in zip(completions.groups, ballots, strict=True)
    ]
    counted = []
    for unit, mode, number in zip(completions.modal, modes, unit_ballots, strict=True):
        counted.append(_worst_counted(one.a, unit, mode))
        group = Group(unit.on_ballot, unit.revote or 0) if mode == "revote" else unit.group
        nothing = Cast(0, (0,) * size)
        casts.append(nothing if mode == "annul" else _worst_cast(form, one.a, group, size, number))
    return assemble(completions, modes, counted, casts)


def _unbounded_witness(one: Assertion, completions: Completions) -> Witness:
    """Return a completion with every unit kept in which the unbounded groups cast enough ballots."""
    form, size = completions.ballot, len(completions.counted)
    parts = list(completions.groups) + [unit.group for unit in completions.modal]
    votes = completions.votes_counted()
    value = sum(weight * number for weight, number in zip(one.a, votes, strict=True)) - one.c
    for group in parts:
        value += abs(ballot_gain(form, one.a, group.on_ballot)) * group.ballots_min
    casts = []
    for group in parts:
        gains = ballot_gain(form, one.a, group.on_ballot) > 0
        free = group.ballots_max is None and group.pool == -1
        more = max(0, value) + 1 if gains and free else 0
        casts.append(_worst_cast(form, one.a, group, size, group.ballots_min + more))
    kept: list[Mode] = ["keep"] * len(completions.modal)
    return assemble(completions, kept, [unit.counted for unit in completions.modal], casts)


def _worst_cast(form: BallotForm, a: tuple[int, ...], group: Group, size: int, ballots: int) -> Cast:
    """Return so many ballots, each taking as much from a·V as a ballot can."""
    names = sorted((j for j in range(size) if group.on_ballot >> j & 1), key=lambda j: a[j])
    if not names:
        return Cast(ballots, (0,) * size)
    best = [j for j in names if a[j] < 0]
    if form.kind == "cumulative":
        votes = dict.fromkeys(best[:1], form.votes * ballots)
    elif form.kind == "choose":
        votes = dict.fromkeys(best[: form.votes], ballots)
    else:
        votes = dict.fromkeys(best, form.votes * ballots)
    if not votes and not form.blank:
        votes = {names[0]: ballots}
    return cast_of(form, group, size, ballots, votes, -1)


def _worst_counted(a: tuple[int, ...], unit: ModalUnit, mode: Mode) -> tuple[int, ...]:
    """Return the unit's counted votes as its mode leaves them, a revision taking most from a·V."""
    if mode in {"annul", "revote"}:
        return (0,) * len(unit.counted)
    step = unit.revisable if mode == "revise" else 0
    return tuple(
        number - min(step, number) if weight > 0 else number + step if weight < 0 else number
        for weight, number in zip(a, unit.counted, strict=True)
    )
