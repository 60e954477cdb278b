"""Reading the law of list seats from JSON, strictly: every fault with its pointer."""

from collections.abc import Mapping, Sequence
from typing import cast

from tally.refusal import Refusal
from tally.rules._law import DIVISORS, QUOTAS, Law, Method
from tally.rules._params import Reader, fraction, selections

SEATS_MAX = 10_000
AVERAGES = ("seats", "divisors", "threshold", "blocs", "surplus_agreements", "not_electable")
REMAINDER = ("seats", "quota", "threshold", "blocs", "not_electable")
PLURALITY = ("seats", "not_electable")


def read_averages(
    raw: Mapping[str, object], pointer: str, names: Sequence[str], fields: Sequence[str] = AVERAGES
) -> Law | list[Refusal]:
    """Return a law of highest averages; D'Hondt's divisors and no threshold when nothing is said."""
    reader = Reader(raw, pointer)
    reader.known(fields)
    seats = read_seats(reader)
    method = cast("Method", reader.one_of("divisors", DIVISORS))
    over, under, strict = read_threshold(reader)
    agreements = read_agreements(reader, names)
    blocs = read_groups(reader, "blocs", names)
    barred = read_barred(reader, names)
    return reader.faults or Law(seats, method, over, under, strict, agreements, blocs, barred)


def read_remainder(
    raw: Mapping[str, object], pointer: str, names: Sequence[str], fields: Sequence[str] = REMAINDER
) -> Law | list[Refusal]:
    """Return a law of largest remainders; Hare's quota and no threshold when nothing is said."""
    reader = Reader(raw, pointer)
    reader.known(fields)
    seats = read_seats(reader)
    method = cast("Method", reader.one_of("quota", QUOTAS))
    over, under, strict = read_threshold(reader)
    blocs = read_groups(reader, "blocs", names)
    barred = read_barred(reader, names)
    return reader.faults or Law(seats, method, over, under, strict, (), blocs, barred)


def read_most_votes(
    raw: Mapping[str, object], pointer: str, names: Sequence[str], fields: Sequence[str] = PLURALITY
) -> Law | list[Refusal]:
    """Return the law of a district in which those with most votes have one seat each."""
    reader = Reader(raw, pointer)
    reader.known(fields)
    seats = read_seats(reader)
    barred = read_barred(reader, names)
    return reader.faults or Law(seats, "most_votes", barred=barred)


def read_seats(reader: Reader) -> int:
    """Return how many seats there are, 1 when not given."""
    seats = reader.count("seats", 1, least=1)
    if seats > SEATS_MAX:
        reader.fault("count-out-of-range", f"at most {SEATS_MAX}", "seats")
    return seats


def read_threshold(reader: Reader) -> tuple[int, int, bool]:
    """Return the threshold (numerator, denominator, strict); none given: everybody is let in."""
    given = reader.raw.get("threshold")
    if given is None:
        return 0, 1, False
    if not isinstance(given, dict):
        reader.fault("wrong-type", "an object {fraction, strict}", "threshold")
        return 0, 1, False
    inner = Reader(given, f"{reader.pointer}/threshold", reader.faults)
    inner.known(("fraction", "strict"))
    over, under = fraction(inner, given.get("fraction"), "fraction")
    return over, under, inner.flag("strict", default=False)


def read_groups(reader: Reader, field: str, names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return lists of selections, each at least one; none when the field is null or missing."""
    listed = reader.raw.get(field)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        reader.fault("wrong-type", "a list of lists of selections", field)
        return ()
    found = []
    for index, value in enumerate(listed):
        members = selections(reader, value, names, field, index)
        if isinstance(value, list) and not value:
            reader.fault("wrong-type", "at least one selection", field, index)
        found.append(members)
    return tuple(found)


def read_agreements(reader: Reader, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of lists that have an agreement; a list has at most one."""
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    for index, pair in enumerate(read_groups(reader, "surplus_agreements", names)):
        if len(pair) != 2:
            reader.fault("wrong-type", "two lists", "surplus_agreements", index)
        elif taken & set(pair):
            reader.fault("duplicate-key", "a list has one agreement", "surplus_agreements", index)
        else:
            found.append((pair[0], pair[1]))
            taken |= set(pair)
    return tuple(found)


def read_barred(reader: Reader, names: Sequence[str]) -> int:
    """Return the mask of the selections that can have no seat."""
    listed = reader.raw.get("not_electable")
    if listed is None:
        return 0
    return sum(1 << j for j in selections(reader, listed, names, "not_electable"))
