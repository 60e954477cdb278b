"""The dashboards: whole, described, of parts every Grafana has, and asking only for what is there."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.tools import promtool
from tests.deploy.written import (
    DASHBOARDS,
    GRAFANA,
    MADE_BY_PROMETHEUS,
    ROOT,
    RUNBOOK,
    dashboard,
    exposed,
    filled,
    metrics,
    queries,
    rules,
)
from tests.service.world import town

PANELS_OF_GRAFANA = {"bargauge", "heatmap", "stat", "state-timeline", "timeseries"}
"""Panels that come with Grafana: nothing has to be installed."""
UNITS = {"cps", "locale", "none", "percentunit", "reqps", "s", "short"}
VARIABLES = {
    "election": ["datasource", "instance", "contest"],
    "operations": ["datasource", "instance"],
    "stream": ["datasource", "instance"],
}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


def panels(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard(name)["panels"]
    return found


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_told_apart_and_has_its_variables(name: str) -> None:
    board = dashboard(name)
    assert (board["uid"], board["title"]) == (f"tally-{name}", f"tally: {name}")
    assert board["schemaVersion"] >= 39, "Grafana 11"
    assert board["description"]
    assert [variable["name"] for variable in board["templating"]["list"]] == VARIABLES[name]
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_can_be_read_by_a_newcomer(name: str) -> None:
    for panel in panels(name):
        title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
        assert panel["type"] in PANELS_OF_GRAFANA, title
        assert len(panel["description"]) > 15, title
        assert defaults["unit"] in UNITS, title
        steps = defaults["thresholds"]["steps"]
        assert steps[0]["value"] is None, title
        assert [step["value"] for step in steps[1:]] == sorted(step["value"] for step in steps[1:]), title
        assert panel["datasource"] == SOURCE, title
        for target in panel["targets"]:
            assert target["legendFormat"], title
            assert bool(target.get("instant")) != bool(target.get("range")), title
    assert len({(panel["type"], panel["title"]) for panel in panels(name)}) == len(panels(name))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_fill_their_rows_and_do_not_overlap(name: str) -> None:
    places = [panel["gridPos"] for panel in panels(name)]
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
    for y in {place["y"] for place in places}:
        assert sum(place["w"] for place in places if place["y"] == y) == WIDTH


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_expression_is_for_the_service_chosen(name: str) -> None:
    for query in queries(name):
        selectors = len(re.findall(r"\{", query.expr))
        assert selectors == query.expr.count('instance="$instance"'), query
        assert selectors == sum(query.expr.count(f"{metric}{{") for metric in metrics(query.expr)), query
    for panel in panels(name):
        assert panel["type"] != "stat" or len(panel["targets"]) == 1, panel["title"]


def test_the_runbook_names_panels_that_are_there() -> None:
    named = re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", (ROOT / RUNBOOK).read_text())
    assert len(named) > 5
    assert set(named) <= {panel["title"] for name in DASHBOARDS for panel in panels(name)}


def test_every_expression_parses(tmp_path: Path) -> None:
    asked = [query for name in DASHBOARDS for query in queries(name)]
    written = [
        {"record": f"asked:{n}", "expr": filled(query.expr, __rate_interval="20s", instance="i", contest="c")}
        for n, query in enumerate(asked)
    ]
    file = tmp_path / "asked.yml"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": written}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", str(file))


async def test_dashboards_name_only_what_a_running_service_exposes(tmp_path: Path) -> None:
    async with town(tmp_path) as client, client.http.get(client.ingest + "/metrics") as response:
        known = (
            exposed(await response.text())
            | MADE_BY_PROMETHEUS
            | {rule.name for rule in rules("recording.yml")}
        )
    for name in DASHBOARDS:
        for query in queries(name):
            assert metrics(query.expr) <= known, query
        for variable in dashboard(name)["templating"]["list"]:
            asked = re.match(r"label_values\((\w+)", variable.get("definition", ""))
            assert asked is None or asked[1] in known, variable["name"]


def test_grafana_is_told_where_they_are() -> None:
    provider = (GRAFANA / "provisioning" / "dashboards" / "tally.yml").read_text()
    assert "path: $TALLY_DASHBOARDS" in provider
    source = (GRAFANA / "provisioning" / "datasources" / "tally.yml").read_text()
    assert "url: http://127.0.0.1:9090" in source
    assert "type: prometheus" in source
