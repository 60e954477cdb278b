"""JSON bytes → plain objects: UTF-8, no duplicate keys, no constants, bounded depth."""

import json
import re
from typing import Any

from tally.refusal import Refusal

MEDIA_TYPE = "application/json"
DEPTH_MAX = 16
DIGITS_MAX = 16
"""Longer whole numbers are out of every range; they are not worth converting."""
TOO_LARGE = 1 << 62


class _Bad(ValueError):
    """A fault met inside the parser: its code and detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


TOO_DEEP = Refusal("too-deep", "", f"more than {DEPTH_MAX} levels of nesting")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(r"[\[\]{}]")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Bad("duplicate-key", f"{key[:80]!r} is there twice in one object")
            seen.add(key)
    return found


def _integer(digits: str) -> int:
    if digits == "-0":
        return -1  # nobody counts minus nothing: refused as any negative number is
    return int(digits) if len(digits) <= DIGITS_MAX else (-TOO_LARGE if digits[0] == "-" else TOO_LARGE)


def _float(_digits: str) -> float:
    return 0.5  # any float will do: the validator refuses the type, and 1e400 must not become infinity


def _constant(name: str) -> Any:
    raise _Bad("malformed-json", f"{name} is not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def decode(body: bytes) -> object | Refusal:
    """The one document in the body, or why it is none. Never raises. Cost: O(bytes)."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refusal("not-utf8", "", f"byte {error.start} is not UTF-8")
    if text.startswith("\ufeff") or "\x00" in text:
        return Refusal("not-utf8", "", "plain UTF-8 without a byte order mark is needed")
    try:
        value: object
        value, end = _decoder.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
    except _Bad as bad:
        return Refusal(bad.code, "", str(bad))
    except RecursionError:
        return TOO_DEEP
    except ValueError as error:
        return TOO_DEEP if too_deep(text) else Refusal("malformed-json", "", str(error)[:200])
    if text[end:].strip(" \t\r\n"):
        return Refusal("malformed-json", "", f"more after the document, at character {end}")
    if "\\u" in text and _lone_surrogate(value):
        return Refusal("not-utf8", "", "a lone surrogate is no text")
    return value


def too_deep(text: str) -> bool:
    """Whether brackets nest deeper than any document we read. Asked only once something is wrong."""
    depth = 0
    for match in _BRACKETS.finditer(_STRINGS.sub("", text)):
        depth += 1 if match.group() in "[{" else -1
        if depth > DEPTH_MAX:
            return True
    return False


def _lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
