"""MessagePack bytes → plain objects: text keys once each, no binary, bounded sizes."""

import msgpack

from ingest.feeds.json_body import DEPTH_MAX, TOO_DEEP
from tally.refusal import Refusal

MEDIA_TYPE = "application/msgpack"


class _DuplicateKeyError(ValueError):
    """An object names a key twice."""


def _object(pairs: list[tuple[object, object]]) -> dict[object, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError
    return found


def decode(body: bytes) -> object | Refusal:
    """The one document in the body, or why it is none. Never raises. Cost: O(bytes); sizes are bounded first."""
    try:
        value: object = msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=True,
            use_list=True,
            max_str_len=4_096,
            max_bin_len=0,
            max_array_len=20_000,
            max_map_len=2_000,
            max_ext_len=0,
            object_pairs_hook=_object,
        )
    except _DuplicateKeyError:
        return Refusal("duplicate-key", "", "an object names a key twice")
    except msgpack.StackError:
        return TOO_DEEP
    except (
        ValueError,
        msgpack.UnpackException,
        RecursionError,
        TypeError,
        OverflowError,
        MemoryError,
    ) as error:
        return Refusal("malformed-msgpack", "", f"{type(error).__name__}: {error}"[:200])
    return _unusual(value, 0) or value


def _unusual(value: object, depth: int) -> Refusal | None:
    """A binary, NaN or too deep value, which JSON could not have said."""
    if depth > DEPTH_MAX:
        return TOO_DEEP
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                return Refusal("malformed-msgpack", "", "keys are text")
            if type(item) is not int and type(item) is not str:
                found = _unusual(item, depth + 1)
                if found is not None:
                    return found
    elif type(value) is list:
        for item in value:
            found = _unusual(item, depth + 1)
            if found is not None:
                return found
    elif type(value) is bytes:
        return Refusal("malformed-msgpack", "", "binary has no place in a batch")
    elif type(value) is float and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124
        return Refusal("malformed-msgpack", "", "not a number")
    return None
