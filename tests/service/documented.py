"""docs/openapi.json as a judge of answers: nothing absent, nothing besides, the status and headers told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema

DOCS = Path(__file__).parents[2] / "docs"
Json = dict[str, Any]


def described(name: str) -> Json:
    """A document, its shapes closed: what it does not name may not be there."""
    found: Json = closed(json.loads((DOCS / name).read_text()))
    return found


def closed(schema: Any) -> Any:
    """The same where every object with named fields has no others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(part) for name, part in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


def checker(document: Json, schema: Json, kind: type = jsonschema.Draft202012Validator) -> Any:
    """What judges values by a schema that may point into the document."""
    return kind(schema | {"components": document["components"]})


class Judge:
    """Judges answers of the read and the ingest listener, and notes what it has seen."""

    def __init__(self) -> None:
        self.document = described("openapi.json")
        self.seen: set[tuple[str, str, str]] = set()  # (path, status, code or "")

    def operation(self, path: str, method: str = "get") -> Json:
        found: Json = self.document["paths"][path][method]
        return found

    def judge(self, path: str, response: aiohttp.ClientResponse, body: bytes, method: str = "get") -> None:
        """Raises AssertionError where the answer is not what the document says of the path."""
        responses = self.operation(path, method)["responses"]
        answer = responses.get(str(response.status)) or responses["default"]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        where = f"{method} {response.url} {response.status}"
        for header in answer.get("headers", {}):
            assert header in response.headers, f"{where}: no {header}"
        if response.status == 200:
            for header in ("ETag", "Tally-Position", "Content-Disposition"):
                assert (header in response.headers) == (header in answer.get("headers", {})), (
                    f"{where}: {header}"
                )
        if "content" not in answer:
            assert not body, f"{where}: a body nobody told of"
            self.seen.add((path, str(response.status), ""))
            return
        media = response.headers["Content-Type"]
        told = answer["content"].get(media) or answer["content"].get("*/*")
        assert told is not None, f"{where}: {media} is not told: {list(answer['content'])}"
        code = ""
        if "json" in media.partition(";")[0] and "ndjson" not in media:
            value = json.loads(body)
            faults = [
                f"{list(e.absolute_path)}: {e.message[:200]}" for e in self._faults(told["schema"], value)
            ]
            assert not faults, f"{where}: {faults}"
            code = value["code"] if "problem" in media else ""
        self.seen.add((path, str(response.status), code))

    def _faults(self, schema: Json, value: Any) -> Iterator[jsonschema.ValidationError]:
        yield from checker(self.document, schema).iter_errors(value)

    def fits(self, name: str, value: Any) -> None:
        """Raises AssertionError where a value is not of a shape."""
        faults = [e.message for e in self._faults({"$ref": f"#/components/schemas/{name}"}, value)]
        assert not faults, faults
