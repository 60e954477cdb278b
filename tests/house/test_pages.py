"""The pages' own files: each page names, before any of them runs, every module it will need."""

import re

import pytest

from tests.house.tree import ROOT

STATIC = ROOT / "ws" / "static"
IMPORT = re.compile(r'^(?:import|export)[^;]*?from "\./([\w-]+\.js)"', re.MULTILINE)
PRELOAD = re.compile(r'<link rel="modulepreload" href="/static/([\w-]+\.js)">')


def needed(module: str, known: set[str]) -> set[str]:
    """Every module one imports, and what these import."""
    for one in IMPORT.findall((STATIC / module).read_text()):
        if one not in known:
            known.add(one)
            needed(one, known)
    return known


@pytest.mark.parametrize(("page", "module"), [("index.html", "app.js"), ("observe.html", "observe.js")])
def test_a_page_preloads_what_its_modules_import(page: str, module: str) -> None:
    named = PRELOAD.findall((STATIC / page).read_text())
    assert named == sorted(needed(module, set())), (
        f"{page}: asked for one after another, each is a round trip"
    )
