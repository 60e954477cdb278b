"""What the documents show works as shown."""

import json
import re
from typing import Any

import msgspec

from tally import wire
from tally.checks import faults
from tally.instance import decide
from tally.model import Definition
from tally.refusal import STATUS_OF_CODE
from tally.report import CountBatch
from tests.house.tree import document, sources, told


def fenced(name: str, language: str) -> list[str]:
    """The fenced blocks of one language in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```", document(name), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_readme_decides_as_it_says() -> None:
    (shown,) = fenced("README.md", "console")
    asked, answered = re.search(r"<<'END'\n(.*)\nEND\n(.*)", shown, re.DOTALL).groups()  # type: ignore[union-attr]  # it is there
    assert decide(json.loads(asked)) == json.loads(answered)


def test_the_smallest_definition_can_be_counted() -> None:
    (shown,) = fenced("docs/definition.md", "json")
    definition = msgspec.json.decode(shown, type=Definition)
    assert not faults(definition)


def test_the_fields_of_the_definition_are_told() -> None:
    """Every field of every struct of the definition stands in its page, in backquotes."""
    page = document("docs/definition.md")
    named = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r'"(\w+)"', page))
    absent: list[str] = []

    def look(kind: Any) -> None:
        for field in msgspec.structs.fields(kind):
            if field.name not in named:
                absent.append(f"{kind.__name__}.{field.name}")
            for part in _structs(field.type):
                look(part)

    look(Definition)
    assert not absent


def _structs(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for part in getattr(kind, "__args__", ()) for found in _structs(part)]


def test_the_batch_shown_is_a_batch() -> None:
    shown = re.search(r"-d '\n(.*)'\n```", document("docs/ingest.md"), re.DOTALL)
    assert shown is not None
    assert isinstance(wire.read_batch(json.loads(shown[1])), CountBatch)


def test_the_fields_of_a_batch_are_told() -> None:
    named = set(re.findall(r"`(\w+)`", document("docs/ingest.md")))
    assert named >= wire.BATCH_FIELDS | wire.REPORT_FIELDS


def test_the_refusal_shown_is_one() -> None:
    (shown,) = fenced("docs/ingest.md", "json")
    problem = json.loads(shown)
    assert STATUS_OF_CODE[problem["code"]] == problem["status"]
    assert problem["type"] == f"urn:tally:problem:{problem['code']}"


def test_a_section_that_is_cited_is_there() -> None:
    """A page cited with a section in quotes has that heading, or a paragraph that begins with it in bold."""
    faults = []
    for source in sources():
        plain = re.sub(r"\s+", " ", source.text)
        for page, names in re.findall(r'(docs/[\w/-]+\.md),? \(?((?:"[^"]+"(?:,| and)? ?)+)', plain):
            text = document(page)
            known = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE)) | set(
                re.findall(r"\*\*([^*]+?)[.:,]?\*\*", text)
            )
            faults += [
                f"{source.path} cites {page}, {name!r}"
                for name in re.findall(r'"([^"]+)"', names)
                if name not in known
            ]
    assert not faults, told(faults)
