"""Several seats: whether rivals can all reach a mark on the same ballots, solved again."""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import NamedTuple

from tally.verifier.arithmetic import Field, marks
from tally.verifier.shapes import Findings, Shortage

BOXES_MAX = 20_000
"""Splits of the ballots of shared pools looked at for one set of rivals."""
SETS_MAX = 20_000
"""Sets of rivals looked at for one claim."""
TOGETHER_MAX = 12
"""Rivals of one shortage without a number, which is searched for by their subsets."""


class Need(NamedTuple):
    """A shortage that is true: these rivals need so many votes together and cannot get them."""

    rivals: tuple[int, ...]


def check(
    listed: tuple[Shortage, ...],
    index: dict[str, int],
    rivals: tuple[int, ...],
    mark: int,
    field: Field,
    findings: Findings,
) -> list[Need]:
    """The shortages that are true, each number of them computed again."""
    true = []
    for position, one in enumerate(listed):
        at = f"/proof/shortages/{position}"
        who = tuple(index.get(name, -1) for name in one.rivals)
        if not who or list(who) != sorted(set(who)) or any(j not in rivals for j in who):
            findings.add(f"{at}/rivals: rivals of this claim, in order, each once", None, list(one.rivals))
            continue
        demands = {j: mark - field.counted[j] for j in who}
        if min(demands.values()) <= 0:
            findings.add(f"{at}/rivals: who is there already needs nothing", None, list(one.rivals))
            continue
        needed, reach = sum(demands.values()), field.reach(frozenset(who))
        findings.equal(f"{at}/needed", needed, one.needed)
        short = reach is not None and needed > reach
        findings.equal(
            f"{at}/available: votes that can come to them", reach if short else None, one.available
        )
        if not short:
            possible = can_meet(demands, field)
            if possible is None or possible:
                why = (
                    "cannot be checked within the work allowed"
                    if possible is None
                    else "they can all get there"
                )
                findings.add(f"{at}: {why}", "a shortage", list(one.rivals))
                continue
        true.append(Need(who))
    if len({need.rivals for need in true}) < len(true):
        findings.add("/proof/shortages: each once", None, None)
    return true


def check_cover(
    needs: list[Need], others: list[int], seats: int, mark: int, field: Field, findings: Findings
) -> None:
    """Whether every `seats` of the rivals not beaten alone contain a shortage, up to exchanging rivals.

    A rival may take the place of one that needs no fewer votes and is on no ballot it is not on itself:
    whoever needs more on fewer ballots is no better off. So sets are only looked at that hold, with any
    rival, all who could take its place.
    """
    free = [j for j in others if field.counted[j] >= mark or field.reach(frozenset({j})) is None]
    wanted = seats - len(free)
    if wanted <= 0:
        findings.add("/proof: these rivals can all get there", "a shortage", free)
        return
    rest = [j for j in others if j not in free]
    ballots = {j: _sources(field, j) for j in rest}
    rest.sort(key=lambda j: (mark - field.counted[j], -len(ballots[j]), j))
    before = {j: [h for h in rest[:place] if ballots[h] >= ballots[j]] for place, j in enumerate(rest)}
    for looked, chosen in enumerate(_closed(rest, before, needs, wanted, ())):
        if looked > SETS_MAX:
            findings.add("/proof/shortages: too many sets of rivals to check", SETS_MAX, looked)
            return
        if len(chosen) == wanted and not any(_covers(need, chosen, mark, ballots, field) for need in needs):
            findings.add(
                "/proof/shortages: no shortage among these rivals", "a shortage", sorted([*free, *chosen])
            )
            return


def _sources(field: Field, j: int) -> frozenset[int]:
    """The classes that can still bring votes to a selection."""
    return frozenset(
        p for p, source in enumerate(field.sources) if j in source.on_ballot and field.ceiling(source) != 0
    )


def _closed(
    rest: list[int], before: dict[int, list[int]], needs: list[Need], wanted: int, chosen: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Sets of at most `wanted` rivals that hold with each all `before` it; not beyond one with a shortage."""
    yield chosen
    if len(chosen) == wanted or any(set(need.rivals) <= set(chosen) for need in needs):
        return
    first = rest.index(chosen[-1]) + 1 if chosen else 0
    for j in rest[first:]:
        if all(h in chosen for h in before[j]):
            yield from _closed(rest, before, needs, wanted, (*chosen, j))


def _covers(
    need: Need, chosen: tuple[int, ...], mark: int, ballots: dict[int, frozenset[int]], field: Field
) -> bool:
    """Whether a shortage lies in a set, or does once rivals are exchanged for such as are no better off."""
    if set(need.rivals) <= set(chosen):
        return True
    if len(chosen) > 7 or any(j not in ballots for j in need.rivals):
        return False
    return any(
        all(
            field.counted[other] <= field.counted[j] <= mark and ballots[other] <= ballots[j]
            for j, other in zip(need.rivals, others, strict=True)
        )
        for others in permutations(chosen, len(need.rivals))
    )


def can_meet(demands: dict[int, int], field: Field) -> bool | None:
    """Whether ballots can bring each selection its votes; None: not settled within the work allowed.

    Given ballots per class, they can exactly when no set of selections demands more than those ballots
    can give it together (Rado 1942). So ballots are looked for that satisfy every set at once: boxes
    of them are halved until one point fits, or some set asks too much of every box.
    """
    if len(demands) > TOGETHER_MAX:
        return None
    sets = [frozenset(some) for size in range(1, len(demands) + 1) for some in combinations(demands, size)]
    asked = [sum(demands[j] for j in some) for some in sets]
    top = [field.ceiling(source) for source in field.sources]
    useful = [bool(source.on_ballot & demands.keys()) for source in field.sources]
    if any(ceiling is None and use for ceiling, use in zip(top, useful, strict=True)):
        return None
    boxes = [
        (
            [0] * len(top),
            [ceiling if use and ceiling else 0 for ceiling, use in zip(top, useful, strict=True)],
        )
    ]
    worth = [[marks(field.form, len(source.on_ballot & some)) for source in field.sources] for some in sets]
    for _ in range(BOXES_MAX):
        if not boxes:
            return False
        low, high = boxes.pop()
        points = [_fullest(field, low, high, one) for one in worth]
        if any(point is None for point in points):
            continue
        gained = [[sum(map(int.__mul__, one, point or [])) for one in worth] for point in points]
        if any(gained[which][which] < need for which, need in enumerate(asked)):
            continue
        if any(all(got >= need for got, need in zip(of_point, asked, strict=True)) for of_point in gained):
            return True
        widest = max(range(len(low)), key=lambda p: high[p] - low[p])
        middle = (low[widest] + high[widest]) // 2
        boxes.append((low, [middle if p == widest else n for p, n in enumerate(high)]))
        boxes.append(([middle + 1 if p == widest else n for p, n in enumerate(low)], high))
    return None


def _fullest(field: Field, low: list[int], high: list[int], worth: list[int]) -> list[int] | None:
    """Ballots per class between `low` and `high` worth the most together; None: `low` does not fit the pools."""
    room = {p: one.ballots for p, one in enumerate(field.rooms) if one.ballots is not None}
    for source, least in zip(field.sources, low, strict=True):
        for pool in field.chain(source.pool):
            room[pool] -= least
    if any(left < 0 for left in room.values()):
        return None
    point = low[:]
    for index in sorted(range(len(low)), key=lambda index: -worth[index]):
        chain = field.chain(field.sources[index].pool)
        more = min([high[index] - low[index], *(room[pool] for pool in chain)])
        point[index] += more
        for pool in chain:
            room[pool] -= more
    return point
