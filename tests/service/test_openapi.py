"""The service and docs/openapi.json say the same: routes, parameters, answers in every state, refusals."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.service.documented import Judge
from tests.service.test_projection import FAST, LATER, count, fresh, night, until
from tests.service.world import Client, batch, definition, report, town
from ws.picture import WAITING_MAX

SPECIAL = {"/v1/stream", "/connection/websocket"}
REFUSED_PARAMETERS = {"/v1/contests/{id}/projection": {"at"}, "/v1/contests/{id}/projections": {"at"}}
"""Parameters that are looked at only to be refused."""


def template(path: str) -> str:
    return "/static/{name}" if path.startswith("/static/") else path


def routes(client: Client) -> set[tuple[str, str]]:
    """Every (method, path) the service's two listeners route."""
    found = set()
    for runner in client.service.runners[:2]:
        for route in runner.app.router.routes():
            path = template(route.resource.canonical)
            found |= {("get" if route.method == "*" else route.method.lower(), path)}
    return found


async def test_the_router_and_the_document_have_the_same_paths(tmp_path: Path) -> None:
    told = {
        (method, path)
        for path, item in Judge().document["paths"].items()
        for method in item
        if method != "servers"
    }
    async with town(tmp_path) as client:
        assert routes(client) == told


class Asked(Mapping[str, str]):
    """A query that notes what is looked for in it."""

    def __init__(self, query: Mapping[str, str], noted: set[str]) -> None:
        self.query, self.noted = query, noted

    def __getitem__(self, name: str) -> str:
        self.noted.add(name)
        return self.query[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.query)

    def __len__(self) -> int:
        return len(self.query)


EXAMPLES = {
    "at": "2", "after": "1", "limit": "2", "points": "2", "claim": "elected:ann", "q": "p", "parent": "north", "form": "canonical",
    "contest": "mayor", "units": "1", "format": "json", "maxwidth": "300", "maxheight": "200",
    "channels": "contest:mayor", "last_event_id": "x/1", "size": "card", "theme": "dark", "lang": "es", "rows": "3",
    "accent": "ff0000", "url": "",
}  # fmt: skip


async def test_every_parameter_looked_for_is_told_and_none_besides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: dict[str, set[str]] = {}

    def query(request: web.Request) -> Mapping[str, str]:
        resource = request.match_info.route.resource
        assert resource is not None
        return Asked(request.rel_url.query, noted.setdefault(template(resource.canonical), set()))

    judge = Judge()
    async with town(tmp_path) as client:
        await client.post(batch("b1", report("p001", 3)))
        monkeypatch.setattr(web.BaseRequest, "query", property(query))
        for path in judge.document["paths"]:
            if path == "/connection/websocket" or "get" not in judge.document["paths"][path]:
                continue
            told = [p for p in judge.operation(path).get("parameters", []) if p.get("in") == "query"]
            base = client.ingest if judge.operation(path)["tags"] == ["writing"] else client.read
            address = base + path.replace("{id}", "mayor").replace("{name}", "style.css")
            wholly = {p["name"]: EXAMPLES[p["name"]] for p in told}
            if "/oembed" in path:
                wholly["url"] = f"{client.read}/embed/mayor"
            less = ({n: v for n, v in wholly.items() if n != left} for left in ("after", "limit", "points"))
            for sent in ({}, *less, wholly):
                async with client.http.get(address, params=sent) as response:
                    assert response.status < 500, path
            expected = {p["name"] for p in told} | REFUSED_PARAMETERS.get(path, set())
            assert noted.get(path, set()) == expected, path
    assert noted["/v1/contests/{id}/units"] == {"at", "parent", "after", "limit", "q"}


async def look(client: Client, judge: Judge, path: str, query: str = "", **headers: str) -> bytes:
    """One GET, judged by what the document says of its path; `{id}` is the contest of every night here."""
    base = client.ingest if judge.operation(path)["tags"] == ["writing"] else client.read
    address = base + path.replace("{id}", headers.pop("id", "mayor")).replace("{name}", "style.css") + query
    async with client.http.get(address, headers=headers) as response:
        body = await response.read()
        judge.judge(path, response, body)
        if response.headers.get("ETag") and response.status == 200 and "?at=" not in query:
            tag = response.headers["ETag"]
            async with client.http.get(address, headers={"If-None-Match": tag}) as again:
                judge.judge(path, again, await again.read())
    return body


async def look_around(client: Client, judge: Judge, claims: tuple[str, ...] = ("elected:ann",)) -> None:
    """Every path that answers with 200 or 304, as the count stands."""
    for path, item in judge.document["paths"].items():
        if path in SPECIAL or "get" not in item or path == "/v1/bulletins":
            continue
        names = {p.get("name") for p in item["get"].get("parameters", [])}
        if "claim" in names:
            for claim in claims:
                await look(client, judge, path, f"?claim={claim}")
        elif path == "/oembed":
            await look(client, judge, path, f"?url={client.read}/embed/{id}")
        else:
            await look(client, judge, path)
            if "at" in names:
                await look(client, judge, path, "?at=1")
            if "points" in names:
                await look(client, judge, path, "?points=2")
            if "units" in names:
                await look(client, judge, path, "?units=1")
    for parent in ("north", "p001"):
        await look(client, judge, "/v1/contests/{id}/units", f"?parent={parent}")
    for path in ("/v1/contests", "/v1/contests/{id}/units"):
        await look(client, judge, path, "?q=o")
    for line in (await look(client, judge, "/v1/contests/{id}/units.ndjson")).splitlines():
        judge.fits("ProofRow", json.loads(line))


async def sent(client: Client, judge: Judge, path: str, body: Any, action: str = "") -> int:
    """A POST, judged."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    address = client.ingest + path.replace("{action}", action)
    async with client.http.post(address, data=data, headers={"Content-Type": "application/json"}) as response:
        judge.judge(path, response, await response.read(), "post")
        return response.status


async def test_answers_in_every_state_are_as_told(tmp_path: Path) -> None:
    judge, batches, desk = Judge(), "/v1/batches", "/v1/desk/{action}"
    assumed = {"id": "low", "text": "few come", "kind": "turnout_max", "value": [1, 2]}
    async with town(tmp_path, definition() | {"assumptions": [assumed]}) as client:
        await look_around(client, judge)
        assert await sent(client, judge, batches, batch("b1", report("p001", 30, 5, reason="of old"))) == 201
        assert await sent(client, judge, batches, batch("b1", report("p001", 30, 5, reason="of old"))) == 200
        held = report("p002", 90, 20, 30)
        assert await sent(client, judge, batches, batch("b2", held)) == 202
        opened = report("p003", 9, 1, status="in-process", ballots_declared=60)
        assert await sent(client, judge, batches, batch("b3", opened)) == 201
        await look_around(client, judge)
        assert await sent(client, judge, desk, {"units": ["p001"], "reason": "seal"}, "dispute") == 201
        lower = report("p001", 29, 5, revision=2, reason="misread")
        assert await sent(client, judge, batches, batch("b4", lower)) == 201
        await look_around(client, judge)
        assert await sent(client, judge, desk, {"units": ["p003"], "reason": "burnt"}, "annul") == 201
        rest = [report(f"p{n:03}", 95, 1) for n in (4, 5, 6)]
        assert await sent(client, judge, batches, batch("b5", *rest)) == 201
        view = await client.view()
        assert view["claims"][0]["status"] == "irreversible"
        await look_around(client, judge, ("elected:ann", "elected:bo"))
        assert await sent(client, judge, desk, {"units": ["p004", "p005"], "reason": "court"}, "annul") == 201
        assert (await client.view())["claims"][0]["status"] == "withdrawn"
        await look_around(client, judge)


RULES: dict[str, dict[str, Any]] = {
    "irv": {"rule": {"type": "irv"}},
    "seats": {"rule": {"type": "highest_averages", "seats": 5}},
    "college": {"rule": {"type": "electoral_college", "need": 6}, "districts": [{"unit": "north", "weight": 5}, {"unit": "south", "weight": 5}]},
    "pools": {"caps": [{"units": ["p001", "p003"], "ballots": 150, "hard": True, "source": "mail"}], "count_types": ["mail", "booth"]},
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
async def test_answers_under_other_rules_are_as_told(tmp_path: Path, name: str) -> None:
    judge = Judge()
    async with town(tmp_path, definition(**RULES[name])) as client:
        more: dict[str, Any] = {"type": "mail"} if name == "pools" else {}
        if name == "irv":
            more["ballots"] = [{"ranking": ["ann", "bo"], "count": 60}, {"ranking": ["bo"], "count": 9}]
        for n in range(1, 6):
            assert (
                await sent(client, judge, "/v1/batches", batch(f"b{n}", report(f"p{n:03}", 60, 9, **more)))
                == 201
            )
        async with asyncio.timeout(60):
            while not (claims := [one["id"] for one in (await client.view())["claims"]]):
                await asyncio.sleep(0.02)  # judged beside the count
        await look_around(client, judge, tuple(claims[:6]))


async def test_projections_are_as_told(tmp_path: Path) -> None:
    judge, path = Judge(), "/v1/contests/{id}/projection"
    async with town(tmp_path, night(), **FAST) as client:
        for part in (path, f"{path}s"):
            await look(client, judge, part)
        await count(client, 0, LATER)
        view = await until(client, fresh)
        assert view["status"] == "projected"
        for part in (path, f"{path}s"):
            await look(client, judge, part)


WRONG = [
    ("/v1/contests", "?at=x", "mayor", 400, "bad-query"),
    ("/v1/contests", "?at=99", "mayor", 404, "unknown-position"),
    *(
        ("/v1/contests/{id}" + part, "?claim=elected:ann" if part in {"/certificate", "/weakest"} else "", "nobody", 404, "unknown-contest")
        for part in ("", "/names", "/units", "/units.ndjson", "/origins", "/certificate", "/weakest", "/history", "/projection", "/projections", "/doubt")
    ),
    *(
        ("/v1/contests/{id}" + part, f"?claim=elected:ann&at={at}", "mayor", status, code)
        for part in ("", "/units", "/units.ndjson", "/origins", "/certificate", "/weakest", "/history")
        for at, status, code in (("x", 400, "bad-query"), ("99", 404, "unknown-position"))
    ),
    ("/v1/contests/{id}/units", "?parent=nowhere", "mayor", 404, "unknown-unit"),
    ("/v1/contests/{id}/certificate", "?claim=x", "mayor", 404, "unknown-claim"),
    ("/v1/contests/{id}/weakest", "?claim=x", "mayor", 404, "unknown-claim"),
    *(
        ("/v1/contests/{id}" + part, query, "mayor", 404, code)
        for part in ("/projection", "/projections")
        for query, code in (("?at=1", "not-in-this-release"), ("", "not-projected"))
    ),
    ("/v1/observers", "?after=x", "mayor", 400, "bad-query"),
    ("/v1/bulletins", "", "mayor", 404, "not-in-this-release"),
    ("/v1/stream", "", "mayor", 400, "bad-query"),
    ("/v1/stream", "?channels=x", "mayor", 404, "unknown-channel"),
    ("/connection/websocket", "", "mayor", 400, "bad-handshake"),
    ("/embed/{id}/card.svg", "", "nobody", 404, "unknown-contest"),
    ("/embed/{id}/card.png", "", "nobody", 404, "unknown-contest"),
    ("/oembed", "", "mayor", 400, "bad-query"),
    ("/oembed", "?url=x", "mayor", 404, "no-oembed"),
    ("/oembed", "?url=x&format=xml", "mayor", 501, "no-oembed"),
    *(
        (f"/v1/export{name}", query, "mayor", status, code)
        for name in (".csv", ".json", ".xlsx", "/cdf.json", "/cdf.xml")
        for query, status, code in (("?units=x", 400, "bad-query"), ("?contest=x", 404, "unknown-contest"))
    ),
]  # fmt: skip
ELSEWHERE = {"too-many-connections", "shutting-down", "origin-not-allowed"}
"""Codes of a full or stopping server and of other people's pages: tests/ws provokes them."""


async def test_every_refusal_of_the_read_door_is_as_told_and_can_be_met(tmp_path: Path) -> None:
    judge = Judge()
    async with town(tmp_path, projection_interval_ms=0) as client:
        for path, query, contest, status, code in WRONG:
            body = await look(client, judge, path, query, id=contest)
            assert (json.loads(body)["status"], json.loads(body)["code"]) == (status, code), (path, query)
        upgrade = {
            "Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "A" * 22 + "==",
        }  # fmt: skip
        await look(client, judge, "/connection/websocket", **upgrade)
        await look(client, judge, "/contest/{id}", id="nobody")
        await look(client, judge, "/embed/{id}", id="nobody")
        await look(client, judge, "/v1/contests", Host="elsewhere.example")
        async with asyncio.TaskGroup() as crowd:  # more pictures than wait for the first to be drawn
            for _ in range(2 * WAITING_MAX):
                crowd.create_task(look(client, judge, "/embed/{id}/card.png"))
    told = {
        (path, status, code)
        for path, item in judge.document["paths"].items()
        if "get" in item
        for status, answer in item["get"]["responses"].items()
        if "application/problem+json" in answer.get("content", {})
        for code in answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"][
            "enum"
        ]
    }
    never = {one for one in told - judge.seen if one[2] not in ELSEWHERE}
    assert not never, f"told, but never met: {sorted(never)}"


async def test_a_judge_sees_what_is_wrong(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for broken in ("required", "surplus", "type"):
            judge = Judge()
            shape = judge.document["components"]["schemas"]["ContestView"]
            if broken == "required":
                shape["properties"]["more"] = {}
                shape["required"].append("more")
            elif broken == "surplus":
                del shape["properties"]["lead"]
            else:
                shape["properties"]["lead"] = {"type": "string"}
            with pytest.raises(AssertionError, match=r"more|lead"):
                await look(client, judge, "/v1/contests/{id}")
        judge = Judge()
        del judge.operation("/v1/contests/{id}")["responses"]["200"]["headers"]["ETag"]
        with pytest.raises(AssertionError, match="ETag"):
            await look(client, judge, "/v1/contests/{id}")
