"""Plain objects ↔ batches and desk commands, strictly; views → JSON and MessagePack."""

from typing import Any, TypeGuard

import msgspec

from tally.model import IDENTIFIER
from tally.refusal import FAULTS_MAX, Refusal, escape
from tally.report import (
    COUNT_MAX,
    FORMAT,
    RANKINGS_MAX,
    CountBatch,
    CountReport,
    DeskAction,
    DeskCommand,
    RankedCount,
)

BATCH_FIELDS = {
    "format",
    "election",
    "batch_id",
    "source",
    "is_test",
    "created",
    "reports",
    "definition_sha256",
}
REPORT_FIELDS = {
    "unit", "contest", "type", "revision", "status", "counts", "ballots_cast", "invalid", "ballots_declared",
    "reason", "voters_registered", "ballots",
}  # fmt: skip
STATUSES = {"completed", "in-process", "not-processed", "not-installed"}
REASON_CHARACTERS_MAX = 1_000
DESK_FIELDS = {"units", "contest", "reason", "batch", "definition"}

_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()


def to_json(view: object) -> bytes:
    """A view as the exact JSON bytes every reader gets."""
    return _json.encode(view)


def to_msgpack(view: object) -> bytes:
    """A view as MessagePack: the same object."""
    return _msgpack.encode(view)


def canonical_json(value: object) -> bytes:
    """RFC 8785 for what we publish: sorted keys, no white space, UTF-8. Values hold no floats."""
    return msgspec.json.encode(value, order="sorted")


def batch_object(batch: CountBatch) -> dict[str, Any]:
    """A batch as the plain object `read_batch` reads."""
    return {"format": FORMAT, **msgspec.to_builtins(batch)}


class Faults:
    """The faults found so far, up to a limit. `Refusal` values, in document order."""

    def __init__(self) -> None:
        self.found: list[Refusal] = []

    def add(self, code: str, pointer: str, detail: str) -> None:
        """Note one fault; past the limit they are no longer listed."""
        if len(self.found) < FAULTS_MAX:
            self.found.append(Refusal(code, pointer, detail))

    def integer(self, value: object, pointer: str, most: int = COUNT_MAX) -> TypeGuard[int]:
        """Whether a value is a whole number from 0 to `most`; a float or a word is a fault of its own kind."""
        if type(value) is int:
            if 0 <= value <= most:
                return True
            if value < 0:
                self.add(
                    "count-negative", pointer, f"{value if value > -COUNT_MAX else 'a number'} is below 0"
                )
            else:
                self.add("count-out-of-range", pointer, f"more than {most}")
        elif type(value) is float:
            self.add("number-not-integer", pointer, "counts are whole numbers")
        else:
            self.add("wrong-type", pointer, f"a whole number is needed, not {type(value).__name__}")
        return False

    def identifier(self, value: object, pointer: str) -> TypeGuard[str]:
        """Whether a value is an id."""
        if type(value) is not str:
            self.add("wrong-type", pointer, f"an id is text, not {type(value).__name__}")
            return False
        if IDENTIFIER.match(value) is None:
            self.add("bad-identifier", pointer, "ASCII letters, digits and ._:- only, at most 64")
            return False
        return True

    def text(self, value: object, pointer: str, most: int = REASON_CHARACTERS_MAX) -> TypeGuard[str]:
        """Whether a value is text of at most `most` characters."""
        if type(value) is not str or len(value) > most:
            self.add("wrong-type", pointer, f"text of at most {most} characters is needed")
            return False
        return True

    def fields(self, value: dict[str, Any], known: set[str], needed: tuple[str, ...], pointer: str) -> bool:
        """Whether an object has the fields it needs and no others."""
        sound = True
        for name in value:
            if name not in known:
                self.add(
                    "unknown-field", f"{pointer}/{escape(str(name))}", f"fields: {', '.join(sorted(known))}"
                )
                sound = False
        for name in needed:
            if name not in value:
                self.add("field-missing", f"{pointer}/{name}", f"{name} is needed")
                sound = False
        return sound


def read_batch(value: object, pointer: str = "") -> CountBatch | list[Refusal]:
    """A decoded body as a batch, or every fault in it (at most 100). Cost: O(size)."""
    faults = Faults()
    if type(value) is not dict:
        return [Refusal("malformed-json", pointer, "a batch is an object")]
    faults.fields(value, BATCH_FIELDS, ("format", "election", "batch_id", "source", "reports"), pointer)
    if value.get("format", FORMAT) != FORMAT:
        faults.add("bad-format", f"{pointer}/format", f"this service reads {FORMAT}")
    for name in ("election", "batch_id", "source"):
        if name in value:
            faults.identifier(value[name], f"{pointer}/{name}")
    if type(value.get("is_test", False)) is not bool:
        faults.add("wrong-type", f"{pointer}/is_test", "true or false")
    for name, most in (("created", 40), ("definition_sha256", 64)):
        if value.get(name) is not None:
            faults.text(value[name], f"{pointer}/{name}", most)
    reports = value.get("reports", [])
    if type(reports) is not list:
        faults.add("wrong-type", f"{pointer}/reports", "a list of reports")
        reports = []
    read = [
        _read_report(report, f"{pointer}/reports/{index}", faults) for index, report in enumerate(reports)
    ]
    if faults.found:
        return faults.found
    return CountBatch(
        value["election"],
        value["batch_id"],
        value["source"],
        tuple(report for report in read if report is not None),
        value.get("is_test", False),
        value.get("created"),
        value.get("definition_sha256"),
    )


def _read_report(value: object, pointer: str, faults: Faults) -> CountReport | None:
    if type(value) is not dict:
        faults.add("wrong-type", pointer, "a report is an object")
        return None
    get = value.get
    before = len(faults.found)
    status = get("status")
    if not (value.keys() <= REPORT_FIELDS and "unit" in value and "contest" in value and "revision" in value):
        faults.fields(value, REPORT_FIELDS, ("unit", "contest", "revision", "status"), pointer)
    if type(status) is not str or status not in STATUSES:
        faults.add("unknown-status", f"{pointer}/status", f"one of {', '.join(sorted(STATUSES))}")
        status = None  # it may be a list or an object, which no set can be asked about
    for name in ("unit", "contest"):
        if name in value and not (type(value[name]) is str and IDENTIFIER.match(value[name])):
            faults.identifier(value[name], f"{pointer}/{name}")
    if "type" in value:
        faults.identifier(value["type"], f"{pointer}/type")
    if (
        "revision" in value
        and faults.integer(value["revision"], f"{pointer}/revision")
        and value["revision"] < 1
    ):
        faults.add("count-out-of-range", f"{pointer}/revision", "revisions start at 1")
    counts = get("counts")
    _check_counts(counts, status, pointer, faults)
    ballots = (
        None if get("ballots") is None else _read_ballots(value["ballots"], f"{pointer}/ballots", faults)
    )
    for name in ("ballots_cast", "invalid"):
        if name in value:
            faults.integer(value[name], f"{pointer}/{name}") if value[name] is not None else None
        elif status in {"completed", "in-process"}:
            faults.add("field-missing", f"{pointer}/{name}", f"{name} is needed")
    for name in ("ballots_declared", "voters_registered"):
        if get(name) is not None:
            faults.integer(value[name], f"{pointer}/{name}")
    if get("reason") is not None:
        faults.text(value["reason"], f"{pointer}/reason")
    if len(faults.found) > before:
        return None
    return CountReport(
        value["unit"], value["contest"], value["revision"], value["status"], counts, get("ballots_cast") or 0,
        get("invalid") or 0, get("type", "total"), get("ballots_declared"), get("reason"), get("voters_registered"),
        ballots,
    )  # fmt: skip


def _check_counts(counts: object, status: object, pointer: str, faults: Faults) -> None:
    if counts is None:
        if status in {"completed", "in-process"}:
            faults.add("field-missing", f"{pointer}/counts", "counts are needed")
    elif type(counts) is not dict:
        faults.add("wrong-type", f"{pointer}/counts", "counts are an object: selection id to whole number")
    else:
        for selection, votes in counts.items():
            if not (type(votes) is int and 0 <= votes <= COUNT_MAX):
                faults.integer(votes, f"{pointer}/counts/{escape(str(selection))}")
            if IDENTIFIER.match(selection) is None:
                faults.identifier(selection, f"{pointer}/counts/{escape(str(selection))}")


def _read_ballots(value: object, pointer: str, faults: Faults) -> tuple[RankedCount, ...]:
    """Ballots by ranking: [{"ranking": [ids], "count": n}, ...]."""
    if type(value) is not list:
        faults.add("wrong-type", pointer, "a list of {ranking, count}")
        return ()
    if len(value) > RANKINGS_MAX:
        faults.add("count-out-of-range", pointer, f"at most {RANKINGS_MAX} different rankings")
        return ()
    found = []
    for index, one in enumerate(value):
        at = f"{pointer}/{index}"
        if type(one) is not dict or type(one.get("ranking")) is not list:
            faults.add("wrong-type", at, "an object {ranking, count}, ranking a list of selection ids")
            continue
        faults.fields(one, {"ranking", "count"}, ("ranking", "count"), at)
        named = [
            faults.identifier(name, f"{at}/ranking/{place}") for place, name in enumerate(one["ranking"])
        ]
        if "count" in one and faults.integer(one["count"], f"{at}/count") and all(named):
            found.append(RankedCount(tuple(one["ranking"]), one["count"]))
    return tuple(found)


def read_desk(value: object, action: DeskAction, operator: str) -> DeskCommand | list[Refusal]:
    """A decoded desk body as a command, or every fault in it."""
    faults = Faults()
    if type(value) is not dict:
        return [Refusal("malformed-json", "", "a desk command is an object")]
    faults.fields(value, DESK_FIELDS, ("reason",), "")
    if "reason" in value:
        faults.text(value["reason"], "/reason")
    units = value.get("units") or []
    if type(units) is not list:
        faults.add("wrong-type", "/units", "a list of unit ids")
        units = []
    for index, unit in enumerate(units):
        faults.identifier(unit, f"/units/{index}")
    if value.get("contest") is not None:
        faults.identifier(value["contest"], "/contest")
    batch: CountBatch | None = None
    if action == "correct":
        read = read_batch(value.get("batch"), "/batch")
        if isinstance(read, CountBatch):
            batch = read
        else:
            faults.found += read
    definition = value.get("definition")
    if definition is not None and type(definition) is not dict:
        faults.add("wrong-type", "/definition", "a whole definition")
    if faults.found:
        return faults.found[:FAULTS_MAX]
    return DeskCommand(
        action, value["reason"], operator, tuple(units), value.get("contest"), batch, definition
    )
