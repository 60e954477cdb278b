"""`tally digest`: replay a journal and say what state it makes."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.opening import read_state
from tally import freeze


def digest(data: Annotated[Path, typer.Option(help="Data directory of the service.")]) -> None:
    """Print `epoch seq sha256` of the state the journal makes. Reads only; the service may be running.

    Exit 65: what is on disk is wrong; the line says the position, the offset and the path.
    """
    epoch, state = read_state(data)
    typer.echo(f"{epoch} {state.seq} {freeze.digest(state)}")
