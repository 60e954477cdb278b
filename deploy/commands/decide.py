"""`tally decide`: one instance in, one verdict out; pure arithmetic, no server."""

import json
import sys
from typing import Annotated

import typer

from deploy import failure
from ingest.feeds import json_body
from tally.instance import decide as verdict_of
from tally.refusal import Refusal


def decide(
    file: Annotated[
        str,
        typer.Argument(help="A JSON instance, or JSON Lines (one instance a line); - for standard input."),
    ],
) -> int:
    """Say what is irreversible in an instance: counted votes, outstanding ballots, a rule.

    The verdict is JSON on standard output, one a line for JSON Lines. Exit 65: an instance has faults
    (they are in its answer, each with a pointer).
    """
    raw = sys.stdin.buffer.read() if file == "-" else _read(file)
    documents = _documents(raw)
    worst = failure.DONE
    for document in documents:
        value = json_body.decode(document)
        answer = _refused(value) if isinstance(value, Refusal) else verdict_of(value)
        if "errors" in answer:
            worst = failure.UNSOUND
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return worst


def _read(file: str) -> bytes:
    from pathlib import Path

    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error


def _documents(raw: bytes) -> list[bytes]:
    """The whole as one document if it is one, else every line that is not blank."""
    if not isinstance(json_body.decode(raw), Refusal):
        return [raw]
    lines = [line for line in raw.split(b"\n") if line.strip()]
    sound = sum(not isinstance(json_body.decode(line), Refusal) for line in lines)
    return lines if len(lines) > 1 and sound else [raw]


def _refused(refusal: Refusal) -> dict[str, object]:
    return {"errors": [{"pointer": refusal.pointer, "code": refusal.code, "detail": refusal.detail}]}
