"""The OpenAPI 3.1 document of both listeners."""

from collections.abc import Iterable
from typing import Any

import msgspec

from deploy.api.operations import AROUND, BODIES, JSON, Operation, operations
from deploy.api.posts import POSTED_EVENTS, Message, webhooks
from deploy.api.rows import UnitRow
from deploy.api.views import UnitSum
from deploy.api.writes import Problem
from deploy.version import VERSION

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
PROBLEM = "application/problem+json"
RETRIED = {429, 503, 507}
INTRODUCTION = (
    "Counts, exact tallies, and the moment an outcome can no longer change. The read listener needs no key and "
    "changes nothing; sources and people write to the other. Fields may be added to what is answered: pass over "
    "what you do not know. How it is meant is in docs/api.md and docs/ingest.md."
)
HEADERS: Json = {
    "ETag": {"description": "Strong; ask with If-None-Match and get 304.", "schema": {"type": "string"}},
    "Position": {"description": "EPOCH/SEQ of the newest record applied.", "schema": {"type": "string"}},
    "Retry": {"description": "Seconds.", "schema": {"type": "string"}},
    "Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
}


def document() -> Json:
    """The whole document, as JSON values."""
    listed = operations()
    paths: dict[str, Json] = {}
    for one in listed:
        found = paths.setdefault(one.path, {})
        if one.tag == "writing":
            found["servers"] = [_server("http://127.0.0.1:8081", "The ingest listener.")]
        found[one.method] = _operation(one)
        if one.method == "get" and 101 not in one.statuses and "text/event-stream" not in one.answers:
            found["head"] = _head(one)
    said = {
        "openapi": "3.1.0",
        "info": {
            "title": "tally",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_server("http://127.0.0.1:8080", "The read listener.")],
        "tags": [
            {"name": "reading", "description": "The read listener."},
            {"name": "writing", "description": "The ingest listener."},
        ],
        "paths": paths,
        "webhooks": webhooks(REF),
        "components": {
            "schemas": schemas(listed),
            "headers": HEADERS,
            "parameters": {"Known": _known()},
            "responses": {"Around": _refused("Before it comes to the path.", AROUND)},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Of a source or an operator."}
            },
        },
    }
    return plain(said)


def plain(said: Json) -> Json:
    """Values as JSON has them: lists, where defaults of shapes are tuples."""
    decoded: Json = msgspec.json.decode(msgspec.json.encode(said))
    return decoded


def schemas(listed: Iterable[Operation]) -> Json:
    """Every shape by name."""
    shapes = {shape for one in listed for shape in (*one.answers.values(), one.body) if shape is not None}
    found = components({*shapes, Problem, UnitRow, UnitSum, Message, *POSTED_EVENTS})
    return found | {"UnitShown": one_of(UnitRow, UnitSum), "PostedEvent": one_of(*POSTED_EVENTS)}


def components(shapes: Iterable[type]) -> Json:
    """The JSON schemas of shapes and of all they are made of, in the order of their names."""
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    _, found = msgspec.json.schema_components(ordered, ref_template=REF)
    return dict(sorted(found.items()))


def one_of(*shapes: type) -> Json:
    """One of several shapes."""
    return {"anyOf": [{"$ref": REF.format(name=shape.__name__)} for shape in shapes]}


def _server(url: str, about: str) -> Json:
    return {"url": url, "description": about}


def _known() -> Json:
    return {
        "name": "If-None-Match",
        "in": "header",
        "description": "What the reader has already.",
        "schema": {"type": "string"},
    }


def _operation(one: Operation) -> Json:
    said: Json = {"operationId": one.name, "tags": [one.tag], "summary": one.about}
    parameters: list[Json] = [parameter.written() for parameter in one.parameters]
    if one.tagged:
        parameters.append({"$ref": "#/components/parameters/Known"})
    if parameters:
        said["parameters"] = parameters
    if one.body is not None:
        shape = {"schema": {"$ref": REF.format(name=one.body.__name__)}}
        said["requestBody"] = {"required": True, "content": dict.fromkeys(BODIES, shape)}
        said["security"] = [{"key": []}, {}]
    return said | {"responses": _responses(one)}


def _head(one: Operation) -> Json:
    """The same without bodies, of which HTTP allows none."""
    said = _operation(one) | {"operationId": f"{one.name}Head"}
    answers: Json = {}
    for status, answer in said["responses"].items():
        short = answer if "$ref" not in answer else {"description": "Before it comes to the path."}
        answers[status] = {name: part for name, part in short.items() if name != "content"}
    return said | {"responses": answers}


def _responses(one: Operation) -> Json:
    found: Json = {}
    for status in one.statuses:
        found[str(status)] = _answer(one, status)
    if one.tagged:
        kept = {name: ref for name, ref in _headers(one).items() if name != "Content-Disposition"}
        found["304"] = {"description": "Nothing changed.", "headers": kept}
    for status, codes in one.problems.items():
        found[str(status)] = _refused(", ".join(codes), codes, retried=status in RETRIED)
    return dict(sorted(found.items())) | {"default": {"$ref": "#/components/responses/Around"}}


def _answer(one: Operation, status: int) -> Json:
    if status == 101:
        return {"description": "It is a WebSocket now."}
    told = {
        200: "Done.",
        201: "Durable.",
        202: "Durable; something is held.",
        404: "Unknown.",
        503: "Not now.",
    }
    content = {media: {"schema": _body(media, shape)} for media, shape in one.answers.items()}
    if "application/x-ndjson" in content:  # the whole is no JSON: a line is
        content["application/x-ndjson"] = {
            "schema": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "A ProofRow a line.",
            }
        }
    headers = _headers(one)
    return {"description": told[status], "content": content} | ({"headers": headers} if headers else {})


def _body(media: str, shape: type | None) -> Json:
    if shape is not None:
        return {"$ref": REF.format(name=shape.__name__)}
    return {"type": "object"} if media == JSON else {"type": "string"}


def _headers(one: Operation) -> Json:
    names = {"ETag": "ETag"} if one.tagged else {}
    names |= {"Tally-Position": "Position"} if one.positioned else {}
    names |= {"Content-Disposition": "Disposition"} if one.name.startswith("export") else {}
    return {name: {"$ref": f"#/components/headers/{ref}"} for name, ref in names.items()}


def _refused(about: str, codes: tuple[str, ...], *, retried: bool = False) -> Json:
    code = {"properties": {"code": {"enum": list(codes)}}}
    said: Json = {
        "description": about,
        "content": {PROBLEM: {"schema": {"allOf": [{"$ref": REF.format(name="Problem")}, code]}}},
    }
    return said | ({"headers": {"Retry-After": {"$ref": "#/components/headers/Retry"}}} if retried else {})
