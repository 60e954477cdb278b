"""What deploy/prometheus and deploy/grafana say: rules, panels, and the metrics their expressions name."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
RUNBOOK = "deploy/RUNBOOK.md"
DASHBOARDS = ("election", "operations", "stream")
MADE_BY_PROMETHEUS = frozenset({"up", "scrape_duration_seconds"})
"""Series Prometheus writes about a scrape itself."""

_KEYWORDS = frozenset({"and", "or", "unless", "bool"})
_NOT_NAMES = (
    r'"(?:\\.|[^"\\])*"',  # strings
    r"\{[^{}]*\}",  # label matchers
    r"\[[^\]]*\]",  # ranges
    r"\boffset\s+\S+",
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)",
)


@dataclass(frozen=True)
class Rule:
    """A rule as it is written: `kind` is alert or record, `body` everything under it."""

    kind: str
    name: str
    expr: str
    body: str


@dataclass(frozen=True)
class Query:
    """An expression of a dashboard, and where it stands."""

    board: str
    panel: str
    expr: str


def rules(file: str) -> list[Rule]:
    """The rules of a file, in order. They are written plainly: `- alert:` or `- record:`, `expr:` on one line or folded."""
    parts = re.split(r"^ +- (alert|record): (\S+)\n", (PROMETHEUS / file).read_text(), flags=re.MULTILINE)
    return [
        Rule(kind, name, _expr(body), body)
        for kind, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    ]


def _expr(body: str) -> str:
    folded = re.search(r"^( +)expr: >-\n((?:\1 +.*\n)+)", body, re.MULTILINE)
    if folded:
        return " ".join(folded[2].split())
    plain = re.search(r"^ +expr: (.+)$", body, re.MULTILINE)
    assert plain, body
    return plain[1]


def dashboard(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GRAFANA / f"{name}.json").read_text())
    return read


def queries(name: str) -> list[Query]:
    """Every expression of a dashboard: its panels', then its annotations'."""
    board = dashboard(name)
    found = [
        Query(name, panel["title"], target["expr"])
        for panel in board["panels"]
        for target in panel["targets"]
    ]
    return found + [
        Query(name, f"annotation {note['name']}", note["expr"])
        for note in board["annotations"]["list"]
        if "expr" in note
    ]


def filled(expr: str, **variables: str) -> str:
    """An expression with Grafana's variables put in."""
    for name, value in variables.items():
        expr = expr.replace(f"${name}", value)
    assert "$" not in expr, expr
    return expr


def metrics(expr: str) -> set[str]:
    """The series an expression asks for: names that are no function, keyword or label."""
    for pattern in _NOT_NAMES:
        expr = re.sub(pattern, " ", expr)
    return set(re.findall(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?![\w:])(?!\s*\()", expr)) - _KEYWORDS


def exposed(text: str) -> set[str]:
    """The series a /metrics page holds, or would once they have a sample."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    plain = {name for name, kind in kinds.items() if kind != "histogram"}
    return plain | set(re.findall(r"^([a-z_]+)(?=[{ ])", text, re.MULTILINE))
