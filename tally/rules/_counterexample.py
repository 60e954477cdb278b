"""A completion in which an open claim of plurality is false: on demand, never while hot."""

from tally.claim import Claim
from tally.completions import Completions, Group, Mode
from tally.field import Field, Spread, meet, survey
from tally.modes import modal_worst
from tally.rules._bounds import ballots_for_one, elected_bound, eliminated_bound, exempted, strays
from tally.rules._climb import Climbers
from tally.rules._doubt import Doubt, pair, revised, settled
from tally.witness import Cast, Witness, assemble, cast_of, spread_casts

_KEEP: Mode = "keep"


def find_witness(completions: Completions, seats: int, claim: Claim) -> Witness | None:
    """Return a completion in which `claim` is false; None: there is none, or none was found in budget.

    "Elected" is false when `seats` rivals reach the selection's votes (a tie may go against it),
    "eliminated" when fewer than `seats` are strictly above.
    """
    who = claim.who[0]
    elected = claim.kind == "elected"
    if not elected and not completions.electable >> who & 1:
        return None
    modes = _modes(completions, who, seats, claim)
    if modes is None:
        return None
    field = survey(settled(completions, modes, who, claim.kind))
    casts = _against_elected(field, who, seats) if elected else _against_eliminated(field, who, seats)
    if casts is None:
        return None
    counted = []
    ballots = list(casts[: len(completions.groups)])
    rest = iter(casts[len(completions.groups) :])
    nothing = Cast(0, (0,) * len(completions.counted))
    for unit, mode in zip(completions.modal, modes, strict=True):
        gone = mode in {"annul", "revote"}
        counted.append(
            nothing.votes if gone else revised(unit, who, claim.kind) if mode == "revise" else unit.counted
        )
        ballots.append(nothing if mode == "annul" else next(rest))
    return assemble(completions, modes, counted, ballots)


def _modes(completions: Completions, who: int, seats: int, claim: Claim) -> tuple[Mode, ...] | None:
    """Return modes of the units under which the claim can fail; None when none were found."""
    if not completions.modal or who not in completions.contenders():
        return tuple(_KEEP for _ in completions.modal)
    if claim.kind == "elected" and seats == 1:
        return _modes_alone(completions, who)
    judge = elected_bound if claim.kind == "elected" else eliminated_bound
    doubt = Doubt(completions, who, seats, claim.kind, judge)
    doubt.least_lead()
    return doubt.modes


def _modes_alone(completions: Completions, who: int) -> tuple[Mode, ...] | None:
    """Return the modes under which the rival nearest to `who` ends highest against it."""
    votes = completions.votes_counted()
    size = len(votes)
    best: tuple[int, tuple[Mode, ...]] | None = None
    for j in completions.contenders():
        if j == who:
            continue
        worst = modal_worst(pair(size, who, j), completions)
        if worst.change is None:
            return tuple("keep" for _ in completions.modal)
        if worst.exact and (best is None or votes[who] - votes[j] + worst.change < best[0]):
            best = (votes[who] - votes[j] + worst.change, worst.modes)
    return None if best is None else best[1]


def _against_elected(field: Field, who: int, seats: int) -> list[Cast] | None:
    """Return casts per group under which `seats` rivals reach the least votes `who` can have."""
    size = len(field.counted)
    if who not in field.contenders:
        spread = meet(field, {})
        return (
            spread_casts(field.form, field.groups, size, spread, who) if isinstance(spread, Spread) else None
        )
    mark = field.counted[who] + field.sure[who]
    found = Climbers(field, who, seats).combination(mark)
    if found is None:
        return None
    ballots, votes = list(found.spread.ballots), [dict(given) for given in found.spread.votes]
    each = field.form.marks_max(1)
    for j in found.rivals:
        if field.reach[j] is None and field.counted[j] < mark:
            p = next(
                p for p, g in enumerate(field.groups) if g.on_ballot >> j & 1 and field.bounds[p] is None
            )
            more = -(-(mark - field.counted[j]) // each)
            ballots[p] += more
            votes[p][j] = votes[p].get(j, 0) + more * each
    return spread_casts(field.form, field.groups, size, Spread(tuple(ballots), tuple(votes)), who)


def _against_eliminated(field: Field, who: int, seats: int) -> list[Cast] | None:
    """Return casts per group under which fewer than `seats` rivals end strictly above `who`."""
    size = len(field.counted)
    each = field.form.marks_max(1)
    bounded = field.reach[who] is not None
    highest = max(field.counted)
    if bounded:
        ballots = ballots_for_one(field, who)
    else:
        ballots = [group.ballots_min for group in field.groups]
        p = next(p for p, g in enumerate(field.groups) if g.on_ballot >> who & 1 and field.bounds[p] is None)
        ballots[p] += highest + sum(group.ballots_min for group in field.groups)
    own = [group.on_ballot >> who & 1 for group in field.groups]
    most = field.counted[who] + each * sum(n for n, mine in zip(ballots, own, strict=True) if mine)
    placed: dict[int, dict[int, int]] = {}
    loose = strays(field, who)
    if loose:
        found = exempted(field, who, seats, loose, most + 1)
        if not found:
            return None
        placed = found[0]
    elif sum(field.counted[j] > most for j in field.contenders if j != who) >= seats:
        return None
    casts = []
    for p, group in enumerate(field.groups):
        votes = {who: each * ballots[p]} if own[p] else placed.get(p, {})
        outsider = _outsider(field, group) if not own[p] and p not in placed else None
        if outsider is not None and not field.form.blank:
            votes = {outsider: ballots[p]}
        casts.append(cast_of(field.form, group, size, ballots[p], votes, who))
    return casts


def _outsider(field: Field, group: Group) -> int | None:
    """Return a selection on the ballot that cannot win; None when there is none."""
    outside = (j for j in range(len(field.counted)) if group.on_ballot >> j & 1 and j not in field.contenders)
    return next(outside, None)
