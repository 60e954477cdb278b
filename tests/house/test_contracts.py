"""The import contracts name every file they are about, and what they say is true of each."""

import ast
import tomllib

from tests.house.tree import Source, document, sources, told

NAMED = ("ws/session.py", "ws/backlog.py", "ws/hub.py", "ingest/gate.py", "ingest/feeds/")
"""Files without I/O by design; others join by saying so in the first line of their docstring."""
OUTSIDE = {
    "aiohttp", "aiohttp_sse", "asyncio", "datetime", "io", "logging", "os", "pathlib", "prometheus_client", "random",
    "secrets", "selectors", "socket", "ssl", "structlog", "subprocess", "tempfile", "threading", "time", "urllib",
    "uuid", "uvloop",
}  # fmt: skip


def without_io() -> list[Source]:
    """The files that do no I/O and read no clock, outside the core."""
    return [
        source
        for source in sources("ingest", "ws")
        if source.path.startswith(NAMED)
        or "sans-i/o" in (ast.get_docstring(source.tree) or "").splitlines()[0].lower()
    ]


def imported(source: Source) -> set[str]:
    """The top-level names of every module a file imports, inside functions too."""
    modules = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").split(".")[0])
    return modules


def test_files_without_io_import_nothing_of_the_outside() -> None:
    found = without_io()
    assert len(found) >= len(NAMED)
    faults = [
        f"{s.path} imports {', '.join(sorted(imported(s) & OUTSIDE))}" for s in found if imported(s) & OUTSIDE
    ]
    assert not faults, told(faults)


def test_the_contract_names_every_file_without_io() -> None:
    contracts = tomllib.loads(document("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    listed = {
        module
        for contract in contracts
        if "sans-I/O" in contract["name"]
        for module in contract["source_modules"]
    }
    absent = []
    for source in without_io():
        module = source.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if not any(module == known or module.startswith(f"{known}.") for known in listed):
            absent.append(module)
    assert not absent, f"pyproject.toml, contract on sans-I/O files: add {absent}"


def test_the_verifier_imports_only_what_does_not_decide() -> None:
    """Stricter than the contract: a list of what it may import, so that nothing new slips in."""
    allowed = {"tally.verifier", "tally.refusal", "tally.model", "tally.instant"}
    faults = []
    for source in sources("tally"):
        if not source.path.startswith(("tally/verifier/", "tally/verifier.py")):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tally"):
                module = ".".join((node.module or "").split(".")[:2])
                names = {f"tally.{alias.name}" for alias in node.names} if module == "tally" else {module}
                faults += [f"{source.path}:{node.lineno} imports {name}" for name in names - allowed]
    assert not faults, told(faults)


def test_the_shells_do_not_know_one_another() -> None:
    faults = [
        f"{source.path} imports {other}"
        for source in sources("ingest", "ws", "tally")
        for other in imported(source) & {"ingest", "ws", "deploy"} - {source.path.split("/")[0]}
    ]
    assert not faults, told(faults)
