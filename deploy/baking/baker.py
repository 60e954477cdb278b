"""Copies a night from a running service: parts first, the position they stand at last."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from deploy.baking.places import CONTEST_FORMAT, DEFINITION, MIRROR_FORMAT, claim_file, folder, page
from deploy.baking.shelf import Shelf
from deploy.baking.source import Got, Source, SourceAway
from deploy.baking.tabling import Tabling
from deploy.service import now_ms
from tally.instant import written
from ws.exports import EXPORTS
from ws.maps import OWN
from ws.page import static_files

AT_ONCE_MAX = 4
RECORDS_BACK = 1_000
"""Records whose events a page shows who comes late; ws/static/app.js asks for as many."""
PICTURE_POINTS = 180
"""Of the whole night, as the page asks for them (`ws/web/night.js`)."""
EXPORTS_INTERVAL_S = 60
SAVE_INTERVAL_S = 2
SETTLING_S = 60
Part = tuple[str, bytes, str]


@dataclass(slots=True)
class Baker:
    """One copy, kept up. `every_s`: how often it is looked at again, None once only. Raises SourceAway, OSError."""

    source: Source
    shelf: Shelf
    every_s: int | None = None
    site: str | None = None
    _exported_s: float | None = None
    _dressed: str | None = None  # the epoch whose pages are there
    _saved_s: float = 0.0
    _busy: set[str] = field(default_factory=set)
    _looked: dict[str, tuple[str, float]] = field(default_factory=dict)
    _tabling: Tabling = field(init=False)

    def __post_init__(self) -> None:
        self._tabling = Tabling(self.source, self.shelf)

    async def bake(self, told: Callable[[int, int], None] = lambda _done, _all: None) -> dict[str, Any]:
        """Copy what changed; the position file, which is written last. `told(done, all)` follows the contests."""
        checked_at = written(now_ms())
        listed = (await self.source.whole("/v1/contests")).body
        observers = (await self.source.whole("/v1/observers")).body
        assert listed is not None
        assert observers is not None
        election = json.loads(listed)
        self.shelf.begin(election["position"]["epoch"])
        await self._copy("/v1/election", "v1/election.json")
        await self._copy("/v1/election?form=canonical", DEFINITION)
        contests = {one["contest"]: one["seq"] for one in election["contests"]}
        if self._dressed != self.shelf.epoch:
            self._dress(list(contests))
            await self._copy(OWN, OWN[1:])
            self._dressed = self.shelf.epoch
        for done, (contest, seq) in enumerate(contests.items()):
            told(done, len(contests))
            if self._may_have_changed(contest, seq):
                await self._contest(contest)
                self._looked_at(contest, seq)
                self._save()
        await self._exports()
        self.shelf.put("v1/observers.json", observers)
        self.shelf.put("v1/contests.json", listed)
        index = {
            "format": MIRROR_FORMAT, "election": election["election"], "name": election["name"],
            "is_test": election["is_test"], "position": election["position"], "as_of": election["as_of"],
            "checked_at": checked_at, "every_s": self.every_s,
        }  # fmt: skip
        self.shelf.put("mirror.json", json.dumps(index).encode())
        self.shelf.save()
        told(len(contests), len(contests))
        return index

    def _may_have_changed(self, contest: str, seq: int) -> bool:
        """Whether a contest is worth a look: a projection follows the count some seconds later, by itself."""
        known, since = self._looked.get(contest, ("", 0.0))
        return known != f"{self.shelf.epoch}/{seq}" or asyncio.get_running_loop().time() - since < SETTLING_S

    def _looked_at(self, contest: str, seq: int) -> None:
        key = f"{self.shelf.epoch}/{seq}"
        if self._looked.get(contest, ("", 0.0))[0] != key:
            self._looked[contest] = key, asyncio.get_running_loop().time()

    def _save(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._saved_s >= SAVE_INTERVAL_S:
            self._saved_s = now
            self.shelf.save()

    def _dress(self, contests: list[str]) -> None:
        """The pages and what they are made of, of the version that bakes."""
        files = static_files()
        for name, body in files.items():
            if not name.endswith(".html"):
                self.shelf.put(f"static/{name}", body)
        first, observe = page(files["index.html"]), page(files["observe.html"])
        self.shelf.put("index.html", first)
        self.shelf.put("observe/index.html", observe)
        for contest in contests:
            folder(contest)
            self.shelf.put(f"contest/{contest}/index.html", first)

    async def _copy(self, path: str, file: str) -> bool:
        """Copy one resource if it changed; whether there is one."""
        got = await self.source.get(path, self.shelf.tag(file))
        if got.missing:
            self.shelf.drop(file)
        elif got.body is not None:
            self.shelf.put(file, got.body, got.tag)
        return not got.missing

    async def _exports(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._exported_s is not None and now - self._exported_s < EXPORTS_INTERVAL_S:
            return
        for export in EXPORTS:
            await self._copy(export.PATH, export.PATH[1:])
        feed = (await self.source.whole("/v1/claims.atom")).body
        assert feed is not None
        if self.site:
            feed = feed.replace(self.source.url.encode(), self.site.rstrip("/").encode())
        self.shelf.put("v1/claims.atom", feed)
        self._exported_s = now

    async def _contest(self, contest: str) -> None:
        at = folder(contest)
        path = f"/{quote(at)}"
        await self._copy(f"{path}/names", f"{at}/names.json")
        await self._copy(f"{path}/doubt", f"{at}/doubt.json")
        projected = await self._copy(f"{path}/projection", f"{at}/projection.json")
        await self._copy(f"{path}/projections", f"{at}/projections.json")
        # First while it stands still; as it stood, which costs the service a replay, where it never does.
        for exact in (True,) if contest in self._busy else (False, True):
            known = self.shelf.tag(f"{at}.json") if self._tabling.done(contest) else None
            got = await self.source.get(path, known)
            if got.missing:
                raise SourceAway(f"{self.source.url}{path} is gone")
            if got.body is None:
                index = self.shelf.read(f"{at}/index.json")
                self._busy.discard(contest)
                break
            parts = await self._parts(contest, got, exact=exact)
            if parts is not None:
                index = await self._place(contest, got, parts)
                break
            self._busy.add(contest)
        else:
            raise SourceAway(f"{self.source.url}{path} does not stand still")
        index["projected"] = projected
        self.shelf.put(f"{at}/index.json", json.dumps(index).encode())
        named = {one["path"].lstrip("/") for one in index["certificates"].values()}
        self.shelf.keep_only(f"{at}/certificates", named)

    async def _parts(self, contest: str, got: Got, *, exact: bool) -> list[Part] | None:
        """Everything that goes with a view, at its very position; None: the contest has moved on meanwhile."""
        assert got.body is not None
        view, at = json.loads(got.body), folder(contest)
        seq = view["position"]["seq"]
        path, when = f"/{quote(at)}", f"at={seq}" if exact else ""
        wanted = [
            (f"{at}/units.ndjson", f"{path}/units.ndjson?{when}"),
            (f"{at}/origins.json", f"{path}/origins?{when}"),
            (f"{at}/recent.json", f"{path}/history?after={max(0, seq - RECORDS_BACK)}&{when}"),
            (f"{at}/picture.json", f"{path}/history?points={PICTURE_POINTS}&{when}"),
        ]
        for claim in view["claims"]:
            asked = f"{path}/certificate?claim={quote(claim['id'], safe='')}&{when}"
            wanted.append((claim_file(contest, claim["id"]), asked))
        turn = asyncio.Semaphore(AT_ONCE_MAX)

        async def fetched(file: str, address: str) -> Part:
            async with turn:
                part = await self.source.get(address)
            return file, part.body or b"", part.tag

        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(fetched(*one)) for one in wanted]
        parts = [*(task.result() for task in asking), *await self._history(contest, when)]
        return parts if all(tag == got.tag for _, _, tag in parts) else None

    async def _history(self, contest: str, when: str) -> list[Part]:
        """The pages of the history that are not here for good: a full page never changes."""
        at, after, found = folder(contest), 0, []
        while True:
            file = f"{at}/history/{after}.json" if after else f"{at}/history.json"
            if self.shelf.tag(file) == "full":
                after = self.shelf.read(file)["next"]
                continue
            got = await self.source.whole(f"/{quote(at)}/history?after={after}&{when}")
            assert got.body is not None
            found.append((file, got.body, got.tag))
            following = json.loads(got.body)["next"]
            if following is None:
                return found
            after = following

    async def _place(self, contest: str, got: Got, parts: list[Part]) -> dict[str, Any]:
        """Put a contest's files in place, the view behind its parts; the index that names them, to be put next."""
        assert got.body is not None
        view, at = json.loads(got.body), folder(contest)
        sha: dict[str, str] = {}
        for file, body, _ in parts:
            full = file.startswith(f"{at}/history") and json.loads(body)["next"] is not None
            sha[file] = self.shelf.put(file, body, "full" if full else got.tag)
        bodies = {file: body for file, body, _ in parts}
        tables = await self._tabling.put(contest, bodies[f"{at}/units.ndjson"], bodies[f"{at}/origins.json"])
        certificates = {claim["id"]: claim_file(contest, claim["id"]) for claim in view["claims"]}
        return {
            "format": CONTEST_FORMAT,
            "contest": contest,
            "position": view["position"],
            "view": {"path": f"/{at}.json", "sha256": self.shelf.put(f"{at}.json", got.body, got.tag)},
            "units": {"path": f"/{at}/units.ndjson", "sha256": sha[f"{at}/units.ndjson"]},
            "certificates": {
                claim: {"path": f"/{file}", "sha256": sha[file]} for claim, file in certificates.items()
            },
            "tables": tables,
        }
