"""`tally backtest`: projections judged on past nights, counted again in many orders."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy import failure
from deploy.definition import load_definition
from deploy.failure import ConfigurationFault, Fault
from ingest.night.night import NightUnreadable
from ingest.replay import Night, load

FORMAT = "tally-backtest/1"
ORDERS = "random,small-first,region-blocks,lean-sorted,file"
CHECKPOINTS = "1,5,10,25,50,75,90,95,99"
REPORTS = 10_000
T = TypeVar("T")


def backtest(
    folders: Annotated[list[Path], typer.Argument(help="Past nights: folders as `tally replay` plays them.")],
    orders: Annotated[str, typer.Option(help="The orders to count them in.")] = ORDERS,
    checkpoints: Annotated[str, typer.Option(help="Percent of rows in at which to project.")] = CHECKPOINTS,
    seeds: Annotated[int, typer.Option(help="Draws of random and region-blocks.", min=1)] = 1,
    replicates: Annotated[
        int, typer.Option(help="Areas of each contest that are contests of their own as well.", min=0)
    ] = 8,
    beside: Annotated[
        str | None, typer.Option(help="A Python in which elex-model is installed: compare with it.")
    ] = None,
    beside_checkpoints: Annotated[
        str | None, typer.Option(help="Checkpoints to compare at. [the same]")
    ] = None,
    beside_large: Annotated[
        str, typer.Option(help="Checkpoints to compare at in contests of more than 5,000 rows.")
    ] = "10,50",
    json: Annotated[Path | None, typer.Option(help="Write every update here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the coverage by order here, as SVG.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> int:
    """Count past nights again in many orders, project at every checkpoint, and say how good that was.

    Tables by order, by share in, by election and over all. Exit 69: --beside names no Python with elex-model;
    78: a folder holds no night.
    """
    from deploy.backtest import summary, table
    from deploy.backtest.beside import Away, Compared, Driver
    from deploy.backtest.cases import cases_of
    from deploy.backtest.orders import ORDERS as KNOWN
    from deploy.backtest.work import done, tasks_of

    wanted, at = _names(orders, tuple(KNOWN)), _percents("--checkpoints", checkpoints)
    few = _percents("--beside-checkpoints", beside_checkpoints or checkpoints)
    large = _percents("--beside-large", beside_large)
    _places_to_write(json, plot)
    compared = None if beside is None else Compared(beside, few, large)
    try:
        version = "" if beside is None else Driver(beside).begin()
    except Away as away:
        sys.stderr.write(f"tally: {away}\n")
        return failure.AWAY
    cases = [case for folder in folders for case in cases_of(_night(folder), replicates)]
    tasks = tasks_of(cases, wanted, seeds)
    cells, other = [], []
    for some, more in _watched(done(cases, at, compared, tasks, jobs), len(tasks)):
        cells += some
        other += more
    groups, against = summary.summaries(cells, wanted), summary.against(cells, other, wanted)
    table.written(Console(), groups, against, version)
    whole = {"format": FORMAT, "elex_model": version or None, "groups": groups, "beside": against,
             "updates": cells, "beside_updates": other}  # fmt: skip
    note = f"{len(cells):,} updates of {len(cases)} contests in {len(folders)} elections"
    _write(json, plot, whole, note)
    return failure.DONE


def _places_to_write(*paths: Path | None) -> None:
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise typer.BadParameter(f"{path}: there is no such folder")


def _write(json: Path | None, plot: Path | None, whole: dict[str, Any], note: str) -> None:
    from deploy.backtest.plot import plot as drawn

    if json is not None:
        json.write_bytes(msgspec.json.encode(whole) + b"\n")
    if plot is not None:
        plot.write_text(drawn(whole["groups"]["order"], note), "utf-8")


def _names(given: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in given.split(",")))
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name} is no order; orders: {', '.join(known)}")
    return names


def _percents(option: str, given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",")]
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 100 for part in parts):
        raise typer.BadParameter(f"{option}: percents of rows, 1 to 99, with commas between")
    return tuple(sorted({int(part) for part in parts}))


def _night(folder: Path) -> Night:
    try:
        return load(folder, REPORTS, load_definition, previous=True)
    except NightUnreadable as error:
        raise ConfigurationFault([Fault(str(folder), 1, str(error))]) from error


def _watched(found: Iterator[T], total: int) -> Iterator[T]:
    """The same, with a bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("orders counted", total=total)
        for one in found:
            progress.advance(task)
            yield one
