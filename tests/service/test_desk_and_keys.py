"""The desk verbs, and who may use which door."""

from pathlib import Path
from typing import Any

from deploy.keyring import new_key, revoke_key
from tests.service.world import batch, claim, definition, report, town


async def counted(client: Any) -> None:
    """Ann 300, Bo 200 in five of six precincts; the last is out with 100 voters."""
    status, _ = await client.post(batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 6))))
    assert status == 201


async def test_dispute_annul_restore(tmp_path: Path) -> None:
    defined = definition(units=12)
    async with town(tmp_path, defined) as client:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 12))))
        before = await claim(client, "elected:ann")
        assert (before["status"], before["slack"]) == ("irreversible", 120)
        status, answer = await client.desk("dispute", units=["p001", "p003", "p005", "p007", "p009", "p011"])
        assert (status, answer["accepted"]) == (201, 6)
        view = await client.view()
        assert view["units"]["disputed"] == 6
        assert view["totals"][0] == {"selection": "ann", "votes": 660, "votes_disputed": 360}
        disputed = next(c for c in view["claims"] if c["id"] == "elected:ann")
        assert (disputed["status"], disputed["slack"]) == ("irreversible", 120), "a dispute changes no total"
        assert disputed["robust"] == {
            "if_all_disputed_annulled": False,
            "if_any_disputed_annulled": False,
            "units_to_overturn": 6,
            "ballots_to_overturn": 600,
        }
        status, _ = await client.desk("annul", units=["north"])
        assert status == 201
        view = await client.view()
        assert (view["units"]["annulled"], view["totals"][0]["votes"]) == (6, 300)
        withdrawn = next(c for c in view["claims"] if c["id"] == "elected:ann")
        assert withdrawn["status"] == "withdrawn"
        status, _ = await client.desk("restore", units=["p001", "p003", "p005", "p007", "p009", "p011"])
        assert status == 201
        again = await claim(client, "elected:ann")
        assert (again["status"], again["slack"]) == ("irreversible", 120)
        history = await client.get("/v1/contests/mayor/history")
        assert [t["status"] for t in history["claims"] if t["claim"] == "elected:ann"] == [
            "irreversible",
            "withdrawn",
            "irreversible",
        ]
        assert {c["kind"] for c in history["corrections"]} == {"dispute", "annul", "restore"}


async def test_desk_refusals(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        for body, status, code, pointer in [
            ({"units": ["p001"], "reason": " "}, 422, "reason-required", "/reason"),
            ({"units": ["nowhere"]}, 422, "unknown-unit", "/units/0"),
            ({"units": []}, 422, "field-missing", "/units"),
            ({"units": ["p001"], "contest": "judge"}, 422, "unknown-contest", "/contest"),
            ({"units": ["p001"], "colour": 1}, 422, "unknown-field", "/colour"),
        ]:
            got, problem = await client.desk("dispute", **body)
            assert (got, problem["code"], problem["pointer"]) == (status, code, pointer)
        status, problem = await client.desk("restore", units=["p001"])
        assert (status, problem["code"]) == (409, "nothing-to-restore")
        status, problem = await client.desk("embargo", units=["p001"])
        assert (status, problem["code"]) == (404, "not-in-this-release")
        status, problem = await client.desk("bless", units=["p001"])
        assert (status, problem["code"]) == (404, "unknown-action")


async def test_correct_carries_the_desk_s_reason(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        await counted(client)
        fix = batch("fix-1", report("p001", 50, 50, revision=2))
        status, answer = await client.desk("correct", reason="tape misread", batch=fix)
        assert (status, answer["accepted"]) == (201, 1)
        history = await client.get("/v1/contests/mayor/history")
        assert [(c["kind"], c["reason"]) for c in history["corrections"]] == [("correction", "tape misread")]
        status, problem = await client.desk("correct", batch=batch("fix-2", report("p001", -1)))
        assert (status, problem["pointer"]) == (422, "/batch/reports/0/counts/ann")


async def test_amend_adds_and_never_takes_away(tmp_path: Path) -> None:
    defined = definition()
    async with town(tmp_path, defined) as client:
        await counted(client)
        assert (await claim(client, "elected:ann"))["status"] == "open"
        old = await client.get("/v1/election")
        wider = definition(units=7)
        wider["contests"][0]["selections"].append({"id": "dee", "name": "Dee"})
        status, answer = await client.desk("amend", reason="a precinct was forgotten", definition=wider)
        assert (status, answer["position"]["seq"]) == (201, 3)
        view = await client.view()
        assert (view["units"]["total"], view["outstanding"]["certain"]) == (7, 200)
        assert [t["votes"] for t in view["totals"]] == [300, 200, 0, 0]
        status, _ = await client.post(
            batch("old", report("p006", 60, 40), definition_sha256=old["definition_sha256"])
        )
        assert status == 422, "dee has to be counted now"
        row = report("p006", 60, 40)
        row["counts"]["dee"] = 0
        status, _ = await client.post(batch("old", row, definition_sha256=old["definition_sha256"]))
        assert status == 201, "for a while the definition before may be named"
        for spoil, pointer in [
            (lambda d: d["units"].pop(), "/definition/units"),
            (lambda d: d["units"].reverse(), "/definition/units"),
            (lambda d: d["contests"][0].update(votes_allowed=2), "/definition/contests/0/votes_allowed"),
            (lambda d: d["election"].update(is_test=True), "/definition/election"),
            (lambda d: d["units"].append({"id": "x", "parent": "p001"}), "/definition/units"),
        ]:
            spoilt = definition(units=7)
            spoilt["contests"][0]["selections"].append({"id": "dee", "name": "Dee"})
            spoil(spoilt)
            status, problem = await client.desk("amend", definition=spoilt)
            assert (status, problem["code"], problem["pointer"]) == (422, "bad-definition", pointer)


async def test_a_withdrawn_selection_cannot_win(tmp_path: Path) -> None:
    defined = definition()
    async with town(tmp_path, defined) as client:
        await client.post(batch("b1", *(report(f"p{n:03}", 60, 40) for n in range(1, 7))))
        assert (await claim(client, "elected:ann"))["status"] == "irreversible"
        gone = definition()
        gone["contests"][0]["selections"][0]["withdrawn"] = True
        status, _ = await client.desk("amend", reason="Ann withdrew", definition=gone)
        assert status == 201
        assert (await claim(client, "elected:ann"))["status"] == "withdrawn"
        assert (await claim(client, "elected:bo"))["status"] == "irreversible"
        assert (await client.view())["leader"] == "bo"


async def test_a_key_writes_only_its_units(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    north = new_key(keys, "north", operator=False, units=["p00[135]"], contests=["*"])
    gone = new_key(keys, "gone", operator=False, units=["*"], contests=["*"])
    desk = new_key(keys, "desk", operator=True, units=["*"], contests=["*"])
    revoke_key(keys, "gone")
    assert keys.stat().st_mode & 0o077 == 0
    async with town(tmp_path, definition(), keys=keys) as client:

        async def send(secret: str | None, unit: str, batch_id: str = "b1") -> tuple[int, str]:
            headers = {"Content-Type": "application/json"}
            if secret is not None:
                headers["Authorization"] = f"Bearer {secret}"
            status, answer = await client.post(batch(batch_id, report(unit, 5)), headers=headers)
            return status, answer.get("code", "")

        assert await send(None, "p001") == (401, "bad-signature")
        assert await send("", "p001") == (401, "bad-signature")
        assert await send(north + " ", "p001") in {(401, "bad-signature"), (201, "")}
        assert await send(north[:-1], "p001") == (401, "bad-signature")
        assert await send(desk, "p001") == (401, "bad-signature"), "an operator's key opens the desk only"
        assert await send(gone, "p001") == (401, "key-revoked")
        assert await send(north, "p002", "b2") == (403, "out-of-scope")
        assert await send(north, "p003", "b3") == (201, "")
        status, problem = await client.desk("dispute", units=["p003"])
        assert (status, problem["code"]) == (401, "bad-signature")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {desk}"}
        status, _ = await client.post({"reason": "x", "units": ["p003"]}, "/v1/desk/dispute", headers=headers)
        assert status == 201


async def test_many_wrong_keys_wait_but_a_good_one_does_not(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    good = new_key(keys, "good", operator=False, units=["*"], contests=["*"])
    async with town(tmp_path, definition(), keys=keys) as client:
        codes = []
        for n in range(120):
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer wrong-{n}"}
            status, problem = await client.post(batch("b1", report("p001", 5)), headers=headers)
            codes.append((status, problem["code"]))
        assert codes[0] == (401, "bad-signature")
        assert codes[-1] == (429, "too-many-failures")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {good}"}
        status, _ = await client.post(batch("b1", report("p001", 5)), headers=headers)
        assert status == 201


async def test_an_operator_s_scope_holds_at_the_desk_too(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    north = new_key(keys, "north", operator=True, units=["p00[135]"], contests=["*"])
    mayor = new_key(keys, "mayor", operator=True, units=["*"], contests=["mayor"])
    async with town(tmp_path, definition(), keys=keys) as client:

        async def act(secret: str, action: str, **body: object) -> tuple[int, str]:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
            status, answer = await client.post({"reason": "x", **body}, f"/v1/desk/{action}", headers=headers)
            return status, answer.get("code", "")

        assert await act(north, "dispute", units=["p002"]) == (403, "out-of-scope")
        assert await act(north, "dispute", units=["south"]) == (403, "out-of-scope")
        assert await act(north, "dispute", units=["north"]) == (201, "")
        assert await act(north, "amend", definition=definition(units=7)) == (403, "out-of-scope")
        assert await act(mayor, "annul", units=["p002"]) == (403, "out-of-scope"), (
            "without a contest it is every one"
        )
        assert await act(mayor, "annul", units=["p002"], contest="mayor") == (201, "")
