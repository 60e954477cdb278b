"""What is bundled for the pages is what its sources make, byte for byte, and names no other place."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.house.tree import ROOT, files
from tests.ws.test_sdk_javascript import missing

WEB = ROOT / "ws" / "web"
STATIC = ROOT / "ws" / "static"
INSTALL = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]


def built() -> list[Path]:
    return [ROOT / name for name in files() if name.startswith("ws/static/") and ".bundle." in name]


def made(folder: str, tmp_path: Path) -> dict[str, bytes]:
    """What the sources of a folder make, built as `make web` and `make maps` build them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("node and npm are not installed")
    sources, into = tmp_path / "sources", tmp_path / "into"
    sources.mkdir()
    into.mkdir()
    for name in files():
        if name.startswith(folder):
            shutil.copy(ROOT / name, sources)
    done = subprocess.run(INSTALL, check=False, cwd=sources, capture_output=True, text=True)
    if done.returncode:
        missing(f"npm could not install what {folder} needs: {done.stderr.strip()[-300:]}")
    subprocess.run(["node", "build.mjs", str(into)], check=True, cwd=sources, capture_output=True)
    return {path.name: path.read_bytes() for path in into.iterdir()}


def differing(made: dict[str, bytes], kept: dict[str, bytes]) -> list[str]:
    return sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))


def test_a_new_build_is_what_is_committed(tmp_path: Path) -> None:
    kept = {path.name: path.read_bytes() for path in [*built(), STATIC / "LICENSES.txt"]}
    assert differing(made("ws/web/", tmp_path), kept) == [], "run make web"


def test_the_shipped_maps_are_what_their_sources_make(tmp_path: Path) -> None:
    kept = {path.name: path.read_bytes() for path in STATIC.glob("map-*.json")}
    assert differing(made("ws/maps/", tmp_path), kept) == [], "run make maps"


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
        manifest = (folder / "package.json").read_text()
        wanted = re.findall(r'^ {4}"[\w@/-]+": "([^"]+)"', manifest, re.MULTILINE)
        assert all(re.fullmatch(r"\d+\.\d+\.\d+|node build\.mjs", version) for version in wanted), wanted
        assert len(wanted) > 3
