"""Every path of both listeners: what may be asked, what answers, and how it is refused."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from deploy.api import observed, rows, views, writes
from deploy.api.likely import Projection, Projections
from deploy.api.parameters import AFTER_SEQ, AT, CLAIM, CONTEST, LIMIT, POINTS, SEARCH, Parameter, query
from ingest.feeds import json_body, msgpack_body
from tally.model import Definition
from tally.refusal import STATUS_OF_CODE
from ws import widget
from ws.exports import EXPORTS

JSON, HEALTH, HTML = "application/json", "application/json; charset=utf-8", "text/html; charset=utf-8"
DOOR = {429: ("too-many-connections",), 503: ("too-many-connections", "shutting-down")}
NOBODY = {404: ("unknown-contest",)}
PAST = {400: ("bad-query",), 404: ("unknown-contest", "unknown-position")}
ONLY_READING = {"bad-query", "unknown-position", "unknown-claim"}
ONLY_DESK = {"unknown-action", "not-in-this-release", "not-disputed", "nothing-to-restore", "bad-definition"}
ONLY_BATCHES = {"polls-open", "reports-empty"}
ANYWHERE = {"not-found"}
AROUND = ("bad-host", "unknown-host", "bad-request", "method-not-allowed", "not-found")
"""Codes of what stands around every path: the default answer of each."""


class DefinitionInForce(Definition, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The definition, and its SHA-256 unless the canonical form is asked for."""

    definition_sha256: views.Sha256 | UnsetType = UNSET


class Operation(NamedTuple):
    """One method of one path. `answers`: body types by media type, None where it is no JSON."""

    path: str
    name: str
    about: str
    answers: Mapping[str, type | None]
    parameters: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = {}  # never written
    method: str = "get"
    tagged: bool = False
    positioned: bool = False
    tag: str = "reading"
    statuses: tuple[int, ...] = (200,)
    body: type | None = None


def _viewed(
    path: str,
    name: str,
    about: str,
    shape: type,
    *parameters: Parameter,
    problems: Mapping[int, tuple[str, ...]],
) -> Operation:
    return Operation(path, name, about, {JSON: shape}, parameters, problems, tagged=True, positioned=True)


_OF = "/v1/contests/{id}"
_CLAIM = {400: ("bad-query",), 404: ("unknown-contest", "unknown-position", "unknown-claim")}
_UNIT = query("parent", "A unit; the root's children without it.")
_AFTER_UNIT = query("after", "The `next` of the page before.")
_FORM = query("form", "canonical: the very bytes the SHA-256 is of.", {"enum": ["canonical"]})
_LANG = query("lang", "Language of the words.", {"enum": list(widget.LANGUAGES)})
_WIDGET = (
    query("size", "How much is shown.", {"enum": list(widget.FRAMES)}),
    query("theme", "Colours.", {"enum": list(widget.THEMES)}),
    _LANG,
    query("rows", "Selections shown.", {"type": "integer", "minimum": 1, "maximum": widget.ROWS_MAX}),
    query("accent", "A colour.", {"type": "string", "pattern": "^[0-9A-Fa-f]{6}$"}),
)
_PIXELS = {"type": "integer", "minimum": 1, "maximum": 99_999}

VIEWS = (
    Operation(
        "/v1/election", "getElection", "The definition in force and its SHA-256.", {JSON: DefinitionInForce},
        (_FORM,), tagged=True, positioned=True,
    ),
    _viewed("/v1/contests", "getContests", "Contests in one line each.", views.ElectionView, SEARCH, LIMIT, AT,
            problems={400: ("bad-query",), 404: ("unknown-position",)}),
    _viewed(_OF, "getContest", "One contest, byte for byte what the stream carries.", views.ContestView, CONTEST, AT,
            problems=PAST),
    _viewed(_OF + "/names", "getNames", "Who a contest is between.", views.Names, CONTEST, problems=NOBODY),
    _viewed(_OF + "/units", "getUnits", "Rows and sums under a unit or found by name, in pages.", rows.UnitsPage,
            CONTEST, _UNIT, SEARCH, _AFTER_UNIT, LIMIT, AT,
            problems={400: ("bad-query",), 404: ("unknown-contest", "unknown-unit", "unknown-position")}),
    Operation(_OF + "/units.ndjson", "getRows", "Every row in the form proofs are taken from, one a line.",
              {"application/x-ndjson": rows.ProofRow}, (CONTEST, AT), PAST, positioned=True, tagged=True),
    _viewed(_OF + "/origins", "getOrigins", "Which batch each row came in.", rows.Origins, CONTEST, AT, problems=PAST),
    _viewed(_OF + "/certificate", "getCertificate", "The proof of a claim, or a way it can still fail.",
            rows.Certificate, CONTEST, CLAIM, AT, problems=_CLAIM),
    _viewed(_OF + "/weakest", "getWeakest", "The weakest assumptions that would carry a claim.", rows.Weakest,
            CONTEST, CLAIM, AT, problems=_CLAIM),
    _viewed(_OF + "/history", "getHistory", "Every change of the totals and of the claims.", rows.History,
            CONTEST, AFTER_SEQ, LIMIT, POINTS, AT, problems=PAST),
    _viewed(_OF + "/projection", "getProjection", "What it will probably come to; of now only.", Projection, CONTEST,
            problems={404: ("unknown-contest", "not-projected", "not-in-this-release")}),
    _viewed(_OF + "/projections", "getProjections", "What it was projected to come to, over the night.",
            Projections, CONTEST, problems={404: ("unknown-contest", "not-projected", "not-in-this-release")}),
    _viewed(_OF + "/doubt", "getDoubt", "Where the doubt in a contest lies; of now only.", observed.Doubt, CONTEST,
            problems=NOBODY),
    _viewed("/v1/observers", "getObservers", "Every contest in one full line.", observed.Observers, AFTER_SEQ,
            problems={400: ("bad-query",)}),
    Operation("/v1/bulletins", "getBulletins", "Not in this release.", {},
              problems={404: ("not-in-this-release",)}, statuses=()),
    Operation("/v1/claims.atom", "getClaimsFeed", "Claims that turned, the newest first.",
              {"application/atom+xml; charset=utf-8": None}),
    Operation("/v1/stream", "stream", "Server-Sent Events; what they carry is in asyncapi.json.",
              {"text/event-stream": None},
              (query("channels", "1 to 100 channels, separated by commas.", needed=True),
               query("last_event_id", "As the header, for who cannot set one."),
               Parameter("Last-Event-ID", "header", "The id of the last event seen.", {"type": "string"})),
              {400: ("bad-query",), 404: ("unknown-channel",)} | DOOR),
    Operation("/connection/websocket", "connect",
              "WebSocket, Centrifugo client protocol; what it carries is in asyncapi.json.", {},
              problems={400: ("bad-handshake",), 403: ("origin-not-allowed",), 426: ("bad-handshake",)} | DOOR,
              statuses=(101,)),
)  # fmt: skip

_FILE = Parameter(
    "name", "path", "A file of the pages.", {"type": "string", "examples": ["style.css"]}, needed=True
)
_UNKNOWN = "404 with the same page for an unknown id."
_SVG, _PLAIN = "image/svg+xml; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"
PAGES = (
    Operation("/", "page", "The live page.", {HTML: None}, (_LANG,), tagged=True),
    Operation("/contest/{id}", "contestPage", f"The live page of a contest; {_UNKNOWN}",
              {HTML: None}, (CONTEST, _LANG), statuses=(200, 404), tagged=True),
    Operation("/observe", "observersPage", "All contests live, for observers.", {HTML: None}, tagged=True),
    Operation("/static/{name}", "asset", "What the pages are made of.", {"*/*": None},
              (_FILE,), tagged=True),
    Operation("/embed", "customizer", "Where a snippet for another page is put together.", {HTML: None}),
    Operation("/embed/{id}", "widget", f"One contest live, to stand in a frame; {_UNKNOWN}",
              {HTML: None}, (CONTEST, *_WIDGET), statuses=(200, 404)),
    Operation("/embed/{id}/card.svg", "card", "The contest as a picture.", {_SVG: None}, (CONTEST, _LANG),
              NOBODY, tagged=True),
    Operation("/embed/{id}/card.png", "picture", "The same for link previews; a few seconds old at most.",
              {"image/png": None}, (CONTEST, _LANG), NOBODY | {503: ("too-many-pictures",)}, tagged=True),
    Operation("/oembed", "oembed", "oEmbed 1.0 for addresses of widgets.", {JSON: views.OEmbed},
              (query("url", "The address of a widget.", needed=True),
               query("format", "Only JSON is spoken.", {"enum": ["json"]}),
               query("maxwidth", "In pixels.", _PIXELS), query("maxheight", "In pixels.", _PIXELS)),
              {400: ("bad-query",), 404: ("no-oembed",), 501: ("no-oembed",)}),
)  # fmt: skip

_TAKEN = (
    query("contest", "Only this contest."),
    query("units", "1: rows of units as well.", {"enum": ["0", "1"]}),
)
_NAMED = {"/v1/export.json": views.Export}
"""The others are no JSON, or of somebody else's shape (NIST SP 1500-100 version 2)."""


def exports() -> Iterator[Operation]:
    """One operation an export, as they are found."""
    for export in EXPORTS:
        text = "; charset=utf-8" if export.MEDIA_TYPE.startswith("text/") else ""
        name = export.PATH.removeprefix("/v1/export").strip("./").title().replace(".", "")
        yield Operation(
            export.PATH, f"export{name}", "Results to take away, as a file.",
            {export.MEDIA_TYPE + text: _NAMED.get(export.PATH)}, _TAKEN,
            {400: ("bad-query",), 404: ("unknown-contest",)}, tagged=True, positioned=True,
        )  # fmt: skip


def by_status(codes: set[str]) -> dict[int, tuple[str, ...]]:
    """Codes of refusals by the status they have."""
    found: dict[int, list[str]] = {}
    for code in sorted(codes):
        found.setdefault(STATUS_OF_CODE[code], []).append(code)
    return {status: tuple(found[status]) for status in sorted(found)}


WRITES = (
    Operation(
        "/v1/batches", "sendBatch", "Reports that enter together or not at all; answered once durable.",
        {JSON: writes.Accepted}, problems=by_status(set(STATUS_OF_CODE) - ONLY_READING - ONLY_DESK - ANYWHERE),
        method="post", tag="writing", statuses=(200, 201, 202), body=writes.Batch,
    ),
    Operation(
        "/v1/desk/{action}", "desk", "A verb of the desk, with an operator's key.", {JSON: writes.Accepted},
        (Parameter("action", "path", "dispute, annul, restore, correct or amend.", {"type": "string"}, needed=True),),
        by_status(set(STATUS_OF_CODE) - ONLY_READING - ONLY_BATCHES - ANYWHERE), method="post", tag="writing",
        statuses=(200, 201, 202), body=writes.Desk,
    ),
    Operation("/healthz", "alive", "Whether the process answers.", {HEALTH: writes.Alive}, tag="writing"),
    Operation("/readyz", "ready", "Whether counts are taken and readers served.", {HEALTH: writes.Ready}, tag="writing",
              statuses=(200, 503)),
    Operation("/metrics", "metrics", "Prometheus metrics.", {_PLAIN: None}, tag="writing"),
)  # fmt: skip
BODIES = (json_body.MEDIA_TYPE, msgpack_body.MEDIA_TYPE)


def operations() -> tuple[Operation, ...]:
    """All of them, in the order they are told."""
    return (*VIEWS, *exports(), *PAGES, *WRITES)
