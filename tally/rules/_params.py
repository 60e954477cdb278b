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
