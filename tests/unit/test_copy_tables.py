"""Files of a copy's unit tables: their names, which unit stands where, and rows that are none of theirs."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.baking.pages import PAGE_UNITS, apart, find_list, pages_of
from deploy.baking.places import ROOTS, TOP, unit_file
from deploy.baking.tables import RowsOfOthers, Tables
from tally import model
from tally.layout import Layout, compile_definition
from tally.model import IDENTIFIER
from tests.service.wide import many_units
from tests.service.world import definition

IDS = st.from_regex(IDENTIFIER, fullmatch=True)


@given(st.lists(st.tuples(IDS | st.sampled_from((TOP, ROOTS)), st.integers(1, 99)), unique=True, max_size=20))
def test_every_page_has_a_plain_name_of_its_own(asked: list[tuple[str, int]]) -> None:
    names = [unit_file("mayor", *one) for one in asked]
    assert len(set(names)) == len(asked)
    for name in names:
        last = name.removeprefix("v1/contests/mayor/units/")
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.json", last), (
            "no dot, colon or slash that means something somewhere"
        )
        assert len(last) < 240


def layout_of(defined: dict[str, Any]) -> Layout:
    return compile_definition(model.read(json.loads(json.dumps(defined))), "")


def test_pages_hold_every_unit_once_under_its_parent() -> None:
    layout = layout_of(many_units(2 * PAGE_UNITS + 1))
    pages = list(pages_of(layout, layout.contests[0]))
    assert [len(page.units) for page in pages] == [PAGE_UNITS, PAGE_UNITS, 1]
    assert [page.following for page in pages] == [pages[0].units[-1], pages[1].units[-1], None]
    assert [unit for page in pages for unit in page.units] == list(layout.unit_of)


def test_a_lone_top_stands_with_the_roots_so_that_it_can_be_found() -> None:
    defined = definition(units=4)
    assert not apart(*both(defined))
    defined["units"].insert(0, {"id": "land", "name": "Land"})
    for place in defined["units"][1:3]:
        place["parent"] = "land"
    layout, contest = both(defined)
    assert apart(layout, contest)
    pages = {page.file.rpartition("/")[2]: page.units for page in pages_of(layout, contest)}
    assert pages["_roots-1.json"] == ("land",)
    assert pages["_top-1.json"] == pages["land-1.json"] == ("north", "south")
    found = find_list(layout, contest)
    assert found is not None
    listed = json.loads(found[1])
    assert listed["roots"] == ROOTS
    assert listed["units"][:2] == [["land", "Land", None], ["north", "North", "land"]]


def both(defined: dict[str, Any]) -> tuple[Layout, Any]:
    layout = layout_of(defined)
    return layout, layout.contests[0]


def test_rows_of_other_units_are_refused_and_change_nothing() -> None:
    tables = Tables(model.canonical(model.read(definition(units=2))))

    def rows(*units: str, votes: int = 0) -> bytes:
        return b"".join(
            json.dumps(
                {"unit": unit, "type": "total", "revision": 1, "progress": "completed", "standing": "stands",
                 "counts": {"ann": votes, "bo": 0, "cy": 0}, "ballots_cast": votes, "invalid": 0, "cap": None}
            ).encode() + b"\n"
            for unit in units
        )  # fmt: skip

    origins = {"position": {"epoch": "e", "seq": 2}, "batches": [], "rows": [None, None], "under_review": [], "unreconciled": []}  # fmt: skip
    told = json.dumps(origins).encode()
    first = dict(tables.files("mayor", rows("p001", "p002", votes=5), told))
    assert json.loads(first[unit_file("mayor", "north", 1)])["units"][0]["counts"]["ann"] == 5
    for wrong in (rows("p001"), rows("p001", "p003"), rows("p002", "p001")):
        with pytest.raises(RowsOfOthers):
            list(tables.files("mayor", wrong, told))
    assert not tables.knows("mayor")
    again = dict(tables.files("mayor", rows("p001", "p002", votes=5), told))
    assert again == first
    assert dict(tables.files("mayor", rows("p001", "p002", votes=5), told)) == {}
