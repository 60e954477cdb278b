"""The documents and the code name the same things: files, commands, codes, settings, limits."""

import ast
import re
from typing import Any, cast

import pytest

from deploy.metrics import Metrics, ProjectionCollector, StateCollector, WebhookCollector
from deploy.settings import Settings
from tally.refusal import STATUS_OF_CODE
from tests.house.tree import PACKAGES, document, files, sources, told
from ws.counters import Counters
from ws.projecting import Projecting
from ws.webhooks.sender import Sending

LIMIT = re.compile(
    r"(_MAX|^KEPT|_KEPT|_TIMEOUT_S|_WINDOW_MS|_GRACE_MS|_INTERVAL_S|^SEGMENT_BYTES|AHEAD_BYTES|^CHUNK)$"
)
NO_LIMIT = {
    "LAG_INTERVAL_S",  # how often the loop is looked at
    "JUDGED_INTERVAL_S",  # how often contests are judged beside the count
}
SETTINGS_OF_STREAMS = {"ws/limits.py": "Limits", "ws/server.py": "StreamSettings", "ws/sse.py": "SseSettings"}
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}


def rows(name: str) -> list[list[str]]:
    """The cells of every table row of a document."""
    return [
        [cell.strip() for cell in line.strip()[1:-1].split("|")]
        for line in document(name).splitlines()
        if line.startswith("| ")
    ]


def quoted(cell: str) -> list[str]:
    """What stands between backquotes, fenced blocks aside."""
    return re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", cell, flags=re.MULTILINE | re.DOTALL))


def test_the_map_names_only_files_that_exist_and_every_folder() -> None:
    known = set(files())
    folders = {name.rsplit("/", depth)[0] for name in known for depth in range(1, name.count("/") + 1)}
    named = {
        token
        for token in quoted(document("ARCHITECTURE.md"))
        if re.fullmatch(r"[\w.-]+/[\w./*-]*|[\w-]+\.(?:py|md|toml)", token)
    }
    absent = [
        token
        for token in named
        if "*" not in token and token not in known and token.rstrip("/") not in folders
    ]
    assert not absent, f"ARCHITECTURE.md names what is not there: {sorted(absent)}"
    code = {name.rpartition("/")[0] for name in known if name.endswith(".py") and name.startswith(PACKAGES)}
    unnamed = [folder for folder in code if f"{folder}/" not in named]
    assert not unnamed, f"ARCHITECTURE.md does not name {sorted(unnamed)}"


def test_every_module_is_on_the_map() -> None:
    named = set(quoted(document("ARCHITECTURE.md")))
    absent = [
        source.path
        for source in sources()
        if not source.path.endswith("__init__.py")
        and source.path.rpartition("/")[2].removesuffix(".py") not in named
    ]
    assert not absent, told(absent)


def test_the_map_is_two_pages() -> None:
    assert len(document("ARCHITECTURE.md").split()) < 1_500


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md"])
def test_commands_named_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", document("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", document(name), re.MULTILINE))
    assert named <= targets, f"{name} names make targets that do not exist: {sorted(named - targets)}"


def test_the_quick_start_is_two_commands() -> None:
    assert {"make demo", "make test"} <= {
        line.partition("#")[0].strip() for line in document("README.md").splitlines()
    }


def test_every_decision_has_its_parts_and_fits_a_page() -> None:
    decisions = [name for name in files() if name.startswith("docs/adr/")]
    faults = []
    for name in decisions:
        text = document(name)
        faults += [
            f"{name}: no {part}"
            for part in ("Context", "Decision", "Rejected", "Consequences", "We would notice we were wrong")
            if f"**{part}" not in text
        ]
        if len(text.split()) > 700:
            faults.append(f"{name}: {len(text.split())} words are more than a page")
    numbers = [name.rpartition("/")[2][:4] for name in decisions]
    faults += [f"two decisions numbered {n}" for n in set(numbers) if numbers.count(n) > 1]
    assert not faults, told(faults)


def test_every_refusal_code_is_told_with_its_status() -> None:
    told_of: dict[str, str] = {}
    for cells in rows("docs/ingest.md"):
        if len(cells) == 3 and cells[1].isdigit() and cells[1] >= "400" and len(quoted(cells[0])) == 1:
            told_of[quoted(cells[0])[0]] = cells[1]
    assert told_of == {code: str(status) for code, status in STATUS_OF_CODE.items()}


def test_every_metric_is_told() -> None:
    registry = Metrics("0", "x")
    collector = StateCollector(_blank, Counters())
    projections = ProjectionCollector(_blank, cast("Projecting", _NotProjecting()))
    webhooks = WebhookCollector(cast("Sending", _NobodyToTell()))
    families = [
        *registry.registry.collect(),
        *collector.collect(),
        *projections.collect(),
        *webhooks.collect(),
    ]
    exported = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    told_of = {quoted(cells[0])[0] for cells in rows("docs/operations.md") if cells[0].startswith("`tally_")}
    assert told_of == exported


class _Nobody:
    """A state of no contest: the names of metrics do not depend on the count."""

    seq = 0
    contests: tuple[Any, ...] = ()


class _NotProjecting:
    """Projections of no contest."""

    restarts = 0


class _NobodyToTell:
    """Webhooks to no endpoint."""

    lines: tuple[Any, ...] = ()


def _blank() -> Any:
    return _Nobody()


def test_every_setting_is_told_with_its_default() -> None:
    told_of = {
        quoted(cells[0])[0]: cells
        for cells in rows("docs/operations.md")
        if len(cells) == 5 and cells[2].startswith("`TALLY_")
    }
    assert set(told_of) == set(Settings.model_fields)
    faults = []
    for name, field in Settings.model_fields.items():
        _, option, variable, default, _ = told_of[name]
        said = (
            "needed"
            if field.is_required()
            else "none"
            if field.default in {None, ()}
            else f"`{_plain(field.default)}`"
        )
        if default != said or variable != f"`TALLY_{name.upper()}`":
            faults.append(f"{name}: {option} {variable} {default}, not {said}")
    assert not faults, told(faults)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_option_of_serve_is_told() -> None:
    import inspect

    from deploy.commands.serve import serve

    options = {f"--{name.replace('_', '-')}" for name in inspect.signature(serve).parameters} - {"--config"}
    told_of = {
        quoted(cells[1])[0] for cells in rows("docs/operations.md") if len(cells) == 5 and quoted(cells[1])
    }
    assert told_of == options


def limits() -> dict[str, float]:
    """Every limit of the code as docs/limits.md has to name it, with its value."""
    found: dict[str, float] = {}
    for source in sources():
        if source.path.startswith("ingest/night/"):  # nights to play: the shape of data, not limits
            continue
        for node in source.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if LIMIT.search(name) and name not in NO_LIMIT:
                    found[f"`{name}` (`{source.path}`)"] = _value(node.value)
            if isinstance(node, ast.ClassDef) and node.name == SETTINGS_OF_STREAMS.get(source.path):
                for field in node.body:
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                        value = None if field.value is None else _value(field.value)
                        if value is not None:
                            found[f"`{node.name}.{field.target.id}`"] = value
    return found


def _value(node: ast.expr) -> Any:
    """A number written as a literal or as a sum, product, power or shift of literals; None: no number."""
    if any(isinstance(part, ast.Call | ast.Name) for part in ast.walk(node)):
        return None
    return eval(compile(ast.Expression(node), "limit", "eval"), {})  # noqa: S307 - literals of our own source only


def _said(cell: str) -> int:
    """A value as the page writes it: 1,000 or 1 MiB. KeyError: another unit."""
    number, _, unit = cell.partition(" ")
    return int(number.replace(",", "")) * {"": 1, **UNITS}[unit]


def test_every_limit_is_told_with_its_value() -> None:
    told_of = {
        cells[0]: cells[1] for cells in rows("docs/limits.md") if len(cells) == 4 and cells[0].startswith("`")
    }
    known = limits()
    faults = [f"not told: {name} = {value:,}" for name, value in known.items() if name not in told_of]
    faults += [f"no longer there: {name}" for name in told_of if name not in known]
    faults += [
        f"{name} is {value:,}, the page says {told_of[name]}"
        for name, value in known.items()
        if name in told_of and _said(told_of[name]) != value
    ]
    assert not faults, told(faults)
