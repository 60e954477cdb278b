"""One hub with one client that speaks JSON lines: the desk session transcripts are taken at."""

import json

from tests.ws.board import ScriptedBoard
from ws.actions import Action, Close, Send
from ws.counters import Counters
from ws.hub import Hub
from ws.limits import Limits
from ws.protocol import JSON

CONNECTED = {
    "client": "id1",
    "version": "tally 1",
    "ping": 20,
    "pong": True,
    "session": "id1",
    "node": "tally",
}


class Desk:
    """One hub with one client, spoken to in JSON lines."""

    def __init__(self, board: ScriptedBoard | None = None, **limits: int) -> None:
        self.board = board or ScriptedBoard(["contest:a", "contest:b", "calls:e", "status:e"])
        self.counters = Counters()
        self.hub = Hub(self.board, Limits(**limits), self.counters, "tally 1")
        self.session = self.hub.open("id1", JSON, 0)

    def say(self, *commands: dict, at: int = 0) -> list:
        lines = "\n".join(map(json.dumps, commands)).encode()
        return told(self.session.receive(lines, at, binary=False))

    def connect(self) -> "Desk":
        assert self.say({"id": 1, "connect": {}}) == [{"id": 1, "connect": CONNECTED}]
        return self

    def publish(self, channel: str, offset: int | None, data: object) -> list:
        """What is written to the client's socket, as the fan-out would."""
        out = []
        for broadcast in self.hub.publish(self.board.put(channel, offset, data)):
            for subscription in broadcast.subscriptions:
                if subscription.session.blocked:
                    out += told(subscription.session.hold(subscription, broadcast.message))
                else:
                    out.append(json.loads(broadcast.message))
        return out


def told(actions: list[Action]) -> list:
    """Replies as objects, a close as (code, reason)."""
    out: list = []
    for action in actions:
        match action:
            case Send(message=message):
                out += [json.loads(line) for line in message.split(b"\n")]
            case Close(code=code, reason=reason):
                out.append((code, reason))
    return out


def push(channel: str, offset: int | None, data: object) -> dict:
    pub = {"data": data} if offset is None else {"data": data, "offset": offset}
    return {"push": {"channel": channel, "pub": pub}}


def subscribed(
    command_id: int, *, offset: int, recovered: bool, was: bool, pubs: list[tuple[int, object]]
) -> dict:
    result: dict = {"recoverable": True, "positioned": True, "epoch": "e1", "offset": offset}
    result |= {"recovered": recovered, "was_recovering": was}
    if pubs:
        result["publications"] = [{"data": data, "offset": at} for at, data in pubs]
    return {"id": command_id, "subscribe": result}
