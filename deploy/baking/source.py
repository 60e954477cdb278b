"""A running service to copy from: GET, with what is known already."""

from dataclasses import dataclass

import aiohttp

ANSWER_TIMEOUT_S = 120


class SourceAway(Exception):
    """The service does not answer, or not with what it should."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: the body, None when what is known is still right; the version; `missing`: there is no such thing."""

    body: bytes | None
    tag: str
    missing: bool = False


class Source:
    """Reads one service. Raises SourceAway."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url.rstrip("/")

    async def get(self, path: str, known: str | None = None) -> Got:
        """A resource, or that the version known is still right."""
        # A proxy that compressed would make some tags weak and not others: parts then never seem to agree.
        headers = {"Accept-Encoding": "identity"} | ({"If-None-Match": f'"{known}"'} if known else {})
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        try:
            async with self._session.get(f"{self.url}{path}", headers=headers, timeout=timeout) as response:
                tag = response.headers.get("ETag", "").strip('"')
                if response.status == 304:
                    return Got(None, known or "")
                if response.status == 404:
                    return Got(None, "", missing=True)
                if response.status != 200:
                    raise SourceAway(f"{self.url}{path} answered {response.status}")
                return Got(await response.read(), tag)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SourceAway(f"{self.url}{path}: {str(error) or type(error).__name__}") from error

    async def whole(self, path: str) -> Got:
        """A resource that must be there."""
        got = await self.get(path)
        if got.body is None:
            raise SourceAway(f"{self.url}{path} is not there: is this a tally service?")
        return got
