"""The checkout as the house sees it: its files, their text, and its Python as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tally", "ingest", "ws", "deploy")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the root, its text, its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def docstrings(self) -> Iterator[tuple[int, str]]:
        """(line, text) of every docstring."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Module | ast.ClassDef | Function) and (text := ast.get_docstring(node)):
                yield getattr(node, "lineno", 1), text


@cache
def files() -> tuple[str, ...]:
    """Every file that is, or would be, committed. In an archive without history: every file below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)
        ]
    return tuple(sorted({name for name in names if (ROOT / name).is_file()}))


@cache
def text(name: str) -> str:
    """A file's text; empty for one that is not text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def sources(*tops: str) -> tuple[Source, ...]:
    """The Python files under the given top folders (default: the four packages)."""
    under = tuple(f"{top}/" for top in tops or PACKAGES)
    found = [name for name in files() if name.endswith(".py") and name.startswith(under)]
    assert found, f"no Python under {under}"
    return tuple(Source(name, text(name), ast.parse(text(name), name)) for name in found)


def document(name: str) -> str:
    """A document that must be there."""
    assert name in files(), f"{name} is missing"
    return text(name)


def told(faults: list[str]) -> str:
    """Faults as a failure message, one a line."""
    return f"{len(faults)} faults\n" + "\n".join(faults)
