"""The least a POST can cost here: aiohttp on uvloop that reads a body and says 201."""

import asyncio
import sys

import uvloop
from aiohttp import web

from deploy.guard import SERVER_OPTIONS

ANSWER = b'{"position":{"epoch":"none","seq":1}}'


async def take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=201, body=ANSWER, content_type="application/json")


async def main() -> None:
    app = web.Application()
    app.router.add_post("/v1/batches", take)
    runner = web.AppRunner(app, **SERVER_OPTIONS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
