"""Mexico, 2 July 2006: a register that is no hard cap, and every table counted all the same."""

import json

import pytest

from ingest.replay import load
from tally.layout import NO_CAP
from tally.state import BALLOTS
from tests.data.counting import count, opened
from tests.data.where import published, rows

NAME = "mexico_2006"


@pytest.fixture(scope="module")
def night():
    return load(published(NAME), reports_per_batch=1_000)


@pytest.fixture(scope="module")
def tables():
    return {row["unit_id"]: row for row in rows(published(NAME) / "units.csv.gz")}


def test_official_totals_and_every_table_beyond_its_roll(night, tables):
    over = {
        unit: (int(row["ballots_cast"]), int(row["registered_voters"]))
        for unit, row in tables.items()
        if 0 < int(row["registered_voters"]) < int(row["ballots_cast"])
    }
    without_roll = {unit for unit, row in tables.items() if int(row["registered_voters"]) == 0}
    assert (len(over), len(without_roll)) == (117, 822)
    state = opened(night)
    contest = state.contests[0]
    layout = contest.layout
    uncapped = {
        layout.units[unit].id
        for unit, cap in zip(layout.cells.unit, layout.cells.cap, strict=True)
        if cap == NO_CAP
    }
    assert uncapped == without_roll
    soft = next(v for v, variant in enumerate(layout.variants) if variant.soft_caps)
    assert sum(contest.sums.unbounded[soft]) == 822  # even where soft caps are believed, nothing caps these
    violations = [v for record in count(state, night.events) for v in record.violations]
    assert {v.unit: (v.ballots, v.cap) for v in violations} == over
    assert len(violations) == 117
    assert not any(v.hard for v in violations)
    assert not contest.held
    assert not contest.unreconciled
    about = json.loads((published(NAME) / "contest.json").read_text("utf-8"))["contests"][0]
    totals = dict(zip(layout.selection_index, contest.nodes[0].tolist(), strict=False))
    assert totals == about["official_totals"]
    assert int(contest.nodes[0, layout.selections + BALLOTS]) == about["official_ballots_cast"]
    assert (contest.progress == 2).all()
