"""No swallowed failure, no loose end, no silent skip, nothing that only one machine knows."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT, Source, files, sources, text, told

EVERYTHING_MAY_BE_CAUGHT_IN = {"deploy/cli.py"}
EVERYWHERE = (*("tally", "ingest", "ws", "deploy"), "tests")


def swallowed(source: Source) -> Iterator[str]:
    """Handlers of everything that do not raise again."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = (
                {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)}
                if node.type
                else {"everything"}
            )
            again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if "everything" in caught or "Exception" in caught or ("BaseException" in caught and not again):
                yield f"{source.path}:{node.lineno} catches {', '.join(sorted(caught))}"


def test_nothing_catches_everything() -> None:
    faults = [
        fault
        for source in sources()
        if source.path not in EVERYTHING_MAY_BE_CAUGHT_IN
        for fault in swallowed(source)
    ]
    assert not faults, told(faults)


@pytest.mark.parametrize(
    "handler", ["except:", "except Exception:", "except (OSError, Exception):", "except BaseException:"]
)
def test_every_way_to_catch_everything_is_seen(handler: str) -> None:
    code = f"try:\n    f()\n{handler}\n    pass\n"
    assert list(swallowed(Source("x.py", code, ast.parse(code))))


def found(pattern: str, names: list[str], flags: int = 0) -> list[str]:
    """Where a pattern stands, as path:line text."""
    search = re.compile(pattern, flags)
    return [
        f"{name}:{number} {line.strip()[:100]}"
        for name in names
        for number, line in enumerate(text(name).splitlines(), 1)
        if search.search(line)
    ]


def python(*, but: str = "tests/house/test_loose_ends.py") -> list[str]:
    """Our Python, without this file, which must name what it looks for."""
    return [source.path for source in sources(*EVERYWHERE) if source.path != but]


def test_no_loose_ends() -> None:
    marks = [name for name in files() if name not in {"tests/house/test_loose_ends.py", "pyproject.toml"}]
    faults = found(r"\b(TODO|FIXME|XXX|HACK)\b", marks)
    assert not faults, told(faults)


def test_an_ignored_type_error_says_which() -> None:
    faults = found(r"#\s*type:\s*ignore(?!\[[\w, -]+\])", python())
    assert not faults, told(faults)


def test_an_ignored_lint_says_which() -> None:
    faults = found(r"#\s*noqa(?!: ?[A-Z]+\d)", python())
    assert not faults, told(faults)


def test_a_skip_says_what_is_missing_and_fails_where_nothing_may_be() -> None:
    """A skip is for a tool that is away: it gives a reason, and its file knows CI, where it fails instead."""
    faults = []
    for source in sources("tests"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, base = node.func.attr, node.func.value
                is_skip = name in {"skip", "skipif", "importorskip", "xfail"} and any(
                    isinstance(part, ast.Name) and part.id == "pytest" for part in ast.walk(base)
                )
                if not is_skip:
                    continue
                at = f"{source.path}:{node.lineno}"
                reasons = [
                    *node.args[name == "skipif" :],
                    *(k.value for k in node.keywords if k.arg == "reason"),
                ]
                if name == "xfail" or not reasons:
                    faults.append(
                        f"{at} {name} without a reason; a test that is expected to fail is a bug kept"
                    )
                if '"CI"' not in source.text:
                    faults.append(f"{at} {name}: with CI=true it must fail instead")
    assert not faults, told(faults)


def test_nothing_is_written_for_one_machine() -> None:
    """No path of one machine and no host of a package registry: what is committed works anywhere."""
    of_a_machine = r"(?<![\w.}~-])/(?:work|root|home|Users|mnt|tmp)/\w"
    registries = r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|crates|golang)\.(?:org|com|io)\b"
    faults = found(f"{of_a_machine}|{registries}", list(files()))
    assert not faults, told(faults)


def test_a_document_that_is_cited_is_here() -> None:
    """A Markdown file named in a committed text is a committed document; a paragraph is cited with its document."""
    faults = []
    for name in files():
        if name.endswith(".lock"):
            continue
        for number, line in enumerate(text(name).splitlines(), 1):
            for cited in re.findall(r"(?<![\w*])[\w./-]+\.md\b", re.sub(r"https?://\S+", "", line)):
                tried = (ROOT / cited, (ROOT / name).parent / cited, ROOT / "docs" / cited)
                if not any(path.is_file() for path in tried):
                    faults.append(f"{name}:{number} cites {cited}, which is not here")
    faults += found(r"\b(?!UTF)[A-Z]{5,} §", list(files()))
    assert not faults, told(faults)
