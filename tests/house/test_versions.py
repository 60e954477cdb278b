"""No library below the floor under which it is known to be unsafe; nobody else claims our names."""

import re
import tomllib
from importlib.metadata import distributions, version

import pytest

from tests.house.tree import PACKAGES, document

FLOORS = tomllib.loads(document("deploy/minimum-versions.toml"))


def number(text: str) -> tuple[int, ...]:
    """A version's release numbers; what follows them (rc, post) does not matter to a floor."""
    return tuple(int(part) for part in re.match(r"\d+(?:\.\d+)*", text)[0].split("."))  # type: ignore[index]  # versions begin with a digit


def locked(name: str) -> dict[str, str]:
    """Library to version, as a lock file pins them."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", document(name), re.MULTILINE))


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/requirements.lock"])
def test_what_is_locked_is_at_or_above_the_floor(lock: str) -> None:
    pinned = locked(lock)
    below = {
        name: pinned.get(name, "not locked")
        for name, entry in FLOORS.items()
        if name not in pinned or number(pinned[name]) < number(entry["floor"])
    }
    assert not below, f"{lock}: {below}"


def test_what_is_installed_is_at_or_above_the_floor() -> None:
    below = {n: version(n) for n, entry in FLOORS.items() if number(version(n)) < number(entry["floor"])}
    assert not below


def test_every_dependency_of_ours_has_a_floor_with_a_reason() -> None:
    ours = tomllib.loads(document("pyproject.toml"))["project"]["dependencies"]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in ours}  # type: ignore[index]  # each begins with a name
    assert names == set(FLOORS)
    assert all(entry["why"] for entry in FLOORS.values())


def test_a_lock_holds_hashes_and_names_no_host() -> None:
    for lock in ("requirements.lock", "tests/requirements.lock"):
        text = document(lock)
        pins = re.findall(r"^[a-z0-9][\w.-]*==.*\n(?:    .*\n)*", text, re.MULTILINE)
        assert pins, lock
        assert all("--hash=sha256:" in pin for pin in pins), lock
        assert "://" not in text, lock


def test_nobody_else_claims_our_names() -> None:
    """tally, ws, ingest and deploy are common words: beside a library of that name the wrong one is imported."""
    claims = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        tops = {str(path).split("/")[0].removesuffix(".py") for path in distribution.files or ()}
        if name != "tally-live" and (mine := tops & set(PACKAGES)):
            claims[name] = sorted(mine)
    assert not claims
