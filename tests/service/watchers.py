"""Clients that write down what they are told: both SDKs, unmodified, and one of our own in MessagePack."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgpack
from centrifuge import Client, SubscriptionEventHandler

PATH = "/connection/websocket"
PONG = b"\x80"


@dataclass
class Heard:
    """What one client was told on one channel, oldest first."""

    offsets: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)  # the position each frame says of itself
    newest: Any = None
    starts: list[tuple[bool, bool]] = field(default_factory=list)  # (was recovering, recovered)
    all: list[Any] = field(default_factory=list)  # every frame; only our own client keeps them

    def take(self, offset: int, data: Any) -> None:
        self.offsets.append(offset)
        self.seqs.append(data["position"]["seq"])
        self.newest = data


Seen = dict[str, Heard]


class _Listener(SubscriptionEventHandler):
    def __init__(self, heard: Heard) -> None:
        self.heard = heard

    async def on_subscribed(self, ctx) -> None:
        self.heard.starts.append((ctx.was_recovering, ctx.recovered))

    async def on_publication(self, ctx) -> None:
        self.heard.take(ctx.pub.offset, ctx.pub.data)


@contextlib.asynccontextmanager
async def python_clients(port: int, channels: Sequence[str], count: int) -> AsyncIterator[list[Seen]]:
    """So many centrifuge-python clients in this process."""
    seen: list[Seen] = [{channel: Heard() for channel in channels} for _ in range(count)]
    clients = []
    for each in seen:
        client = Client(
            f"ws://127.0.0.1:{port}{PATH}", min_reconnect_delay=0.05, max_reconnect_delay=0.5, proxy=None
        )
        for channel, heard in each.items():
            await client.new_subscription(channel, _Listener(heard)).subscribe()
        await client.connect()
        clients.append(client)
    try:
        yield seen
    finally:
        for client in clients:
            await client.disconnect()


@contextlib.asynccontextmanager
async def javascript_clients(
    port: int, channels: Sequence[str], count: int, modules: Path
) -> AsyncIterator[Callable[[], Any]]:
    """So many centrifuge-js clients in a node process; call it for what they saw so far."""
    script = Path(__file__).parent / "watchers.cjs"
    node = await asyncio.create_subprocess_exec(
        "node", str(script), f"ws://127.0.0.1:{port}{PATH}", str(count), *channels,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
        env={**os.environ, "NODE_PATH": str(modules)},
    )  # fmt: skip
    assert node.stdin is not None
    assert node.stdout is not None
    out, back = node.stdin, node.stdout

    async def report() -> list[Seen]:
        out.write(b"\n")
        async with asyncio.timeout(20):
            told = json.loads(await back.readline())
        return [
            {
                channel: Heard(h["offsets"], h["seqs"], h["newest"], [tuple(s) for s in h["starts"]])
                for channel, h in each.items()
            }
            for each in told
        ]

    try:
        yield report
    finally:
        out.close()
        await node.wait()


@contextlib.asynccontextmanager
async def msgpack_client(port: int, channels: Sequence[str]) -> AsyncIterator[Seen]:
    """A client of our own on `tally-msgpack`, which keeps its positions and comes back with them."""
    seen: Seen = {channel: Heard() for channel in channels}
    positions: dict[str, dict[str, Any]] = {}

    async def follow() -> None:
        async with aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    url = f"ws://127.0.0.1:{port}{PATH}"
                    async with http.ws_connect(url, protocols=("tally-msgpack",)) as socket:
                        await _listen(socket, seen, positions)
                await asyncio.sleep(0.05)

    following = asyncio.ensure_future(follow())
    try:
        yield seen
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _listen(
    socket: aiohttp.ClientWebSocketResponse, seen: Seen, positions: dict[str, dict[str, Any]]
) -> None:
    asked = list(seen)
    commands: list[dict[str, Any]] = [{"id": 1, "connect": {}}]
    for number, channel in enumerate(asked, 2):
        since = {"recover": True, **positions[channel]} if channel in positions else {}
        commands.append({"id": number, "subscribe": {"channel": channel, **since}})
    await socket.send_bytes(b"".join(map(msgpack.packb, commands)))
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.BINARY:
            return  # cut off
        if message.data == PONG:
            await socket.send_bytes(PONG)
            continue
        unpacker = msgpack.Unpacker()
        unpacker.feed(message.data)
        for told in unpacker:
            if "push" in told:
                channel = told["push"]["channel"]
                _take(seen[channel], positions[channel], told["push"]["pub"])
            elif "subscribe" in told:
                channel, result = asked[told["id"] - 2], told["subscribe"]
                seen[channel].starts.append((result["was_recovering"], result["recovered"]))
                positions[channel] = {"epoch": result["epoch"], "offset": result["offset"]}
                for pub in result.get("publications", ()):
                    _take(seen[channel], positions[channel], pub)


def _take(heard: Heard, position: dict[str, Any], pub: dict[str, Any]) -> None:
    heard.take(pub["offset"], pub["data"])
    heard.all.append(pub["data"])
    position["offset"] = pub["offset"]


async def one_start(port: int, channel: str, epoch: str, offset: int) -> tuple[dict[str, Any], bytes]:
    """A JSON client that says it stopped at a position: the reply to its subscribe, and its bytes."""
    asked = {"channel": channel, "recover": True, "epoch": epoch, "offset": offset}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://127.0.0.1:{port}{PATH}") as socket,
    ):
        await socket.send_str(json.dumps({"id": 1, "connect": {}}))
        await socket.receive_str()
        await socket.send_str(json.dumps({"id": 2, "subscribe": asked}))
        raw = (await socket.receive_str()).encode()
    return json.loads(raw)["subscribe"], raw
