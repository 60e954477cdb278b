"""Reading JSON values strictly: every fault with its pointer, nothing guessed."""

from collections.abc import Mapping, Sequence

from tally.refusal import Refusal, escape

COUNT_MAX = 2**63 - 1
"""No number is larger: what a signed 64-bit count can hold. Sums and products may be; they are exact."""


class Reader:
    """One JSON object being read. Faults gather in `faults`; a reading that fails returns its default."""

    def __init__(self, raw: Mapping[str, object], pointer: str, faults: list[Refusal] | None = None) -> None:
        self.raw = raw
        self.pointer = pointer
        self.faults: list[Refusal] = [] if faults is None else faults

    def fault(self, code: str, detail: str, *path: object) -> None:
        """Note a fault at `path` below this object."""
        tail = "".join("/" + escape(str(part)) for part in path)
        self.faults.append(Refusal(code, self.pointer + tail, detail))

    def known(self, fields: Sequence[str]) -> None:
        """Note every field that is none of `fields`: a mistyped name must not be a silent default."""
        for name in self.raw:
            if name not in fields:
                self.fault("unknown-field", f"one of {', '.join(fields)}", name)

    def count(self, name: str, default: int = 0, *, least: int = 0) -> int:
        """Return a whole number from `least` up; `default` when the field is null or missing."""
        found = self.count_or_null(name, least=least)
        return default if found is None else found

    def count_or_null(self, name: str, *, least: int = 0) -> int | None:
        """Return a whole number from `least` up; None when the field is null or missing."""
        value = self.raw.get(name)
        return None if value is None else whole(self, value, name, least=least)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false; `default` when the field is null or missing."""
        value = self.raw.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.fault("wrong-type", "true or false", name)
        return default

    def one_of(self, name: str, options: Sequence[str]) -> str:
        """Return one of `options`; the first when the field is null or missing."""
        value = self.raw.get(name)
        if value is None:
            return options[0]
        if isinstance(value, str) and value in options:
            return value
        self.fault("wrong-type", f"one of {', '.join(options)}", name)
        return options[0]


def whole(reader: Reader, value: object, *path: object, least: int | None = 0) -> int | None:
    """Return `value` as a whole number, or note the fault and return None. A JSON 3.0 or true is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        reader.fault("number-not-integer", "a whole number", *path)
        return None
    if least is not None and value < least:
        reader.fault("count-negative" if value < 0 else "count-out-of-range", f"at least {least}", *path)
        return None
    if abs(value) > COUNT_MAX:
        reader.fault("count-out-of-range", f"at most {COUNT_MAX}", *path)
        return None
    return value


def fraction(reader: Reader, value: object, *path: object) -> tuple[int, int]:
    """Return `value`, a list [numerator, denominator] with 0 <= n <= d and d > 0; (0, 1) with a fault noted."""
    if not isinstance(value, list) or len(value) != 2:
        reader.fault("wrong-type", "a fraction is [numerator, denominator]", *path)
        return 0, 1
    over, under = (whole(reader, part, *path, index) for index, part in enumerate(value))
    if over is None or under is None:
        return 0, 1
    if under == 0 or over > under:
        reader.fault("count-out-of-range", "a share is [n, d] with 0 <= n <= d and d > 0", *path)
        return 0, 1
    return over, under


def selection(reader: Reader, value: object, names: Sequence[str], *path: object) -> int:
    """Return the index of the selection that `value` names, by name or by place; 0 with a fault noted."""
    if isinstance(value, str) and value in names:
        return list(names).index(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return value
    reader.fault("unknown-choice", f"one of {', '.join(names)}, or its place from 0", *path)
    return 0


def selections(reader: Reader, value: object, names: Sequence[str], *path: object) -> tuple[int, ...]:
    """Return the indices of a list of selections, each once, in order; faults noted."""
    if not isinstance(value, list):
        reader.fault("wrong-type", "a list of selections", *path)
        return ()
    found = [selection(reader, one, names, *path, index) for index, one in enumerate(value)]
    if len(set(found)) < len(found) and not reader.faults:
        reader.fault("duplicate-key", "a selection is listed twice", *path)
    return tuple(sorted(set(found)))
