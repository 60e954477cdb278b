"""docs/openapi.json and docs/asyncapi.json are what the code writes, valid, linked, and know every code."""

import ast
import json

import pytest
from openapi_spec_validator import validate

from deploy.api.operations import operations
from deploy.api.written import written
from tally.refusal import STATUS_OF_CODE
from tests.house.tree import document, sources


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_the_document_is_the_one_the_code_writes(name: str) -> None:
    assert document(f"docs/{name}").encode() == written()[name], "run `make api` and commit what it wrote"


def test_openapi_is_valid() -> None:
    described = json.loads(document("docs/openapi.json"))
    validate(described)
    described["paths"]["/v1/contests"]["get"]["responses"] = {}
    with pytest.raises(Exception, match=r"responses|empty|non-empty|minProperties"):
        validate(described)


def test_every_operation_is_named_once() -> None:
    names = [one.name for one in operations()]
    assert len(names) == len(set(names))


def test_both_documents_are_linked() -> None:
    assert "(openapi.json)" in document("docs/api.md")
    assert "(openapi.json)" in document("docs/ingest.md")
    assert "(asyncapi.json)" in document("docs/streaming.md")


def said_in_code() -> set[str]:
    """Codes of refusals at the doors: the first words of every `problem`, and of every refusal by name."""
    found: set[str] = set()
    for source in sources("ws", "deploy"):
        if source.path.startswith("deploy/api/"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in {"problem", "_refuse"}:
                    words = [
                        a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                    ]
                    if words and "-" in words[0]:
                        found.add(words[0])
    return found


def told_of(tag: str) -> set[str]:
    """Codes the document has anywhere under a tag, and around every path."""
    described = json.loads(document("docs/openapi.json"))
    found: set[str] = set()
    for path in described["paths"].values():
        for method, one in path.items():
            if method in {"get", "post"} and one["tags"] == [tag]:
                for answer in one["responses"].values():
                    shown = described["components"]["responses"]["Around"] if "$ref" in answer else answer
                    schema = shown.get("content", {}).get("application/problem+json", {}).get("schema", {})
                    found |= set(schema["allOf"][1]["properties"]["code"]["enum"]) if schema else set()
    return found


def test_every_code_of_the_read_door_is_told_and_none_besides() -> None:
    in_code = said_in_code()
    assert {"unknown-channel", "bad-query", "too-many-connections", "bad-host"} <= in_code
    assert told_of("reading") == in_code | {"no-oembed"}  # the one code that is put together


def test_every_code_of_the_write_door_is_told_and_none_besides() -> None:
    around = {"bad-host", "unknown-host", "bad-request", "method-not-allowed", "not-found"}
    assert told_of("writing") - around == set(STATUS_OF_CODE) - {
        "not-found", "bad-query", "unknown-position", "unknown-claim",
    }  # fmt: skip
