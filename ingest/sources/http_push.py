"""POST /v1/batches and /v1/desk/{action}: sources and people push; answered once durable."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from aiohttp import web

from ingest.feeds import json_body, msgpack_body
from ingest.gate import Gate, Key
from ingest.sequencer import Sequencer
from tally import wire
from tally.engine import Answer, Step
from tally.refusal import Refusal
from tally.report import DeskAction, DeskCommand
from tally.tree import Tree

ACTIONS: dict[str, DeskAction] = {name: name for name in get_args(DeskAction)}
BODY_BYTES_MAX = 1 << 20
AMENDMENT_BYTES_MAX = 64 << 20
BODY_TIMEOUT_S = 10
DECODERS = {json_body.MEDIA_TYPE: json_body.decode, msgpack_body.MEDIA_TYPE: msgpack_body.decode}


@dataclass(slots=True)
class HttpPush:
    """The write door. `observe` hears the source, outcome, reports and seconds of every request."""

    sequencer: Sequencer
    gate: Gate
    clock_ms: Callable[[], int]
    epoch: str
    observe: Callable[[str, str, int, float], None] = lambda _source, _outcome, _reports, _seconds: None

    def attach(self, app: web.Application) -> None:
        """Add the routes to an application of the ingest listener."""
        app.router.add_post("/v1/batches", self.batches)
        app.router.add_post("/v1/desk/{action}", self.desk)

    async def batches(self, request: web.Request) -> web.Response:
        """One batch: refused whole, or durable before it is answered."""
        started = asyncio.get_running_loop().time()
        response, source, reports = await self._batch(request)
        outcome = {200: "duplicate", 201: "accepted", 202: "held"}.get(response.status, "refused")
        self.observe(source, outcome, reports, asyncio.get_running_loop().time() - started)
        return response

    async def _batch(self, request: web.Request) -> tuple[web.Response, str, int]:
        key = self.gate.identify(
            request.headers.get("Authorization"), request.remote or "", self.clock_ms(), operator=False
        )
        if isinstance(key, Refusal):
            return _refused((key,)), "", 0
        value = await read_body(request, BODY_BYTES_MAX)
        batch = wire.read_batch(value.value) if isinstance(value, _Body) else [value]
        if isinstance(batch, list):
            return _refused(tuple(_deepest(batch, value))), key.id, 0
        refusal = self.gate.may_write(key, batch) or self.gate.polls_open(self.clock_ms())
        if refusal is not None:
            return _refused((refusal,), batch.batch_id), key.id, 0
        step = await self.sequencer.submit(batch)
        return self._answer(step, batch.batch_id), key.id, len(batch.reports)

    async def desk(self, request: web.Request) -> web.Response:
        """A desk verb by an operator."""
        key = self.gate.identify(
            request.headers.get("Authorization"), request.remote or "", self.clock_ms(), operator=True
        )
        if isinstance(key, Refusal):
            return _refused((key,))
        asked = request.match_info["action"]
        action = ACTIONS.get(asked)
        if action is None:
            later = {"embargo", "call", "retract", "release"}
            code = "not-in-this-release" if asked in later else "unknown-action"
            return _refused((Refusal(code, "", f"desk actions: {', '.join(ACTIONS)}"),))
        value = await read_body(request, AMENDMENT_BYTES_MAX if action == "amend" else BODY_BYTES_MAX)
        command = wire.read_desk(value.value, action, key.id) if isinstance(value, _Body) else [value]
        if isinstance(command, list):
            return _refused(tuple(_deepest(command, value)))
        refusal = self._may_command(key, command)
        if refusal is not None:
            return _refused((refusal,))
        return self._answer(
            await self.sequencer.submit(command), command.batch.batch_id if command.batch else None
        )

    def _may_command(self, key: Key, command: DeskCommand) -> Refusal | None:
        """Whether an operator's scope holds everything a verb touches; amending needs the whole of it."""
        if command.batch is not None:
            return self.gate.may_write(key, command.batch)
        tree = Tree(self.sequencer.state.layout.definition)
        units = [leaf for unit in command.units if unit in tree.unit_of for leaf in tree.leaves(unit)]
        whole = command.action == "amend"
        return self.gate.may_command(key, units, command.contest, whole=whole)

    def _answer(self, step: Step, batch_id: str | None) -> web.Response:
        if step.refusals:
            return _refused(step.refusals, batch_id, step.batch_digests)
        return _json(self._said(step.answer), _status(step.answer))

    def _said(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = {
            "position": None if answer.seq is None else {"epoch": self.epoch, "seq": answer.seq},
            "accepted": answer.accepted,
            "duplicates": answer.duplicates,
            "stale": answer.stale,
            "quarantined": list(answer.quarantined),
        }
        if answer.held:
            said["held_by"] = list(answer.held)
        if answer.duplicate:
            said["duplicate"] = True
        return said


def _status(answer: Answer) -> int:
    if answer.duplicate:
        return 200
    return 202 if answer.quarantined else 201


@dataclass(frozen=True, slots=True)
class _Body:
    """A decoded document, and its text where it was JSON."""

    value: object
    raw: bytes
    is_json: bool


async def read_body(request: web.Request, bytes_max: int) -> _Body | Refusal:
    """The request's one document, or why not. Sizes and media types are judged before a byte is decoded."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return Refusal("content-encoding", "", "send the body uncompressed")
    decode = DECODERS.get(request.content_type)
    if decode is None:
        return Refusal("media-type", "", f"one of {', '.join(DECODERS)}")
    if (request.content_length or 0) > bytes_max:
        return Refusal("body-too-large", "", f"at most {bytes_max} bytes")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            raw = await _read(request, bytes_max)
    except TimeoutError:
        return Refusal("body-timeout", "", f"the body did not arrive within {BODY_TIMEOUT_S} s")
    if raw is None:
        return Refusal("body-too-large", "", f"at most {bytes_max} bytes")
    value = decode(raw)
    return (
        value
        if isinstance(value, Refusal)
        else _Body(value, raw, request.content_type == json_body.MEDIA_TYPE)
    )


async def _read(request: web.Request, bytes_max: int) -> bytes | None:
    chunks = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > bytes_max:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _deepest(faults: list[Refusal], body: "_Body | Refusal") -> list[Refusal]:
    """A document that is also too deep is refused for that: its faults are not worth listing."""
    if isinstance(body, _Body) and body.is_json and json_body.too_deep(body.raw.decode("utf-8")):
        return [json_body.TOO_DEEP]
    return faults


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=wire.to_json(value), status=status, content_type="application/json")


def _refused(
    refusals: tuple[Refusal, ...], batch_id: str | None = None, digests: tuple[str, str] | None = None
) -> web.Response:
    """Problem details (RFC 9457): the first fault as the problem, all of them in `errors`."""
    first = refusals[0]
    problem: dict[str, Any] = {
        "type": f"urn:tally:problem:{first.code}",
        "title": first.code.replace("-", " ").capitalize(),
        "status": first.status,
        "code": first.code,
        "detail": first.detail,
        "pointer": first.pointer,
        "batch_id": batch_id,
    }
    if len(refusals) > 1:
        problem["errors"] = [{"code": r.code, "pointer": r.pointer, "detail": r.detail} for r in refusals]
    if digests:
        problem["digests"] = list(digests)
    headers = {}
    if first.code == "media-type":
        headers["Accept-Post"] = ", ".join(DECODERS)
    if first.status in {429, 503, 507}:
        headers["Retry-After"] = "60" if first.status == 429 else "2"
    if first.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    response = web.Response(
        body=msgspec.json.encode(problem),
        status=first.status,
        content_type="application/problem+json",
        headers=headers,
    )
    if first.code in {"body-too-large", "content-encoding", "body-timeout"}:
        response.force_close()
    return response
