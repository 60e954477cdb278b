"""`tally backtest` as a person meets it: a made night, a past one, and somebody else's estimator beside it."""

import gzip
import json
import random
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.data.where import published
from tests.service.test_cli import tally

AREAS, UNITS = 6, 60
ORDERS = ("random", "small-first", "region-blocks", "lean-sorted", "file")


def folder_of(folder: Path, *, previous: bool = False) -> Path:
    """A night of our own form: areas that lean, a register that is hard, an order in which they came."""
    chance = random.Random(1)
    folder.mkdir()
    units = [{"id": "root", "type": "country"}]
    reports, before = [], {}
    for area in range(AREAS):
        units.append({"id": f"a{area}", "type": "county", "parent": "root"})
        for number in range(UNITS):
            name = f"a{area}-{number:02d}"
            cast = 150 + chance.randrange(100)
            ann = int(cast * (0.40 + 0.05 * area + chance.uniform(-0.05, 0.05)))
            units.append({"id": name, "type": "precinct", "parent": f"a{area}", "voters_registered": 300})
            reports.append({"unit": name, "contest": "mayor", "revision": 1, "status": "completed",
                            "counts": {"ann": ann, "bo": cast - ann}, "ballots_cast": cast})  # fmt: skip
            before[name] = {"ann": max(0, ann - 8), "bo": cast - ann}
    contest = {"id": "mayor", "selections": [{"id": "ann"}, {"id": "bo"}],
               "rule": {"type": "plurality", "seats": 1}, "bound": {"kind": "registered", "hard": True}}  # fmt: skip
    if previous:
        contest["previous"] = {"contest": "mayor-before", "map": {}, "votes": before}
    election = {
        "format": "tally-election/1",
        "election": {"id": "village"},
        "units": units,
        "contests": [contest],
    }
    (folder / "election.json").write_text(json.dumps(election))
    lines = [
        json.dumps({"at": None, "batch": {"format": "tally-batch/1", "election": "village", "batch_id": f"b-{n}",
                                          "source": "hall", "reports": [report]}})
        for n, report in enumerate(reports)
    ]  # fmt: skip
    (folder / "batches.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def test_a_made_night_in_every_order(tmp_path: Path) -> None:
    night, written, drawn = folder_of(tmp_path / "night"), tmp_path / "cells.json", tmp_path / "plot.svg"
    ended = tally("backtest", str(night), "--checkpoints", "5,10,50,90", "--json", str(written), "--plot",
                  str(drawn), "--replicates", "2", "--seeds", "2", "--jobs", "2")  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert all(f"order     {order}" in ended.stdout for order in ORDERS)
    assert "share in  90 %" in ended.stdout
    whole = json.loads(written.read_bytes())
    assert whole["format"] == "tally-backtest/1"
    assert len(whole["updates"]) == 4 * 7, "random and region-blocks twice; areas of 60 rows are too small"
    done = [cell for cell in whole["updates"] if cell["answer"] == "projected"]
    assert len(done) == 3 * 7, "18 rows are too few"
    assert all(
        low <= middle <= high
        for c in done
        for of in c["shares"].values()
        for _, middle, low, high in of.values()
    )
    at = {cell["order"]: cell["certain_at"] for cell in done}
    assert all(90 < share <= 100 for share in at.values()), at
    root = ET.fromstring(drawn.read_text())  # noqa: S314 - our own
    assert "title" in root[0].tag
    assert len([part for part in root.iter() if part.tag.endswith("polyline")]) == len(ORDERS)


def test_a_past_night_in_seconds(tmp_path: Path) -> None:
    folder = published("us_ga_2018_two_round")
    written = tmp_path / "cells.json"
    ended = tally("backtest", str(folder), "--checkpoints", "25,90", "--json", str(written), "--orders",
                  "random,lean-sorted", "--replicates", "1")  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    cells = json.loads(written.read_bytes())["updates"]
    assert {cell["case"] for cell in cells} >= {"us-ga-sos-2018-r2", "us-ga-sos-2018-r2/Fulton"}
    assert all(cell["rows"] == 2_635 for cell in cells if "/" not in cell["case"]), (
        "count types came together"
    )
    assert {cell["outcome"] for cell in cells if cell["case"] == "us-ga-sos-2018-r1"} == {"runoff"}


def test_what_is_asked_wrongly_is_64_what_is_not_there_78_or_69(tmp_path: Path) -> None:
    for options in (["--orders", "sideways"], ["--checkpoints", "0,5"], ["--checkpoints", "x"], ["--jobs", "0"],
                    ["--checkpoints", "100"], ["--json", str(tmp_path / "no" / "cells.json")]):  # fmt: skip
        ended = tally("backtest", str(tmp_path), *options)
        assert ended.returncode == 64, (options, ended.stderr)
        assert "Traceback" not in ended.stderr
    assert tally("backtest").returncode == 64
    assert tally("backtest", str(tmp_path)).returncode == 78
    for python in ("/nowhere/python", sys.executable):  # ours has no elex-model
        ended = tally("backtest", str(tmp_path), "--beside", python)
        assert ended.returncode == 69, ended.stderr
        assert python in ended.stderr
    helped = tally("backtest", "--help")
    assert helped.returncode == 0
    assert "--beside" in helped.stdout


STAND_IN = """
class ModelClient:
    def get_estimates(self, current_data, election_id, office, estimands, **more):
        before, method = more["preprocessed_data"], more["pi_method"]
        if method == "gaussian":
            raise FloatingPointError("nothing converged")
        rows = current_data.columns
        done = [at for at, share in enumerate(rows["percent_expected_vote"]) if share == 100]
        old = {name: sum(before.columns[f"baseline_{name}"]) for name in ("dem", "gop")}
        assert len(done) >= 19
        found = {}
        for name, value in {**old, "margin": (old["dem"] - old["gop"]) / (old["dem"] + old["gop"])}.items():
            found |= {f"pred_{name}": value, f"lower_0.9_{name}": value * 1.5, f"upper_0.9_{name}": value * 0.5}
        return {"state_data": Rows(found)}


class Rows:
    def __init__(self, found):
        self.iloc = [found]
"""
TABLES = """
class DataFrame:
    def __init__(self, columns):
        self.columns = columns
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An interpreter that finds a package of that name and shape, whose answers are the election before."""
    site = tmp_path / "site"
    (site / "elexmodel").mkdir(parents=True)
    (site / "elexmodel" / "__init__.py").write_text("")
    (site / "elexmodel" / "client.py").write_text(STAND_IN)
    (site / "pandas.py").write_text(TABLES)
    (site / "elex_model-9.9.dist-info").mkdir()
    (site / "elex_model-9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: elex-model\nVersion: 9.9\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    return sys.executable


def test_beside_us_on_the_same_moments_its_crashes_stay_in_the_table(tmp_path: Path, stand_in: str) -> None:
    night, written = folder_of(tmp_path / "night", previous=True), tmp_path / "cells.json"
    ended = tally("backtest", str(night), "--orders", "random,file", "--checkpoints", "10,50", "--replicates", "0",
                  "--beside", stand_in, "--json", str(written))  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "elex-model 9.9 beside us" in ended.stdout
    whole = json.loads(written.read_bytes())
    moments = [(other["method"], other["order"], other["checkpoint"]) for other in whole["beside_updates"]]
    assert len(set(moments)) == len(moments) == 3 * 2 * 2
    for other in whole["beside_updates"]:
        if other["method"] == "gaussian":
            assert other["why"] == "FloatingPointError: nothing converged"
        else:
            truth, middle, low, high = other["interval"]
            assert low > high or other["method"] == "bootstrap"
            assert middle < truth, "ann gained"
    rows = {(row["method"], row["order"]): row for row in whole["beside"]}
    assert rows["nonparametric", "all"]["crossed"] == [4, 0]
    assert rows["gaussian", "all"]["crashed"] == [4, 0]
    assert rows["bootstrap", "all"]["coverage"][1] == 1.0
