"""Every reason to say no, as a value with a code and a JSON pointer."""

import msgspec

FAULTS_MAX = 100
"""At most this many faults are listed in one answer; a body of nonsense must not earn a novel."""

STATUS_OF_CODE = {
    # form
    "malformed-json": 400, "malformed-msgpack": 400, "duplicate-key": 400, "not-utf8": 400, "too-deep": 400,
    "bad-query": 400, "body-too-large": 413, "batch-too-many-units": 413, "content-encoding": 415,
    "media-type": 415, "body-timeout": 408,
    # meaning
    "count-negative": 422, "count-out-of-range": 422, "number-not-integer": 422, "wrong-type": 422,
    "sum-mismatch": 422, "unknown-unit": 422, "unknown-contest": 422, "unknown-choice": 422,
    "unknown-type": 422, "unknown-election": 422, "unknown-action": 404, "choice-missing": 422,
    "unknown-field": 422, "field-missing": 422, "bad-identifier": 422, "bad-format": 422, "not-on-ballot": 422,
    "reason-required": 422, "reports-empty": 422, "bad-definition": 422, "unknown-status": 422,
    "counts-without-status": 422, "ranking-repeats": 422,
    # conflict with what is already known
    "total-decreased": 409, "register-mismatch": 409, "definition-mismatch": 409, "stale-report": 409,
    "batch-conflict": 409, "revision-conflict": 409, "wrong-phase": 409, "unit-final": 409, "not-disputed": 409,
    "nothing-to-restore": 409, "polls-open": 425,
    # who
    "bad-signature": 401, "key-revoked": 401, "out-of-scope": 403, "too-many-failures": 429,
    # the service
    "journal-full": 507, "overloaded": 503, "stopping": 503, "not-found": 404, "not-in-this-release": 404,
    "unknown-position": 404, "unknown-claim": 404,
}  # fmt: skip


class Refusal(msgspec.Struct, frozen=True):
    """One fault: what is wrong (`code`), where (`pointer`, RFC 6901), and what would be right."""

    code: str
    pointer: str = ""
    detail: str = ""

    @property
    def status(self) -> int:
        """The HTTP status owed to this code. KeyError: the code is not in the table."""
        return STATUS_OF_CODE[self.code]


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


def nearest(wanted: str, known: list[str], most: int = 3) -> str:
    """The ids closest to a mistyped one, for the detail of a refusal. Cost: O(known), errors only."""

    def distance(one: str) -> tuple[int, int, str]:
        shared = 0
        for mine, theirs in zip(wanted.casefold(), one.casefold(), strict=False):
            if mine != theirs:
                break
            shared += 1
        return (-shared, abs(len(one) - len(wanted)), one)

    return ", ".join(sorted(known, key=distance)[:most])
