"""One name an idea: words docs/glossary.md rules out stand in no name and no docstring."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.house.tree import PACKAGES, Source, document, sources, told


class Banned(NamedTuple):
    """A word, what we say, where the rule holds, and where the word is somebody else's."""

    word: str
    instead: str
    why: str
    folders: tuple[str, ...] = PACKAGES
    allowed_in: frozenset[str] = frozenset()


TABLE = (
    Banned("race", "contest", "NIST's word; a measure is no race"),
    Banned("precinct", "unit", "units are polling tables, districts and mail pools too; it is one unit *type*"),
    Banned("remaining", "outstanding", "NIST: BallotsOutstanding; remaining has been used for negative numbers"),
    Banned("seqno", "seq", "one name for a record's number"),
    Banned("choice", "selection", "NIST: ContestSelection", allowed_in=frozenset({
        "ingest/night/published.py", "ingest/night/results.py",  # the published folders' own field
    })),
    Banned("candidate", "selection", "measures have none; `tally decide` says candidates, by contract",
           ("tally",), frozenset({"tally/instance.py"})),
    Banned("tiebreaker", "tie-break", "one spelling"),
    Banned("polling", "unit", "a place to vote is a unit"),
    Banned("uncounted", "outstanding", "what may still come is outstanding, whether or not it was cast"),
    Banned("frontrunner", "leader", "the word of the contest view"),
    Banned("abstention", "invalid", "not voting is not a ballot; blank and null ballots are invalid"),
)  # fmt: skip
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def names(source: Source) -> Iterator[tuple[int, str]]:
    """(line, name) of every name this file gives: what is defined, taken as an argument, or assigned."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr


def said(source: Source) -> Iterator[tuple[int, set[str]]]:
    """(line, words in lower case, singular where an s ends them) of names and docstrings."""
    for line, name in names(source):
        yield line, {part.lower() for part in _PART.findall(name)}
    for line, docstring in source.docstrings():
        plain = re.sub(r"`[^`]*`", " ", docstring)  # code and field names are quoted as they are
        yield line, {word.lower() for word in re.findall(r"[A-Za-z]+", plain)}


def test_banned_words_are_not_used() -> None:
    faults = []
    for source in sources():
        rules = [
            rule
            for rule in TABLE
            if source.path.startswith(tuple(f"{folder}/" for folder in rule.folders))
            and source.path not in rule.allowed_in
        ]
        for line, words in said(source):
            faults += [
                f"{source.path}:{line} {rule.word}: say {rule.instead} ({rule.why})"
                for rule in rules
                if rule.word in words or f"{rule.word}s" in words
            ]
    assert not faults, told(faults)


def test_the_glossary_lists_every_banned_word_with_what_to_say() -> None:
    glossary = document("docs/glossary.md")
    rows = [line for line in glossary.splitlines() if line.startswith("| ") and "|" in line[2:]]
    absent = [
        rule.word
        for rule in TABLE
        if not any(f"~~{rule.word}~~" in row and rule.instead in row for row in rows)
    ]
    assert not absent, f"docs/glossary.md has no row with ~~word~~ and its replacement for: {absent}"
