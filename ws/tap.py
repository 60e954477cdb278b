"""Stands between a transport and the library, to hear first that a connection is lost."""

import asyncio
from collections.abc import Callable


class Tap(asyncio.Protocol):
    """Passes every event on to the protocol it stands before.

    `gone` is called when the connection is lost, before that protocol hears of it: the library itself
    tells a waiting handler nothing, and by the time the handler ends its descriptor may be another's.
    """

    def __init__(
        self, transport: asyncio.Transport, inner: asyncio.Protocol, gone: Callable[[], None]
    ) -> None:
        self.inner = inner
        self._gone = gone
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._gone()
        self.inner.connection_lost(exc)
