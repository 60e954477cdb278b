"""What a body is: malformed, hostile or huge, it gets one clear answer, soon, and costs little."""

import json
import random
import resource
from pathlib import Path

import msgpack
import pytest

from tests.service.world import batch, report, town

JSON = {"Content-Type": "application/json"}
MSGPACK = {"Content-Type": "application/msgpack"}
GOOD = batch("b1", report("p001", 10, 5, 1))
TEXT = json.dumps(GOOD)

# fmt: off
BODIES: list[tuple[str, bytes, int, str]] = [
    ("empty", b"", 400, "malformed-json"),
    ("truncated", TEXT[:-5].encode(), 400, "malformed-json"),
    ("trailing", TEXT.encode() + b"x", 400, "malformed-json"),
    ("two documents", (TEXT + TEXT).encode(), 400, "malformed-json"),
    ("array root", b"[" + TEXT.encode() + b"]", 400, "malformed-json"),
    ("NaN", TEXT.replace('"invalid": 0', '"invalid": NaN').encode(), 400, "malformed-json"),
    ("Infinity", TEXT.replace('"invalid": 0', '"invalid": -Infinity').encode(), 400, "malformed-json"),
    ("1.0", TEXT.replace('"invalid": 0', '"invalid": 0.0').encode(), 422, "number-not-integer"),
    ("1e400", TEXT.replace('"invalid": 0', '"invalid": 1e400').encode(), 422, "number-not-integer"),
    ("15e1", TEXT.replace('"invalid": 0', '"invalid": 15e1').encode(), 422, "number-not-integer"),
    ("-0", TEXT.replace('"invalid": 0', '"invalid": -0').encode(), 422, "count-negative"),
    ("5,000 digits", TEXT.replace('"invalid": 0', '"invalid": ' + "9" * 5_000).encode(), 422, "count-out-of-range"),
    ("duplicate key", TEXT.replace('"unit": "p001"', '"unit": "p002", "unit": "p001"').encode(), 400, "duplicate-key"),
    ("escaped twin", TEXT.replace('"unit": "p001"', '"unit": "p002", "\\u0075nit": "p001"').encode(), 400, "duplicate-key"),
    ("UTF-16", TEXT.encode("utf-16"), 400, "not-utf8"),
    ("UTF-32", TEXT.encode("utf-32-le"), 400, "not-utf8"),
    ("BOM", b"\xef\xbb\xbf" + TEXT.encode(), 400, "not-utf8"),
    ("Latin-1", TEXT.replace("p001", "p\xe9").encode("latin-1"), 400, "not-utf8"),
    ("overlong", TEXT.encode().replace(b"p001", b"p\xc0\xaf1"), 400, "not-utf8"),
    ("lone surrogate", TEXT.replace("p001", "\\ud800").encode(), 400, "not-utf8"),
    ("17 levels", TEXT.replace('"invalid": 0', '"invalid": ' + "[" * 17 + "]" * 17).encode(), 400, "too-deep"),
    ("100,000 brackets", b"[" * 100_000, 400, "too-deep"),
    ("brackets in text", TEXT.replace("p001", "[" * 40).encode(), 422, "bad-identifier"),
]
# fmt: on


@pytest.mark.parametrize(("body", "status", "code"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_json(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    async with town(tmp_path) as client:
        got, problem = await client.post(body)
        assert (got, problem["code"]) == (status, code), problem
        assert (await client.view())["ballots_cast"] == 0


def packed(**changes: object) -> bytes:
    return bytes(msgpack.packb({**GOOD, **changes}))


# fmt: off
PACKED: list[tuple[str, bytes, int, str]] = [
    ("0xc1", b"\xc1", 400, "malformed-msgpack"),
    ("truncated", packed()[:-3], 400, "malformed-msgpack"),
    ("trailing", packed() + b"\x00", 400, "malformed-msgpack"),
    ("map32 of 4 GiB", b"\xdf\xff\xff\xff\xff", 400, "malformed-msgpack"),
    ("str32 of 4 GiB", b"\xdb\xff\xff\xff\xff", 400, "malformed-msgpack"),
    ("bin32 of 4 GiB", b"\xc6\xff\xff\xff\xff", 400, "malformed-msgpack"),
    ("200,000 nested", b"\x91" * 200_000, 400, "too-deep"),
    ("ext type", packed(created=msgpack.ExtType(5, b"x")), 400, "malformed-msgpack"),
    ("timestamp", packed(created=msgpack.Timestamp(1)), 400, "malformed-msgpack"),
    ("int key", bytes(msgpack.packb({1: 2})), 400, "malformed-msgpack"),
    ("nil key", b"\x81\xc0\x01", 400, "malformed-msgpack"),
    ("array key", b"\x81\x90\x01", 400, "malformed-msgpack"),
    ("duplicate key", b"\x82\xa1a\x01\xa1a\x01", 400, "duplicate-key"),
    ("NaN", packed(reports=[{**GOOD["reports"][0], "invalid": float("nan")}]), 400, "malformed-msgpack"),
    ("bad UTF-8", b"\x81\xa1\xff\x01", 400, "malformed-msgpack"),
    ("binary", packed(batch_id=b"b1"), 400, "malformed-msgpack"),
    ("float", packed(reports=[{**GOOD["reports"][0], "invalid": 0.0}]), 422, "number-not-integer"),
    ("array root", bytes(msgpack.packb([GOOD])), 400, "malformed-json"),
]
# fmt: on


@pytest.mark.parametrize(("body", "status", "code"), [b[1:] for b in PACKED], ids=[b[0] for b in PACKED])
async def test_msgpack(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    async with town(tmp_path) as client:
        got, problem = await client.post(body, headers=MSGPACK)
        assert (got, problem["code"]) == (status, code), problem


async def test_the_same_batch_in_both_encodings_is_one(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        status, first = await client.post(packed(), headers=MSGPACK)
        assert status == 201
        status, again = await client.post(GOOD)
        assert (status, again["duplicate"], again["position"]) == (200, True, first["position"])


async def test_media_type_encoding_and_size(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        status, problem = await client.post(TEXT.encode(), headers={"Content-Type": "text/plain"})
        assert (status, problem["code"]) == (415, "media-type")
        status, problem = await client.post(TEXT.encode(), headers={**JSON, "Content-Encoding": "gzip"})
        assert (status, problem["code"]) == (415, "content-encoding")
        status, problem = await client.post(b" " * ((1 << 20) + 1))
        assert (status, problem["code"]) == (413, "body-too-large")

        async def endless() -> object:
            for _ in range(40):
                yield b" " * 65_536

        async with client.http.post(client.ingest + "/v1/batches", data=endless(), headers=JSON) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (
                413,
                "body-too-large",
            )


async def test_memory_stays_flat_over_rejected_bodies(tmp_path: Path) -> None:
    async with town(tmp_path) as client:
        bodies = [body for _, body, _, _ in PACKED]
        for body in bodies * 4:
            await client.post(body, headers=MSGPACK)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for body in bodies * 30:
            await client.post(body, headers=MSGPACK)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert (after - before) * 1024 < 32 << 20


async def test_300_mutations_are_never_a_server_error(tmp_path: Path) -> None:
    chance = random.Random(11)
    async with town(tmp_path) as client:
        for n in range(300):
            raw = bytearray(TEXT.encode() if n % 2 else packed())
            for _ in range(chance.randint(1, 6)):
                where = chance.randrange(len(raw))
                match chance.randrange(3):
                    case 0:
                        raw[where] = chance.randrange(256)
                    case 1:
                        del raw[where]
                    case _:
                        raw.insert(where, chance.randrange(256))
            status, answer = await client.post(bytes(raw), headers=JSON if n % 2 else MSGPACK)
            assert status < 500, (bytes(raw), answer)
            assert status in {200, 201, 202} or answer["code"]
