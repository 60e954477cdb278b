"""MessagePack over a real socket: the objects of the JSON form, and the bytes the board gave."""

import struct

import msgpack

from tests.ws.board import ScriptedBoard
from tests.ws.live import Raw, live

BINARY = 0x82


async def packed(client: Raw) -> list[dict]:
    opcode, payload = await client.receive()
    assert opcode == 2
    unpacker = msgpack.Unpacker()
    unpacker.feed(payload)
    return list(unpacker)


async def test_messagepack_clients_hear_the_same_beside_json_ones() -> None:
    board = ScriptedBoard(["contest:a"])
    board.put("contest:a", 5, {"v": 5})
    async with live(board) as running:
        plain = await Raw.open(running.port, {"channel": "contest:a"})
        binary, status, headers, _ = await Raw.request(
            running.port, {"Sec-WebSocket-Protocol": "tally-msgpack"}
        )
        assert (status, headers["sec-websocket-protocol"]) == (101, "tally-msgpack")
        subscribe = {"id": 2, "subscribe": {"channel": "contest:a"}}
        binary.frame(msgpack.packb({"id": 1, "connect": {}}) + msgpack.packb(subscribe), BINARY)
        connected, subscribed = await packed(binary)
        assert connected["connect"]["version"] == "tally test"
        await plain.json()
        assert subscribed == await plain.json()

        published = running.put("contest:a", 6, {"v": 6, "name": "Nicolás", "big": 2**53 + 1})
        opcode, payload = await binary.receive()
        assert opcode == 2
        assert published.msgpack in payload
        assert msgpack.unpackb(payload) == await plain.json()

        binary.frame(b"\x80\x81\xa2id", BINARY)
        assert await binary.closed() == (3501, "bad request")
        await binary.leave()


async def test_text_on_the_messagepack_protocol_is_the_wrong_kind() -> None:
    async with live(ScriptedBoard(["contest:a"])) as running:
        client, _, _, _ = await Raw.request(running.port, {"Sec-WebSocket-Protocol": "tally-msgpack"})
        client.send(b'{"id":1,"connect":{}}')
        assert await client.closed() == (1003, "wrong message type")
        client.frame(struct.pack("!H", 1003), 0x88)
        await client.leave()
