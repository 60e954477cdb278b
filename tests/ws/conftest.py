"""The read shell runs on the standard loop and on uvloop; so do its tests over real sockets."""

import asyncio

import uvloop


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
