"""Several seats: whether rivals can all reach a mark on the same ballots, solved again."""

from collections.abc import Iterator
from itertools import combinations
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
    """A shortage that is true: these rivals need so many votes together and cannot get them.

    `whoever`: neither can as many others who need no fewer.
    """

    rivals: tuple[int, ...]
    needed: int
    whoever: bool


class Climb(NamedTuple):
    """Rivals short of a mark: the votes each needs, and the classes that can still bring it some."""

    demands: dict[int, int]
    sources: dict[int, frozenset[int]]


def check(
    listed: tuple[Shortage, ...],
    index: dict[str, int],
    rivals: list[int],
    mark: int,
    field: Field,
    findings: Findings,
) -> list[Need]:
    """The shortages that are true, each number of them computed again; of rivals not beaten alone."""
    true = []
    for position, one in enumerate(listed):
        at = f"/proof/shortages/{position}"
        who = tuple(index.get(name, -1) for name in one.rivals)
        if not who or list(who) != sorted(set(who)) or any(j not in rivals for j in who):
            findings.add(f"{at}/rivals: rivals not beaten alone, in order, each once", None, list(one.rivals))
            continue
        demands = {j: mark - field.counted[j] for j in who}
        if min(demands.values()) <= 0:
            findings.add(f"{at}/rivals: who is there already needs nothing", None, list(one.rivals))
            continue
        needed = sum(demands.values())
        findings.equal(f"{at}/needed", needed, one.needed)
        if one.whoever is False:
            findings.add(f"{at}/whoever: what does not apply is left out", None, False)
        check_one = _check_whoever if one.whoever is True else _check_these
        if check_one(one, demands, field, at, findings):
            true.append(Need(who, needed, one.whoever is True))
    if len({(need.rivals, need.whoever) for need in true}) < len(true):
        findings.add("/proof/shortages: each once", None, None)
    return true


def _check_these(one: Shortage, demands: dict[int, int], field: Field, at: str, findings: Findings) -> bool:
    """Whether these rivals cannot all get there: by one number, else by looking at every split of ballots."""
    needed, reach = sum(demands.values()), field.reach(frozenset(demands))
    short = reach is not None and needed > reach
    findings.equal(f"{at}/available: votes that can come to them", reach if short else None, one.available)
    possible = False if short else can_meet(demands, field)
    if possible is None:
        findings.add(f"{at}: cannot be checked within the work allowed", "a shortage", list(one.rivals))
    elif possible:
        findings.add(f"{at}: they can all get there", "a shortage", list(one.rivals))
    return possible is False


def _check_whoever(one: Shortage, demands: dict[int, int], field: Field, at: str, findings: Findings) -> bool:
    """Whether all bounded ballots together cannot give as many rivals, whoever they are, so many votes."""
    bounded = [field.ceiling(source) is not None for source in field.sources]
    ballots = field.most([int(has) for has in bounded])
    available = marks(field.form, len(demands)) * (ballots or 0)
    findings.equal(f"{at}/available: votes for as many rivals", available, one.available)
    for j in demands:
        if field.reach(frozenset({j})) is None:
            findings.add(f"{at}/rivals: such as have a bound", None, list(one.rivals))
            return False
    if sum(demands.values()) <= available:
        findings.add(f"{at}: ballots suffice", available, sum(demands.values()))
        return False
    return True


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
    short = [j for j in range(len(field.counted)) if field.counted[j] < mark]
    climb = Climb({j: mark - field.counted[j] for j in short}, {j: _sources(field, j) for j in short})
    rest.sort(key=lambda j: (climb.demands[j], -len(climb.sources[j]), j))
    before = {
        j: [h for h in rest[:place] if climb.sources[h] >= climb.sources[j]] for place, j in enumerate(rest)
    }
    for looked, chosen in enumerate(_closed(rest, before, needs, climb, wanted, ())):
        if looked > SETS_MAX:
            findings.add("/proof/shortages: too many sets of rivals to check", SETS_MAX, looked)
            return
        if len(chosen) == wanted and not any(_covers(need, chosen, climb) for need in needs):
            findings.add("/proof/shortages: none among these rivals", "a shortage", sorted([*free, *chosen]))
            return


def _sources(field: Field, j: int) -> frozenset[int]:
    """The classes that can still bring votes to a selection."""
    return frozenset(
        p for p, source in enumerate(field.sources) if j in source.on_ballot and field.ceiling(source) != 0
    )


def _closed(
    rest: list[int],
    before: dict[int, list[int]],
    needs: list[Need],
    climb: Climb,
    wanted: int,
    chosen: tuple[int, ...],
) -> Iterator[tuple[int, ...]]:
    """Sets of at most `wanted` rivals that hold with each all `before` it.

    Not beyond a set that holds a shortage, nor where the cheapest ways to complete it need too much.
    """
    yield chosen
    first = rest.index(chosen[-1]) + 1 if chosen else 0
    missing = wanted - len(chosen)
    cheapest = sum(climb.demands[j] for j in (*chosen, *rest[first : first + missing]))
    enough = any(need.whoever and len(need.rivals) == wanted and cheapest >= need.needed for need in needs)
    if missing == 0 or enough or any(set(need.rivals) <= set(chosen) for need in needs):
        return
    for j in rest[first:]:
        if all(h in chosen for h in before[j]):
            yield from _closed(rest, before, needs, climb, wanted, (*chosen, j))


def _covers(need: Need, chosen: tuple[int, ...], climb: Climb) -> bool:
    """Whether a shortage lies in a set, or does once its rivals are exchanged for some no better off."""
    if need.whoever:
        dearest = sorted((climb.demands[j] for j in chosen), reverse=True)[: len(need.rivals)]
        return len(dearest) == len(need.rivals) and sum(dearest) >= need.needed
    taken: dict[int, int] = {}

    def place(j: int, tried: set[int]) -> bool:
        for other in chosen:
            worse = climb.demands[other] >= climb.demands[j] and climb.sources[other] <= climb.sources[j]
            if worse and other not in tried:
                tried.add(other)
                if other not in taken or place(taken[other], tried):
                    taken[other] = j
                    return True
        return False

    return all(place(j, set()) for j in need.rivals)


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
    sure = [source.least for source in field.sources]
    most = [max(n, ceiling or 0) if use else n for n, ceiling, use in zip(sure, top, useful, strict=True)]
    boxes = [(sure, most)]
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
    room = field.room_beside(low)
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
