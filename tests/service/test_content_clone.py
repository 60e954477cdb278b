"""One file under two names: counts that repeat under other units wait for a person."""

from pathlib import Path

import pytest

from ingest.replay import load
from tally import engine
from tally.clones import CONTENT_CLONE
from tests.data.where import published
from tests.service.world import batch, definition, report, town

NIGHTS = ("venezuela_2013", "venezuela_2012", "mexico_2006", "bolivia_2020", "us_nc_2020_timeseries",
          "us_ga_2018_two_round", "israel_knesset_25")  # fmt: skip


def rows(first: int, *changes: int) -> list[dict[str, object]]:
    """Four precincts from number `first` on, all with different counts."""
    votes = [(31, 22, 5), (40, 12, 9), (17, 44, 2), (25, 25, 6)]
    for place, extra in enumerate(changes):
        votes[place] = (votes[place][0] + extra, *votes[place][1:])
    return [report(f"p{first + n:03}", *counts) for n, counts in enumerate(votes)]


async def test_the_same_counts_under_other_units_are_held(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=12)) as client:
        await client.post(batch("b1", *rows(1)))
        status, answer = await client.post(batch("b2", *rows(5)))
        assert (status, answer["accepted"], answer["held_by"]) == (202, 0, [CONTENT_CLONE])
        assert answer["quarantined"] == ["p005", "p006", "p007", "p008"]
        view = await client.view()
        assert (view["ballots_cast"], view["units"]["quarantined"]) == (238, 4)
        assert view["outstanding"]["certain"] == 800, "all they may hold is still to come"
        status, _ = await client.desk(
            "restore", units=["p005", "p006", "p007", "p008"], reason="really equal"
        )
        assert status == 201
        assert (await client.view())["ballots_cast"] == 476


async def test_two_equal_tables_are_a_coincidence(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=12)) as client:
        await client.post(batch("b1", *rows(1)))
        status, _ = await client.post(batch("b2", *rows(5, 0, 0, 1, 1)))
        assert status == 201, "two in a row are common"
        even = [report(f"p{n:03}", 10, 10, 10) for n in range(9, 13)]
        assert (await client.post(batch("b3", *even[:3])))[0] == 201, (
            "the same number again and again is no file"
        )


async def test_the_same_units_may_say_the_same_again(tmp_path: Path) -> None:
    async with town(tmp_path, definition(units=12), snapshot_records=1) as client:
        await client.post(batch("b1", *rows(1)))
        again = [{**row, "revision": 2} for row in rows(1)]
        assert (await client.post(batch("b2", *again)))[0] == 201
    async with town(tmp_path) as client:
        status, answer = await client.post(batch("b3", *rows(5)))
        assert (status, answer["held_by"]) == (202, [CONTENT_CLONE]), "what was seen is known after a restart"


@pytest.mark.parametrize("name", NIGHTS)
@pytest.mark.parametrize("reports_per_batch", [1_000])
def test_no_real_night_has_any(name: str, reports_per_batch: int) -> None:
    night = load(published(name), reports_per_batch)
    state = engine.open_state(engine.define(night.definition, 1))
    counted = 0
    for event in night.events:
        step = engine.step(state, event.command, 2)
        assert step.record is not None
        assert CONTENT_CLONE not in step.answer.held
        counted += step.answer.accepted
        state = engine.apply(state, step.record, step.effects)
    assert counted > 5_000
