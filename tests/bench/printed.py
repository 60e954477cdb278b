"""Tables as the documents show them, and on standard error how far it is."""

import os
import sys
import time
from collections.abc import Sequence

STARTED = time.monotonic()


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n**{title}**\n")
    for cells in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(cells) + " |")


def pair(values: Sequence[float], digits: int = 1) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in values)


def load_average() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def tell(what: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.0f} s] {what}", file=sys.stderr, flush=True)
