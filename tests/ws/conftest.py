"""The read shell runs on the standard loop and on uvloop; so do its tests over real sockets."""

import asyncio

import pytest
import uvloop

from tests.ws.board import ScriptedBoard
from tests.ws.live import live, until
from ws.server import StreamSettings


def pytest_asyncio_loop_factories(config, item):
    """Both loops; the SDKs' long nights take one each, to keep the run short."""
    both = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    match item.path.name:
        case "test_sdk_python.py":
            return {"asyncio": both["asyncio"]}
        case "test_sdk_javascript.py":
            return {"uvloop": both["uvloop"]}
        case _:
            return both


@pytest.fixture
async def server():
    board = ScriptedBoard(["contest:a", "calls:e"])
    board.put("contest:a", 5, {"v": 5})
    news = frozenset({"https://news.example"})
    async with live(board, StreamSettings(allowed_origins=news, close_timeout_s=0.3)) as running:
        yield running
        await until(lambda: running.streaming.counters.connections == 0)
