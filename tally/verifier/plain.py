"""Plain JSON values: what may be in them, their canonical bytes, their hashes."""

import hashlib

import msgspec

from tally.refusal import escape
from tally.verifier.shapes import NUMBER_MAX, Findings

DEPTH_MAX = 24


def plain(value: object, where: str, findings: Findings) -> bool:
    """Whether a value is JSON without fractions, with whole numbers a signed 64-bit count can hold."""
    waiting: list[tuple[object, str, int]] = [(value, where, 0)]
    while waiting:
        one, at, depth = waiting.pop()
        if depth > DEPTH_MAX:
            findings.add(f"{at}: nested too deep", DEPTH_MAX, depth)
            return False
        if type(one) is dict:
            if not all(_text(name) for name in one):
                findings.add(f"{at}: a field name that is no text", None, None)
                return False
            waiting += [(inner, f"{at}/{escape(name)}", depth + 1) for name, inner in one.items()]
        elif type(one) is list:
            waiting += [(inner, f"{at}/{index}", depth + 1) for index, inner in enumerate(one)]
        elif not (
            one is None or type(one) is bool or _text(one) or (type(one) is int and abs(one) <= NUMBER_MAX)
        ):
            findings.add(f"{at}: not a whole number, text, true, false or null", None, repr(one)[:80])
            return False
    return True


def _text(value: object) -> bool:
    """Whether a value is text that can be written as UTF-8."""
    return type(value) is str and (
        value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    )


def canonical(value: object) -> bytes:
    """RFC 8785 for values without fractions: sorted names, no white space, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def sha256(value: object) -> str:
    """SHA-256 of the canonical JSON of a plain value."""
    return hashlib.sha256(canonical(value)).hexdigest()
