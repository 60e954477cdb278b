"""The election before, as nights carry it: votes by unit, from the folder beside or the same."""

import shutil

import pytest

from ingest.replay import load
from tests.data.where import published


def test_venezuela_carries_2012_by_the_same_tables():
    night = load(published("venezuela_2013"), 10_000, previous=True)
    previous = night.definition.contests[0].previous
    assert previous is not None
    assert (previous.contest, previous.map) == ("ve-pres-2012", {"chavez": "maduro"})
    assert sum(of.get("chavez", 0) for of in previous.votes.values()) == 8_059_925
    assert sum(of.get("capriles", 0) for of in previous.votes.values()) == 6_516_155
    assert previous.votes["010101001011"]["chavez"] == 180
    units = {unit.id for unit in night.definition.units}
    assert len(previous.votes.keys() & units) > 38_000
    assert all(of and sum(of.values()) > 0 for of in previous.votes.values()), (
        "what was not counted is not there"
    )


def test_the_run_off_carries_its_own_first_round():
    first, second, other = load(published("us_ga_2018_two_round"), 10_000, previous=True).definition.contests
    assert second.previous is not None
    assert first.previous is other.previous is None
    assert sum(of.get("raffensperger", 0) for of in second.previous.votes.values()) == 1_906_588


def test_only_who_asks_gets_it():
    assert load(published("venezuela_2013"), 10_000).definition.contests[0].previous is None


@pytest.mark.parametrize("name", ["venezuela_2013"])
def test_without_the_folder_beside_there_is_none(name, tmp_path):
    shutil.copytree(published(name), tmp_path / name)
    assert load(tmp_path / name, 10_000, previous=True).definition.contests[0].previous is None
