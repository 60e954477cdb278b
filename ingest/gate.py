"""Sans-I/O: who may write which units, size and rate limits; the time is an argument."""

import fnmatch
import hashlib
import hmac
from dataclasses import dataclass, field

from tally.refusal import Refusal
from tally.report import CountBatch

FAILURES_MAX = 100
"""Bad keys from one address in a window before it is told to wait; good keys are never held up."""
FAILURE_WINDOW_MS = 60_000


@dataclass(frozen=True, slots=True)
class Key:
    """A source's or an operator's key: the SHA-256 of its secret, and what it may write while valid."""

    id: str
    key_sha256: bytes
    operator: bool = False
    units: tuple[str, ...] = ("*",)
    contests: tuple[str, ...] = ("*",)
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None
    revoked: bool = False


@dataclass(slots=True)
class Gate:
    """The keys in force. With none configured the gate is open, which only loopback listeners may be."""

    keys: tuple[Key, ...]
    polls_close_ms: int | None = None
    _failures: dict[str, list[int]] = field(default_factory=dict)
    _scopes: dict[tuple[str, str], bool] = field(default_factory=dict)

    def identify(
        self, authorization: str | None, address: str, now_ms: int, *, operator: bool
    ) -> Key | Refusal:
        """Whose key this is. One code and one road for every wrong key; every key is compared."""
        if not self.keys:
            return Key("open", b"", operator=operator)
        secret = authorization[7:] if authorization and authorization.startswith("Bearer ") else ""
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        found: Key | None = None
        for key in self.keys:
            if hmac.compare_digest(key.key_sha256, digest) and key.operator == operator:
                found = key
        if found is None or not secret:
            return self._failed(address, now_ms)
        late = found.valid_until_ms is not None and now_ms >= found.valid_until_ms
        early = found.valid_from_ms is not None and now_ms < found.valid_from_ms
        if found.revoked or late or early:
            return Refusal("key-revoked", "", f"key {found.id} is not in force")
        return found

    def _failed(self, address: str, now_ms: int) -> Refusal:
        recent = [at for at in self._failures.get(address, []) if now_ms - at < FAILURE_WINDOW_MS]
        recent.append(now_ms)
        self._failures[address] = recent[-FAILURES_MAX - 1 :]
        if len(self._failures) > 10_000:
            self._failures = {address: recent}
        if len(recent) > FAILURES_MAX:
            return Refusal("too-many-failures", "", "too many wrong keys from this address; wait a minute")
        return Refusal("bad-signature", "", "a valid key is needed: Authorization: Bearer KEY")

    def may_write(self, key: Key, batch: CountBatch) -> Refusal | None:
        """Whether a key's scope holds every unit and contest of a batch. Cost: O(reports), memoised."""
        if key.units == ("*",) and key.contests == ("*",):
            return None
        for index, report in enumerate(batch.reports):
            if not self._within(key, "unit", report.unit, key.units):
                return Refusal(
                    "out-of-scope", f"/reports/{index}/unit", f"key {key.id} may not write {report.unit}"
                )
            if not self._within(key, "contest", report.contest, key.contests):
                return Refusal(
                    "out-of-scope",
                    f"/reports/{index}/contest",
                    f"key {key.id} may not write {report.contest}",
                )
        return None

    def may_command(self, key: Key, units: list[str], contest: str | None, *, whole: bool) -> Refusal | None:
        """Whether a key's scope holds the units and the contest of a desk verb; `whole`: it needs everything."""
        if key.units == ("*",) and key.contests == ("*",):
            return None
        if whole:
            return Refusal(
                "out-of-scope", "", f"key {key.id} holds a part of the election; this needs all of it"
            )
        for unit in units:
            if not self._within(key, "unit", unit, key.units):
                return Refusal("out-of-scope", "/units", f"key {key.id} may not touch {unit}")
        if key.contests != ("*",) and (
            contest is None or not self._within(key, "contest", contest, key.contests)
        ):
            return Refusal(
                "out-of-scope", "/contest", f"key {key.id} may not touch {contest or 'every contest'}"
            )
        return None

    def _within(self, key: Key, kind: str, name: str, globs: tuple[str, ...]) -> bool:
        memo = (f"{key.id}/{kind}", name)
        allowed = self._scopes.get(memo)
        if allowed is None:
            allowed = any(fnmatch.fnmatchcase(name, glob) for glob in globs)
            if len(self._scopes) > 1_000_000:
                self._scopes.clear()
            self._scopes[memo] = allowed
        return allowed

    def polls_open(self, now_ms: int) -> Refusal | None:
        """Before the polls close no count may enter."""
        if self.polls_close_ms is None or now_ms >= self.polls_close_ms:
            return None
        return Refusal(
            "polls-open", "", "the polls are still open; counts are held back by their source until then"
        )
