"""The composition root: journal, engine, doors and streams wired into one running service."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import generate_latest

from deploy.archive import Archive
from deploy.guard import SERVER_OPTIONS, application, framed_by
from deploy.keyring import load_keys
from deploy.maps import chosen
from deploy.metrics import Metrics, ProjectionCollector, StateCollector, WebhookCollector
from deploy.opening import Opened, open_journal
from deploy.settings import Settings, split_address
from deploy.version import VERSION
from ingest import snapshot
from ingest.gate import Gate
from ingest.sequencer import Sequencer
from ingest.sources.http_push import HttpPush
from tally import freeze
from tally.events import Record
from ws.board import StateBoard
from ws.embed import Embedding
from ws.http import Reading
from ws.maps import Maps
from ws.observing import Observing
from ws.page import attach_page
from ws.projecting import Projecting
from ws.publisher import Publisher
from ws.server import Streaming, StreamSettings, attach
from ws.squeeze import squeezing
from ws.take_away import TakeAway
from ws.webhooks.sender import Sending

log = structlog.get_logger("tally")
LAG_INTERVAL_S = 0.5


def now_ms() -> int:
    """The wall clock: for display and signature windows; order comes from the journal alone."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Service:
    """Everything of one process, wired. `serve` runs it until `stop`, or until the journal is lost."""

    settings: Settings
    opened: Opened
    sequencer: Sequencer
    board: StateBoard
    publisher: Publisher
    streaming: Streaming
    metrics: Metrics
    archive: Archive
    projecting: Projecting
    webhooks: Sending
    runners: list[web.AppRunner]
    stopping: asyncio.Event
    listening: asyncio.Event

    @property
    def ready(self) -> bool:
        """Whether counts and readers are served."""
        return self.listening.is_set() and not self.stopping.is_set()

    async def settled(self, serving: "asyncio.Task[None]") -> None:
        """Wait until the service is ready, or its task has ended without becoming so."""
        listening = asyncio.ensure_future(self.listening.wait())
        await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()

    def stop(self) -> None:
        """Begin a clean stop: take nothing new, finish what was taken, send clients away."""
        self.stopping.set()

    async def serve(self) -> None:
        """Serve until stopped. Raises JournalLost (in an exception group) when writing failed."""
        try:
            await self._listen()
            self.publisher.begin()
            self.listening.set()
            gc.collect()
            gc.freeze()  # what is loaded now lives to the end: no collection need look at it again
            async with (
                _apart(self.projecting.run(), "projecting"),
                _apart(self.webhooks.run(), "webhooks"),
                asyncio.TaskGroup() as tasks,
            ):
                writer = tasks.create_task(self.sequencer.run())
                ticking = tasks.create_task(self.publisher.run())
                lag = tasks.create_task(self._watch_lag())
                await self.stopping.wait()
                self.sequencer.stop()
                await writer
                ticking.cancel()
                lag.cancel()
        finally:
            self.stopping.set()
            for runner in self.runners:
                await runner.cleanup()
            self.archive.close()
            self.opened.journal.close()

    async def _listen(self) -> None:
        addresses = [self.settings.listen, self.settings.ingest_listen, self.settings.admin_listen]
        wanted = [address for address in addresses if address]
        for runner, address in zip(self.runners, wanted, strict=True):
            await runner.setup()
            host, port = split_address(address)
            await web.TCPSite(runner, host, port, backlog=4_096).start()

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL_S
            await asyncio.sleep(LAG_INTERVAL_S)
            self.metrics.loop_lag.set(max(0.0, loop.time() - due))

    def addresses(self) -> list[tuple[str, int]]:
        """Where each listener really is, in the order read, ingest, admin."""
        return [runner.addresses[0][:2] for runner in self.runners]


def build(settings: Settings, opened: Opened | None = None, maps: Maps | None = None) -> Service:
    """Wire a service, of what is opened and read already. Raises what opening the journal, keys and map raise."""
    maps = maps or chosen(settings.map, settings.map_property)
    keys = load_keys(settings.keys) if settings.keys else ()
    opened = opened or open_journal(settings)
    state = opened.state
    epoch = opened.journal.position.epoch
    sequencer = Sequencer(state, opened.journal, now_ms)
    metrics = Metrics(VERSION, "transport.write")
    status: dict[str, Any] = {"ready": True}
    projecting = Projecting(
        lambda: sequencer.state, epoch, now_ms, settings.projection_interval_ms, settings.projection_deadline_ms,
    )  # fmt: skip
    board = StateBoard(epoch, lambda: sequencer.state, lambda: status | {"now_ms": now_ms()}, projecting)
    hosts = _hosts(settings)
    read_app, ingest_app = application(hosts), application(hosts)
    read_app.middlewares.append(squeezing())
    streaming = attach(
        read_app, board, StreamSettings(allowed_origins=frozenset(settings.allowed_origins)), VERSION
    )
    publisher = Publisher(
        board, streaming.hub, lambda: streaming.fanout, state.layout.definition.election.id, settings.tick_ms,
        metrics.publish.observe,
    )  # fmt: skip
    archive = Archive(opened.journal, opened.snapshot_before)
    Reading(board, lambda: sequencer.state, archive.state_at, projecting).attach(read_app)
    Observing(lambda: sequencer.state, epoch).attach(read_app)
    framed = framed_by(settings.embed_origins)
    maps.attach(read_app)
    embedding = Embedding(lambda: sequencer.state, epoch, framed, maps, secure=settings.behind_proxy)
    embedding.attach(read_app)
    attach_page(read_app, embedding.head)
    TakeAway(lambda: sequencer.state, epoch, secure=settings.behind_proxy).attach(read_app)
    gate = Gate(keys, _polls_close_ms(state.layout.definition.election.polls_close))
    HttpPush(sequencer, gate, now_ms, epoch, metrics.observe_batch).attach(ingest_app)
    endpoints = [one.endpoint() for one in settings.webhooks]
    webhooks = Sending(endpoints, settings.data / "webhooks", lambda: sequencer.state, epoch, time.time)
    service = Service(
        settings, opened, sequencer, board, publisher, streaming, metrics, archive, projecting, webhooks, [],
        asyncio.Event(), asyncio.Event(),
    )  # fmt: skip
    metrics.registry.register(StateCollector(lambda: sequencer.state, streaming.counters))
    metrics.registry.register(ProjectionCollector(lambda: sequencer.state, projecting))
    metrics.registry.register(WebhookCollector(webhooks))
    apps = [read_app, ingest_app]
    _health(ingest_app, service)
    if settings.admin_listen:
        admin_app = application(hosts)
        _health(admin_app, service)
        apps.append(admin_app)
    service.runners = [web.AppRunner(app, **SERVER_OPTIONS) for app in apps]
    sequencer.commit_seconds = metrics.commit.observe
    sequencer.applied = _Applied(service).applied
    sequencer.group_done = partial(_tell, publisher, webhooks)
    projecting.heard, projecting.fanout = streaming.hub.heard, lambda: streaming.fanout
    return service


def _tell(publisher: Publisher, webhooks: Sending) -> None:
    publisher.changed()
    webhooks.changed()


class _Applied:
    """What happens after a record is applied, besides being shown: now and then a snapshot."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._since = 0
        self._writing = False

    def applied(self, _record: Record) -> None:
        self._since += 1
        every = self._service.settings.snapshot_records
        if every and self._since >= every and not self._writing:
            self._since = 0
            self._writing = True
            service = self._service
            body = freeze.freeze(service.sequencer.state)
            bookmark = service.opened.journal.bookmark_at(service.sequencer.state.seq)
            future = asyncio.get_running_loop().run_in_executor(
                None, snapshot.write, service.opened.snapshots, bookmark, body
            )
            future.add_done_callback(self._written)

    def _written(self, future: "asyncio.Future[Path]") -> None:
        self._writing = False
        if (error := future.exception()) is not None:
            log.warning("snapshot failed; the journal stands", error=str(error))


def _health(app: web.Application, service: Service) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        position = service.opened.journal.position
        host, port = service.addresses()[0]
        body = {
            "ready": service.ready,
            "position": {"epoch": position.epoch, "seq": service.sequencer.state.seq},
            "read": f"http://{host}:{port}",
        }
        return web.json_response(body, status=200 if service.ready else 503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(service.metrics.registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)


def _hosts(settings: Settings) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "[::1]", *(host.lower() for host in settings.allowed_hosts)}
    for address in (settings.listen, settings.ingest_listen, settings.admin_listen):
        if address:
            names.add(split_address(address)[0].lower())
    return frozenset(names)


def _polls_close_ms(instant: str | None) -> int | None:

    return None if instant is None else int(datetime.fromisoformat(instant).timestamp() * 1_000)


@contextlib.asynccontextmanager
async def _apart(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Work beside a block, ended with it. What goes wrong in it is logged and ends nothing else."""
    task = asyncio.ensure_future(work)

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ended; the count goes on", what=name, exc_info=error)

    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """A service in the background of a block: started when the block begins, stopped when it ends."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(service.serve())
        await service.settled(task)
        try:
            yield service
        finally:
            service.stop()
            await task
