"""What is bundled for the pages is what its sources make, byte for byte, and names no other place."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

WEB = ROOT / "ws" / "web"
STATIC = ROOT / "ws" / "static"
INSTALL = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]


def missing(why: str) -> None:
    """Say why this cannot run here; under CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def built() -> list[Path]:
    return [ROOT / name for name in files() if name.startswith("ws/static/") and ".bundle." in name]


def test_a_new_build_is_what_is_committed(tmp_path: Path) -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("node and npm are not installed")
    web, into = tmp_path / "web", tmp_path / "static"
    web.mkdir()
    into.mkdir()
    for name in files():
        if name.startswith("ws/web/"):
            shutil.copy(ROOT / name, web)
    done = subprocess.run(INSTALL, check=False, cwd=web, capture_output=True, text=True)
    if done.returncode:
        missing(f"npm could not install what the build needs: {done.stderr.strip()[-300:]}")
    subprocess.run(["node", "build.mjs", str(into)], check=True, cwd=web, capture_output=True)
    made = {path.name: path.read_bytes() for path in into.iterdir()}
    kept = {path.name: path.read_bytes() for path in [*built(), STATIC / "LICENSES.txt"]}
    assert made.keys() == kept.keys(), "run make web"
    assert [name for name in made if made[name] != kept[name]] == [], "run make web"


def test_the_shipped_maps_are_what_their_sources_make(tmp_path: Path) -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("node and npm are not installed")
    for name in files():
        if name.startswith("ws/maps/"):
            shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(INSTALL, check=False, cwd=tmp_path, capture_output=True, text=True)
    if done.returncode:
        missing(f"npm could not install what the maps are made of: {done.stderr.strip()[-300:]}")
    subprocess.run(["node", "build.mjs", str(tmp_path)], check=True, cwd=tmp_path, capture_output=True)
    for kept in STATIC.glob("map-*.json"):
        assert (tmp_path / kept.name).read_bytes() == kept.read_bytes(), "run make maps"


def test_a_bundle_asks_for_nothing_from_elsewhere() -> None:
    for path in built():
        text = path.read_text()
        assert set(re.findall(r'(?:import|from)\s*\(?"([^"]+)"', text)) <= {
            "./shared.bundle.js",
            *(f"/static/{own.name}" for own in STATIC.glob("*.js")),
        }
        assert "sourceMappingURL" not in text
        assert not re.search(r"\b(?:eval|new Function)\(|style=\"", text), (
            "the policy of our pages forbids it"
        )
        assert path.stat().st_size < 150_000, "a page on a phone waits for it"


def test_every_version_is_exact_and_no_registry_is_named() -> None:
    for folder in (WEB, ROOT / "ws" / "maps"):
        lock = (folder / "package-lock.json").read_text()
        assert '"resolved"' not in lock
        assert "http" not in lock.replace('"integrity"', "")
    wanted = re.findall(r'^ {4}"[\w@/-]+": "([^"]+)"', (WEB / "package.json").read_text(), re.MULTILINE)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+|node build\.mjs", version) for version in wanted), wanted
    assert len(wanted) > 3
