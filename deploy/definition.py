"""election.json and the files it names → a Definition, or every fault with file:line."""

import csv
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from deploy import previous
from deploy.failure import ConfigurationFault, Fault
from ingest.feeds import json_body
from tally import model
from tally.checks import faults
from tally.layout import rule_params
from tally.model import Definition, Election
from tally.refusal import Refusal
from tally.rules import RULES

_NUMBER_COLUMNS = {"voters_registered"}


def load_definition(path: Path) -> Definition:
    """The definition in a file. Raises ConfigurationFault with every fault found, each with its line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        hint = "; `tally replay demo --definition FILE` writes one, docs/definition.md has the smallest"
        said = (error.strerror or "cannot be read") + (hint if isinstance(error, FileNotFoundError) else "")
        raise ConfigurationFault([Fault(str(path), 1, said)]) from error
    text = raw.decode("utf-8", "replace")
    value = json_body.decode(raw)
    if isinstance(value, Refusal):
        line = int(found.group(1)) if (found := re.search(r"line (\d+)", value.detail)) else 1
        raise ConfigurationFault([Fault(str(path), line, f"{value.code}: {value.detail}")])
    if not isinstance(value, dict):
        raise ConfigurationFault([Fault(str(path), 1, "a definition is an object")])
    if value.get("units_file"):
        value["units"] = [*value.get("units", []), *_units_file(path.parent / str(value["units_file"]))]
        value["units_file"] = None
    previous.with_votes(value, path.parent)
    return _converted(path, text, value)


class _About(msgspec.Struct, frozen=True):
    election: Election


def election_of(path: Path) -> Election:
    """Which election the definition in a file is of. Raises as `load_definition`, where that cannot be read.

    Cost: one look through the bytes; the units are neither built nor checked.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=_About).election
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return load_definition(path).election  # which says every fault, with its line


def _converted(path: Path, text: str, value: dict[str, Any]) -> Definition:
    try:
        definition = model.read(value)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        pointer = re.sub(r"\[(\d+)\]", r"/\1", place.rstrip("`").replace(".", "/"))
        raise ConfigurationFault([Fault(str(path), line_of(text, pointer), what)]) from error
    found = faults(definition)
    if not found:
        for index, contest in enumerate(definition.contests):
            if contest.rule["type"] in RULES and isinstance(read := rule_params(contest), list):
                found += [msgspec.structs.replace(f, pointer=f"/contests/{index}{f.pointer}") for f in read]
    if found:
        raise ConfigurationFault(
            [Fault(str(path), line_of(text, f.pointer), f"{f.code}: {f.detail}") for f in found]
        )
    return definition


def _units_file(path: Path) -> list[dict[str, Any]]:
    """Rows of a units CSV (.gz too), with the columns of a unit; empty cells are left out."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationFault([Fault(str(path), 1, f"units_file: {error}")]) from error
    units = []
    found = []
    for number, row in enumerate(rows, 2):
        unit: dict[str, Any] = {}
        for name, cell in row.items():
            if cell in {"", None}:
                continue
            try:
                unit[name] = (
                    int(cell) if name in _NUMBER_COLUMNS else json.loads(cell) if cell[0] in "{[" else cell
                )
            except ValueError:
                found.append(Fault(str(path), number, f"{name}: {cell[:40]!r} is no number and no JSON"))
        units.append(unit)
    if found:
        raise ConfigurationFault(found)
    return units


def line_of(text: str, pointer: str) -> int:
    """The line on which the value a JSON pointer names begins; of its nearest ancestor if it is missing."""
    at = 0
    decoder = json.JSONDecoder()
    for token in pointer.split("/")[1:]:
        found = _child(text, at, token.replace("~1", "/").replace("~0", "~"), decoder)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _child(text: str, at: int, token: str, decoder: json.JSONDecoder) -> int | None:
    """Where the member or item `token` of the container at `at` begins."""
    at = _skip(text, at)
    if at >= len(text) or text[at] not in "{[":
        return None
    keyed, index = text[at] == "{", 0
    at = _skip(text, at + 1)
    while at < len(text) and text[at] not in "}]":
        if keyed:
            key, end = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, end) + 1)
        if (key if keyed else str(index)) == token:
            return at
        at = _skip(text, decoder.raw_decode(text, at)[1])
        if at < len(text) and text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
