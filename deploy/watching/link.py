"""A service's stream, followed for ever: what it says, and how the connection stands."""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, NamedTuple

import aiohttp

RETRY_S_MIN = 0.5
RETRY_S_MAX = 15.0
"""The longest pause between two tries."""
SILENCE_TIMEOUT_S = 40
"""A stream that says nothing for so long is given up: a live one pings every 15 s."""
LINE_BYTES_MAX = 1 << 24
"""The longest line of a stream: a view with every subtotal can be 1 MB."""
CHANNELS_MAX = 100
"""Channels of one stream, as the service allows."""
Json = dict[str, Any]
Ended = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError)
"""Ways a connection ends that another one may mend."""


class Said(NamedTuple):
    """One event: its channel (or `recovery`) and its value."""

    channel: str
    value: Json


class Stands(NamedTuple):
    """How the connection stands. `live`: something was heard now. `lost`: why, and when it is tried again."""

    state: Literal["live", "lost"]
    why: str = ""
    again_s: float = 0.0
    tries: int = 0


def pause_s(tries: int) -> float:
    """How long to wait after so many tries in vain; different for each client, so that not all come at once."""
    longest: float = min(RETRY_S_MAX, RETRY_S_MIN * 2 ** min(tries, 10))
    return longest * (0.5 + random.random() / 2)


async def follow(
    session: aiohttp.ClientSession, url: str, channels: Sequence[str], last_id: str | None = None
) -> AsyncIterator[Said | Stands]:
    """Every event of the channels, and every turn of the connection; a lost stream is resumed where it stopped.

    `last_id`: where to begin; of an epoch nobody knows, the newest views and the last events are told.
    """
    tries = 0
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            async with session.get(
                f"{url}/v1/stream",
                params={"channels": ",".join(channels)},
                headers=headers,
                raise_for_status=True,
                read_bufsize=LINE_BYTES_MAX,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_TIMEOUT_S),
            ) as response:
                yield Stands("live")
                tries, event = 0, ""
                async for raw in response.content:
                    name, _, value = raw.decode().rstrip("\r\n").partition(":")
                    match name:
                        case "" if raw.startswith(b":"):  # a comment: the ping
                            yield Stands("live")
                        case "id":
                            last_id = value.strip()
                        case "event":
                            event = value.strip()
                        case "data":
                            yield Said(event, json.loads(value))
            why = "the service ended the stream"
        except Ended as error:
            why = said_of(error)
        again_s = pause_s(tries)
        tries += 1
        yield Stands("lost", why, again_s, tries)
        await asyncio.sleep(again_s)


def said_of(error: Exception) -> str:
    """Why a request failed, in a few words."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"answered {error.status}" + (f" {error.message}" if error.message else "")
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        return os.strerror(number) if number > 0 else error.os_error.strerror or str(error)
    return str(error) or "connection lost"
