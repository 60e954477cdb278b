"""WebSocket framing we do ourselves: a header a shared message, a watch on what comes in."""

from dataclasses import dataclass

from ws import limits

TEXT = 0x1
BINARY = 0x2
PONG = 0xA
_FIN = 0x80
_MASKED = 0x80
_CONTROL = 0x8


def frame(opcode: int, payload: bytes) -> bytes:
    """One unfragmented, unmasked server frame. Built once and written to every socket. RFC 6455 §5.2."""
    length = len(payload)
    if length < 126:
        return bytes((_FIN | opcode, length)) + payload
    if length < 1 << 16:
        return bytes((_FIN | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8, "big") + payload


def message_frame(payload: bytes, *, binary: bool) -> bytes:
    """The frame of one whole message."""
    return frame(BINARY if binary else TEXT, payload)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a connection's input is no longer read."""

    code: int
    reason: str


class FrameWatch:
    """Walks the headers of a client's frames, for what the library's reader lets pass.

    That is: frames without a mask (RFC 6455 §5.1) and messages in endless, even empty, fragments. All else
    is judged by that reader, which gets every byte after this. Cost: a few operations a frame.
    """

    __slots__ = ("_fragments", "_fragments_max", "_header", "_skip")

    def __init__(self, fragments_max: int) -> None:
        self._fragments_max = fragments_max
        self._fragments = 0
        self._header = bytearray()
        self._skip = 0  # payload bytes of the current frame still to come

    def feed(self, data: bytes) -> Fault | None:
        """The next bytes, cut anywhere; the first fault found in them."""
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            self._header.append(data[at])
            at += 1
            fault = self._judge()
            if fault is not None:
                return fault
        return None

    def _judge(self) -> Fault | None:
        """Look at the header as far as it has come; when it is whole, count it and skip its payload."""
        header = self._header
        if len(header) < 2:
            return None
        if not header[1] & _MASKED:
            return Fault(limits.PROTOCOL_ERROR, "unmasked frame")
        short = header[1] & 0x7F
        extended = 2 if short == 126 else 8 if short == 127 else 0
        if len(header) < 2 + extended + 4:
            return None
        self._skip = int.from_bytes(header[2 : 2 + extended], "big") if extended else short
        opcode, final = header[0] & 0x0F, header[0] & _FIN
        header.clear()
        if not opcode & _CONTROL:
            self._fragments += 1
            if self._fragments > self._fragments_max:
                return Fault(limits.BAD_REQUEST, "too many fragments")
            if final:
                self._fragments = 0
        return None
