"""asyncio: each endpoint's own task, which posts what it is owed until it is taken."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import stamina
import structlog
from stamina.instrumentation import set_on_retry_hooks
from standardwebhooks.webhooks import Webhook

from tally.state import State
from ws.webhooks import mark as marks
from ws.webhooks.answers import Gone, NotTaken, judge
from ws.webhooks.endpoint import Endpoint
from ws.webhooks.mark import Mark
from ws.webhooks.messages import Message, owed

log = structlog.get_logger("tally")
ANSWER_TIMEOUT_S = 10
PAUSE_FIRST_S = 1.0
PAUSE_S_MAX = 60
IDLE_RECORDS = 1_000
"""Records after which a mark is written down although nothing was posted."""


@dataclass(slots=True)
class Line:
    """One endpoint: where it is, and how it did. It has no queue: what it is owed is kept with the state."""

    endpoint: Endpoint
    path: Path
    mark: Mark
    taken: int = 0
    failed: int = 0
    failing: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gone(self) -> bool:
        """Whether this very URL has answered 410."""
        return self.mark.gone is not None and self.mark.gone == _hash(self.endpoint.url)


class Sending:
    """Posts to all endpoints. `now_s` is the wall clock: it is signed, for receivers to refuse what is old.

    A message is taken once its mark is on disk: after a crash the last one is posted again, under the same id.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        directory: Path,
        state: Callable[[], State],
        epoch: str,
        now_s: Callable[[], float],
    ) -> None:
        self._state, self._epoch, self._now_s = state, epoch, now_s
        begun = Mark(epoch, state().seq)  # an endpoint not heard of before is told what happens from now on
        self.lines = [
            Line(one, path, _kept(path) or begun)
            for one in endpoints
            for path in [directory / f"{one.name}.json"]
        ]

    def changed(self) -> None:
        """Something was applied. Cost: one flag an endpoint."""
        for line in self.lines:
            line.wake.set()

    def behind_records(self, line: Line) -> int:
        """Records whose news an endpoint has not taken."""
        return self._state().seq - line.mark.seq if line.mark.epoch == self._epoch else self._state().seq

    async def run(self) -> None:
        """Post until cancelled."""
        set_on_retry_hooks([])  # we say ourselves what is tried again, with the endpoint's name and no URL
        if not self.lines:
            return
        options = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=options, cookie_jar=aiohttp.DummyCookieJar()) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for line in self.lines:
                tasks.create_task(self._follow(session, line))

    async def _follow(self, session: aiohttp.ClientSession, line: Line) -> None:
        await self._write(line, line.mark)
        written = line.mark.seq
        while not line.gone:
            line.wake.clear()
            news = owed(self._state(), self._epoch, line.endpoint, line.mark)
            try:
                for message in news.messages:
                    await self._deliver(session, line, message)
                    await self._write(line, message.mark)
                    written = message.mark.seq
            except Gone:
                log.warning("webhook gone; nothing more is posted to it", endpoint=line.endpoint.name)
                at = line.mark
                await self._write(line, Mark(at.epoch, at.seq, at.index, _hash(line.endpoint.url)))
                return
            line.mark = news.mark
            if line.mark.seq - written >= IDLE_RECORDS:
                await self._write(line, line.mark)
                written = line.mark.seq
            if line.mark.seq >= self._state().seq:
                await line.wake.wait()

    async def _deliver(self, session: aiohttp.ClientSession, line: Line, message: Message) -> None:
        """Post until it is taken, with longer pauses each time. Raises Gone."""
        async for attempt in stamina.retry_context(
            on=_again, attempts=None, timeout=None, wait_initial=PAUSE_FIRST_S, wait_max=PAUSE_S_MAX,
            wait_jitter=PAUSE_FIRST_S,
        ):  # fmt: skip
            with attempt:
                try:
                    await self._post(session, line.endpoint, message)
                except NotTaken as error:
                    line.failed += 1
                    if not line.failing:
                        line.failing = True
                        log.warning(
                            "webhook not taken; trying again", endpoint=line.endpoint.name, why=str(error)
                        )
                    raise
        line.taken += 1
        if line.failing:
            line.failing = False
            log.info("webhook taken again", endpoint=line.endpoint.name)

    async def _post(self, session: aiohttp.ClientSession, endpoint: Endpoint, message: Message) -> None:
        now_s = self._now_s()
        at, text = datetime.fromtimestamp(now_s, UTC), message.body.decode()
        signatures = [Webhook(secret).sign(message.id, at, text) for secret in endpoint.secrets]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "tally",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now_s)),
            "webhook-signature": " ".join(signatures),
        }
        try:
            async with session.post(
                endpoint.url, data=message.body, headers=headers, allow_redirects=False
            ) as response:
                judge(response.status, response.headers.get("Retry-After"), now_s)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotTaken(type(error).__name__) from error

    async def _write(self, line: Line, mark: Mark) -> None:
        """Write a mark, to its end also when cancelled: a thread goes on, and who starts next reads the file."""
        line.mark = mark
        writing = asyncio.ensure_future(asyncio.to_thread(marks.write, line.path, mark))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        except OSError as error:
            log.warning("webhook mark not written; after a crash messages come again",
                        endpoint=line.endpoint.name, error=str(error))  # fmt: skip


def _kept(path: Path) -> Mark | None:
    """The mark on disk. A damaged one ends no count: its endpoint is told that there is a gap."""
    try:
        return marks.read(path)
    except ValueError:
        log.warning("webhook mark damaged; the endpoint is told of a gap", path=str(path))
        return Mark("unknown", 0)


def _again(error: Exception) -> bool | float:
    if not isinstance(error, NotTaken):
        return False
    return True if error.wait_s is None else error.wait_s


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
