"""Venezuela, 14 April 2013, table by table: our sub-totals against the council's own 15,169 pages."""

import json

import pytest

from ingest.replay import load
from tally.state import BALLOTS, DONE, INVALID, REGISTERED
from tests.data.counting import counted
from tests.data.where import published, rows

NAME = "venezuela_2013"
SELECTIONS = ("maduro", "capriles", "mendez", "bolivar", "sequera", "mora")
LATER_TABLES = ("060803003011", "170105005011")
"""Published on 18 April; the pages above them are of 15 April, and their two centres have none at all."""
PAGES_BEFORE_THEM = {
    ("pais", ""),
    ("estado", "06"), ("municipio", "0608"), ("parroquia", "060803"),
    ("estado", "17"), ("municipio", "1701"), ("parroquia", "170105"),
}  # fmt: skip
CODE_LENGTH = {"pais": 0, "estado": 2, "municipio": 4, "parroquia": 6, "centro": 9}


@pytest.fixture(scope="module")
def contest():
    state, _ = counted(load(published(NAME), reports_per_batch=1_000))
    return state.contests[0]


def ours(contest, node: int) -> dict[str, int]:
    m = contest.layout.selections
    sums = contest.nodes[node].tolist()
    return {
        **dict(zip(SELECTIONS, sums, strict=False)),
        "ballots_cast": sums[m + BALLOTS],
        "null": sums[m + INVALID],
        "registered_transmitted": sums[m + REGISTERED],
        "actas_in": sums[m + DONE],
    }


def test_every_sub_total_is_the_councils(contest):
    differ, compared = {}, 0
    for page in rows(published(NAME) / "official_rollups.csv.gz"):
        code = page["code"][: CODE_LENGTH[page["level"]]]
        got = ours(contest, contest.layout.node_index[code])
        theirs = {column: int(page[column]) for column in got}
        compared += 1
        if got != theirs:
            differ[page["level"], code] = {column: got[column] - theirs[column] for column in got}
    assert compared == 15_169
    assert set(differ) == PAGES_BEFORE_THEM
    later = [contest.layout.unit_index[unit] for unit in LATER_TABLES]
    for (_, code), difference in differ.items():
        below = [u for u in later if contest.layout.units[u].id.startswith(code)]
        assert [difference[s] for s in SELECTIONS] == contest.counts[below].sum(axis=0).tolist()
        assert difference["actas_in"] == len(below)


def test_of_places_without_a_page_only_the_later_tables_centres_have_votes(contest):
    pages = {
        page["code"][: CODE_LENGTH[page["level"]]]
        for page in rows(published(NAME) / "official_rollups.csv.gz")
    }
    nodes = contest.layout.node_ids
    without = [n for n, node in enumerate(nodes) if node not in pages]
    assert {nodes[n][:2] for n in without} >= {"98", "99"}
    with_votes = {nodes[n] for n in without if contest.nodes[n].any()}
    assert with_votes == {table[: CODE_LENGTH["centro"]] for table in LATER_TABLES}


def test_the_whole_is_the_folders(contest):
    about = json.loads((published(NAME) / "contest.json").read_text("utf-8"))["contests"][0]
    totals = dict(about["dataset_totals"])
    assert ours(contest, 0)["null"] == totals.pop("_invalid")
    assert {s: ours(contest, 0)[s] for s in SELECTIONS} == totals
