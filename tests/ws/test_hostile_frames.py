"""Every bad frame against a real server: the close owed, and the others undisturbed."""

import struct

import pytest

from tests.ws.live import Live, Raw, until

# Frames. What RFC 6455 forbids is the library's to refuse; what it lets pass is ours.

BAD_FRAMES = [
    ("reserved bit 1", b"\xc1\x80\0\0\0\0", 1002),
    ("reserved bit 2", b"\xa1\x80\0\0\0\0", 1002),
    ("reserved bit 3", b"\x91\x80\0\0\0\0", 1002),
    ("reserved opcode 3", b"\x83\x80\0\0\0\0", 1002),
    ("reserved opcode 11", b"\x8b\x80\0\0\0\0", 1002),
    ("fragmented ping", b"\x09\x80\0\0\0\0", 1002),
    ("ping of 126 bytes", b"\x89\xfe\x00\x7e\0\0\0\0" + b"p" * 126, 1002),
    ("stray continuation", b"\x80\x80\0\0\0\0", 1002),
    ("new message inside another", b"\x01\x81\0\0\0\0a\x81\x81\0\0\0\0b", 1002),
    ("close of one byte", b"\x88\x81\0\0\0\0\x03", 1002),
    ("close code 1005", b"\x88\x82\0\0\0\0\x03\xed", 1002),
    ("close code 999", b"\x88\x82\0\0\0\0\x03\xe7", 1002),
    ("close reason not UTF-8", b"\x88\x84\0\0\0\0\x03\xe8\xff\xff", 1007),
    ("text not UTF-8", b"\x81\x82\0\0\0\0\xc3\x28", 1007),
    ("text not UTF-8 over fragments", b"\x01\x81\0\0\0\0\xc3\x80\x81\0\0\0\0\x28", 1007),
    ("2^62 bytes by header alone", b"\x81\xff\x40\0\0\0\0\0\0\0\0\0\0\0", 1009),
    ("one byte over 64 KiB", b"\x81\xff\0\0\0\0\0\x01\0\x01\0\0\0\0", 1009),
    (
        "over 64 KiB by fragments",
        b"\x01\xfe\xc0\0\0\0\0\0" + b"x" * 0xC000 + b"\x00\xfe\xc0\0\0\0\0\0",
        1009,
    ),
    ("unmasked", b"\x81\x02{}", 1002),
    ("65 fragments", b"\x01\x81\0\0\0\0{" + b"\x00\x81\0\0\0\0 " * 64, 3501),
    ("empty fragments for ever", b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 500, 3501),
    ("binary on the JSON protocol", b"\x82\x81\0\0\0\0\x80", 1003),
    ("not JSON", b"\x81\x85\0\0\0\0hello", 3501),
    ("unknown op", b'\x81\x8a\0\0\0\0{"op":"x"}', 3501),
]


@pytest.mark.parametrize(("name", "stream", "code"), BAD_FRAMES, ids=[name for name, _, _ in BAD_FRAMES])
async def test_bad_frames_close_that_connection_only(
    server: Live, name: str, stream: bytes, code: int
) -> None:
    good = await Raw.open(server.port, {"channel": "contest:a"})
    bad = await Raw.open(server.port)
    await bad.json()
    bad.writer.write(stream)
    assert (await bad.closed())[0] == code, name
    await good.json()
    await good.json()
    server.put("contest:a", 6, {"v": 6})
    assert (await good.json())["push"]["pub"]["data"] == {"v": 6}
    assert server.streaming.counters.closed[code] == 1
    await bad.leave()
    await good.leave()


async def test_a_message_of_exactly_64_kib_is_read(server: Live) -> None:
    client = await Raw.open(server.port)
    await client.json()
    command = b'{"id":2,"ping":{}}'
    client.send(command + b" " * (65_536 - len(command)))
    assert await client.json() == {"id": 2, "ping": {}}
    await client.leave()


async def test_64_fragments_with_a_ping_between_are_one_message(server: Live) -> None:
    client = await Raw.open(server.port)
    await client.json()
    command = b'{"id":2,"ping":{}}'.ljust(64)
    client.frame(command[:1], 0x01)
    client.frame(b"hello", 0x89)
    for byte in command[1:-1]:
        client.frame(bytes([byte]), 0x00)
    client.frame(command[-1:], 0x80)
    assert await client.receive() == (10, b"hello")
    assert await client.json() == {"id": 2, "ping": {}}
    await client.leave()


async def test_compressed_frames_were_not_negotiated(server: Live) -> None:
    client, status, headers, _ = await Raw.request(
        server.port, {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    )
    assert (status, headers.get("sec-websocket-extensions")) == (101, None)
    client.frame(b"\xaa\x00", 0xC1)
    assert (await client.closed())[0] == 1002
    await client.leave()


@pytest.mark.parametrize("flood", ["commands", "pings", "pongs", "one message"])
async def test_floods_are_a_terminal_close(server: Live, flood: str) -> None:
    client = await Raw.open(server.port)
    await client.json()
    for number in range(40):
        match flood:
            case "commands":
                client.send(b'{"id":%d,"ping":{}}' % (number + 2))
            case "pings":
                client.frame(b"p", 0x89)
            case "pongs":
                client.frame(b"p", 0x8A)
    if flood == "one message":
        client.send(b"\n".join(b"{}" for _ in range(40)))
    assert await client.closed() == (3503, "rate")
    await client.leave()


async def test_a_clean_close_is_answered_with_its_code(server: Live) -> None:
    client = await Raw.open(server.port)
    await client.json()
    client.frame(struct.pack("!H", 1000), 0x88)
    code, _ = await client.closed()
    assert code == 1000
    await client.leave()


async def test_a_torn_handshake_leaves_nothing_behind(server: Live) -> None:
    for _ in range(20):
        client, _, _, _ = await Raw.request(server.port)
        client.writer.transport.abort()
    await until(lambda: server.streaming.counters.connections == 0)
    assert server.streaming.fanout.sockets == {}
