"""Alerts and recording rules: sound, tested both ways, each with its section of the runbook."""

import re
import shutil
import subprocess

import pytest

from tests.deploy.tools import promtool
from tests.deploy.written import MADE_BY_PROMETHEUS, PROMETHEUS, ROOT, RUNBOOK, Rule, exposed, metrics, rules
from tests.faults.test_disk_under_service import need
from tests.service.world import town

PARTS = ("It means", "Look at", "Do", "Do not")
ALERTS = {rule.name: rule for rule in rules("alerts.yml")}
RECORDED = {rule.name: rule for rule in rules("recording.yml")}


def sections() -> dict[str, str]:
    """The runbook's sections, by the anchor of their heading."""
    parts = re.split(r"^## (.+)\n", (ROOT / RUNBOOK).read_text(), flags=re.MULTILINE)
    return {title.lower(): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def has_a_result(name: str) -> bool:
    """Whether some unit test asks about a rule and expects a sample; what it does not list may not be there."""
    text = (PROMETHEUS / "alerts.test.yml").read_text()
    asked = re.split(r"^      - (?=expr:|eval_time:)", text, flags=re.MULTILINE)[1:]
    about = [
        one for one in asked if re.search(rf'(?:alertname="|alertname: |expr: ){re.escape(name)}\b', one)
    ]
    return any("- labels:" in one or "- exp_labels:" in one for one in about)


def test_the_configuration_is_sound() -> None:
    assert "2 rule files found" in promtool("check", "config", "prometheus.yml")


def test_the_start_of_an_alertmanager_is_sound_and_pages() -> None:
    need(shutil.which("amtool") is not None, "amtool (Debian's package prometheus-alertmanager)")
    for severity, receiver in (("page", "phone"), ("warning", "desk")):
        done = subprocess.run(
            ["amtool", "config", "routes", "test", "--config.file=alertmanager.yml", f"severity={severity}"],
            check=False, capture_output=True, text=True, cwd=PROMETHEUS,
        )  # fmt: skip
        assert (done.returncode, done.stdout.strip()) == (0, receiver), done.stderr


def test_the_rules_are_sound() -> None:
    said = promtool("check", "rules", "recording.yml", "alerts.yml")
    assert f"{len(RECORDED)} rules found" in said
    assert f"{len(ALERTS)} rules found" in said


def test_the_rules_do_what_their_tests_say() -> None:
    promtool("test", "rules", "alerts.test.yml")


@pytest.mark.parametrize("name", [*RECORDED, *ALERTS])
def test_every_rule_has_a_unit_test(name: str) -> None:
    assert has_a_result(name)


@pytest.mark.parametrize("rule", ALERTS.values(), ids=ALERTS.keys())
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule: Rule) -> None:
    severity = re.search(r"labels: \{severity: (\w+)\}", rule.body)
    assert severity, rule.name
    assert severity[1] in {"page", "warning"}
    for name in ("summary", "description", "runbook"):
        assert re.search(rf"^ {{10}}{name}: ", rule.body, re.MULTILINE), f"{rule.name} has no {name}"
    anchor = re.search(rf"runbook: {re.escape(RUNBOOK)}#(\S+)", rule.body)
    assert anchor, rule.name
    assert anchor[1] == rule.name.lower()
    text = sections()[anchor[1]]
    assert all(f"**{part}**" in text for part in PARTS), text
    assert len(text.split()) < 200, "a section is read at night"


def test_the_runbook_has_a_section_an_alert_and_no_other() -> None:
    assert list(sections()) == [name.lower() for name in ALERTS]


def test_every_alert_is_told_to_operators_in_one_line() -> None:
    told = re.findall(r"^\| `(Tally\w+)` \|", (ROOT / "docs" / "operators.md").read_text(), re.MULTILINE)
    assert told == list(ALERTS)


async def test_rules_name_only_what_a_running_service_exposes(tmp_path) -> None:
    async with town(tmp_path) as client, client.http.get(client.ingest + "/metrics") as response:
        known = exposed(await response.text()) | MADE_BY_PROMETHEUS
    for rule in RECORDED.values():
        assert metrics(rule.expr) <= known, rule.name
    for rule in ALERTS.values():
        assert metrics(rule.expr) <= known | set(RECORDED), rule.name


def test_metrics_of_an_expression() -> None:
    asked = 'sum by (job, le) (rate(a_total{b="c",d=~"e|f"}[5m] offset 2m)) > 0.5 and on (job) g:h:i > 1e3 or vector(0)'
    assert metrics(asked) == {"a_total", "g:h:i"}
