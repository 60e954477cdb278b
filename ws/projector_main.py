"""The process that projects: is asked on its standard input, answers on its standard output.

Run as `python -m ws.projector_main`. It keeps one projector a contest. Whatever goes wrong ends it, with a
traceback on standard error; who asked starts another. It steps back before the count: lowest priority, one
thread, and the first to go where memory runs out.
"""

import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec
import numpy as np

from tally.projection.frame import Facts, Floats, Places
from tally.projection.projector import Projector
from tally.projection.record import Record
from tally.projection.shown import shown
from ws import pipe

NICENESS = 5
READY = b"ready"


class About(NamedTuple):
    """What a projector is made of: told once, and again after an amendment or to a new process.

    `record`: how the night's projections have done so far, as a process before this one said.
    """

    places: Places
    rule: Mapping[str, Any]
    weights: Floats | None
    record: Record


class Asked(NamedTuple):
    """A question: project this contest from these facts. `about` None: as told before."""

    contest: str
    about: About | None
    facts: Facts


class Answered(msgspec.Struct, frozen=True):
    """The projection as readers see it, and the record to begin another projector with."""

    view: dict[str, Any]
    record: Record


def packed(asked: Asked) -> list[pipe.Bytes]:
    """A question as the parts of a message; its arrays are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(asked, protocol=5, buffer_callback=buffers.append)
    return [head, *(buffer.raw() for buffer in buffers)]


def answer(projectors: dict[str, Projector], parts: list[bytearray]) -> bytes:
    """Project once."""
    asked: Asked = pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301 - written by the service, over its own pipe
    if asked.about is not None:
        about = asked.about
        projectors[asked.contest] = Projector(about.places, about.rule, about.weights)
        projectors[asked.contest].record = about.record
    projector = projectors[asked.contest]
    found = projector.update(asked.facts)
    return msgspec.msgpack.encode(
        Answered(shown(found, projector.places), projector.record), enc_hook=np.generic.item
    )


def serve(source: BufferedReader, out: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    projectors: dict[str, Projector] = {}
    pipe.send(out, [READY])
    while True:
        try:
            parts = pipe.receive(source)
        except EOFError:
            return
        pipe.send(out, [answer(projectors, parts)])


def main() -> None:
    """Step back, then serve. What libraries print goes to standard error, never among the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends this process
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with contextlib.suppress(BrokenPipeError):  # the service is gone
        serve(cast("BufferedReader", sys.stdin.buffer), out)


if __name__ == "__main__":
    main()
