"""Real tables in random orders over HTTP: the claim turns at the very record at which a recount says it can."""

import asyncio
import json
import random
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import msgspec
import numpy as np
import pytest

from deploy.opening import begin_or_resume
from deploy.service import Service, build, running
from deploy.settings import Settings
from ingest.replay import load
from tally import events, wire
from tally.events import BatchCounted
from tally.model import Bound, Cap, Definition
from tally.report import CountBatch
from tally.verifier import verify
from tests.data.test_orders import BALLOTS_DELIVERED, Tables, order_of, tables
from tests.data.where import published

IN_FLIGHT = 32
HEADERS = {"Content-Type": "application/msgpack"}


async def poured(service: Service, bodies: Sequence[bytes]) -> None:
    """Post every body, many at once: which comes first is the service's to say."""
    host, port = service.addresses()[1]
    waiting = iter(bodies)

    async def pour(http: aiohttp.ClientSession) -> None:
        for body in waiting:
            async with http.post(f"http://{host}:{port}/v1/batches", data=body, headers=HEADERS) as response:
                assert response.status == 201, await response.text()

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as http:
        await asyncio.gather(*(pour(http) for _ in range(IN_FLIGHT)))


def journalled(service: Service) -> list[list[str]]:
    """The units of every record after the first, in the order the journal put them."""
    found = []
    for _seq, payload in service.opened.journal.read(1):
        cause = events.decode(payload).cause
        assert isinstance(cause, BatchCounted)
        found.append([row.unit for row in cause.rows])
    return found


async def turns(
    path: Path, definition: Definition, batches: list[CountBatch], claim: str
) -> tuple[list, list]:
    """Play batches over HTTP: the records' units, and every change of one claim as (record, status, grade)."""
    settings = Settings(data=path / "data", listen="127.0.0.1:0", ingest_listen="127.0.0.1:0")
    service = build(settings, begin_or_resume(settings.data, lambda: definition))
    bodies = [msgspec.msgpack.encode(wire.batch_object(batch)) for batch in batches]
    async with running(service):
        await poured(service, bodies)
        history = service.sequencer.state.contests[0].history
        found = [(turn.seq - 2, turn.status, turn.grade) for turn in history.turns if turn.claim == claim]
        await proved(service, claim, found[0][0] + 2)
        return journalled(service), found


async def proved(service: Service, claim: str, seq: int) -> None:
    """The certificate of the very record verifies from the rows as they stood then; one changed digit does not."""
    contest = service.sequencer.state.layout.contests[0].contest.id
    host, port = service.addresses()[0]
    base = f"http://{host}:{port}/v1"
    async with aiohttp.ClientSession(raise_for_status=True) as http:

        async def fetched(path: str) -> str:
            async with http.get(base + path) as response:
                return await response.text()

        certificate = await fetched(f"/contests/{contest}/certificate?claim={claim}&at={seq}")
        rows = (await fetched(f"/contests/{contest}/units.ndjson?at={seq}")).splitlines()
        definition = json.loads(await fetched("/election?form=canonical"))
    read = [json.loads(row) for row in rows]
    found = json.loads(certificate)
    assert (found["verdict"], found["grade"]) == ("irreversible", "certain")
    assert verify(found, read, definition) == []
    chance = random.Random(seq)
    for _ in range(2):
        at = chance.randrange(len(rows))
        wrong = [*read[:at], json.loads(other_digit(rows[at], chance)), *read[at + 1 :]]
        assert verify(found, wrong, definition), "a changed digit in a row"
    for _ in range(6):
        changed = json.loads(other_digit(certificate, chance))
        if changed != found:
            differences = verify(changed, read, None)
            assert differences, "a changed digit in the certificate"
            assert str(differences[0]), "the difference has a name"


def other_digit(text: str, chance: random.Random) -> str:
    """The same text with one digit, not the first of a number, changed to another."""
    places = [place for place in range(1, len(text)) if text[place].isdigit() and text[place - 1].isdigit()]
    place = chance.choice(places)
    return text[:place] + chance.choice([d for d in "0123456789" if d != text[place]]) + text[place + 1 :]


def first_record(
    recount: Tables, caps: np.ndarray, records: list[list[str]], index: dict[str, int]
) -> int | None:
    """The first record after which a recount, report by report, says the claim can no longer fail."""
    order = np.array([index[unit] for units in records for unit in units])
    first = recount.turns_at(order, caps)
    if first is None:
        return None
    ends = np.cumsum([len(units) for units in records])
    return int(np.searchsorted(ends, first, side="right"))


@pytest.mark.parametrize("seed", [101, 102])
async def test_venezuela_one_report_a_batch(tmp_path: Path, seed: int) -> None:
    night = load(published("venezuela_2013"), reports_per_batch=1)
    names = ("maduro", "capriles", "mendez", "bolivar", "sequera", "mora")
    recount = tables("venezuela_2013", names)
    batches = [event.command for event in night.events]
    index = {batch.reports[0].unit: n for n, batch in enumerate(batches)}
    shuffled = [batches[n] for n in order_of(seed, len(batches)).tolist()]
    records, found = await turns(tmp_path, night.definition, shuffled, "elected:maduro")
    first = first_record(recount, recount.registered, records, index)
    assert first is not None
    assert found == [(first, "irreversible", "certain")]


@pytest.mark.parametrize("seed", [101, 102])
async def test_mexico_in_batches(tmp_path: Path, seed: int) -> None:
    night = load(published("mexico_2006"), reports_per_batch=1)
    recount = tables("mexico_2006", ("pan", "pbt", "apm", "asdc", "panal"))
    reports = [event.command.reports[0] for event in night.events]
    index = {report.unit: n for n, report in enumerate(reports)}
    caps = np.maximum(recount.registered, BALLOTS_DELIVERED)
    units = tuple(
        msgspec.structs.replace(
            unit, cap=Cap(int(caps[index[unit.id]]), "pseudo: ballots delivered", hard=True)
        )
        if unit.id in index
        else unit
        for unit in night.definition.units
    )
    contest = msgspec.structs.replace(night.definition.contests[0], bound=Bound())
    definition = msgspec.structs.replace(night.definition, units=units, contests=(contest,))
    shuffled = [reports[n] for n in order_of(seed, len(reports)).tolist()]
    batches = [
        CountBatch(definition.election.id, f"b{first}", "test", tuple(shuffled[first : first + 50]))
        for first in range(0, len(shuffled), 50)
    ]
    records, found = await turns(tmp_path, definition, batches, "elected:pan")
    first = first_record(recount, caps, records, index)
    assert first is not None
    assert found == [(first, "irreversible", "certain")]
