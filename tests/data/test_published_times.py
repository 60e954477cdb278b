"""Bolivia and North Carolina: at every publication our counts are those of a recount with dicts."""

from collections import Counter
from itertools import groupby

from ingest.replay import load
from tally.state import BALLOTS, INVALID
from tests.data.counting import count, opened
from tests.data.where import published, rows

BOLIVIA = ("mas_ipsp", "cc", "creemos", "fpv", "pan_bol", "libre_21", "adn", "juntos")
CAROLINA = ("biden", "trump", "jorgensen", "other")


def publications(name: str, column: str):
    """(state, rows of the publication) after each publication is counted: ours and the file's in step."""
    night = load(published(name), reports_per_batch=500)
    state = opened(night)
    theirs = groupby(rows(published(name) / "events.csv.gz"), key=lambda row: row[column])
    ours = groupby(night.events, key=lambda event: event.at_ms)
    for (_, events), (at, said) in zip(ours, theirs, strict=True):
        list(count(state, events))
        yield state, at, list(said)


def rows_of(contest, types: tuple[str, ...]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Every row that is not all noughts, by unit and type."""
    units = contest.layout.units
    return {
        (units[row // len(types)].id, types[row % len(types)]): tuple(contest.counts[row].tolist())
        for row in contest.counts.any(axis=1).nonzero()[0].tolist()
    }


def corrections(contest, kind: str) -> Counter[tuple[str, str]]:
    units = contest.layout.units
    return Counter((units[c.unit].id, c.reason) for c in contest.history.corrections if c.kind == kind)


def test_bolivia_at_each_of_its_exports():
    tables: dict[str, dict[str, str]] = {}
    withdrawn: Counter[tuple[str, str]] = Counter()
    exports = 0
    for state, at, said in publications("bolivia_2020", "snapshot_at"):
        exports += 1
        for row in said:
            if row["kind"] == "withdraw":
                del tables[row["unit_id"]]
                withdrawn[row["unit_id"], f"left out of the official export of {at}"] += 1
            else:
                assert (row["kind"] == "revise") == (row["unit_id"] in tables)
                tables[row["unit_id"]] = row
        contest = state.contests[0]
        expected = {
            (unit, "total"): counts
            for unit, row in tables.items()
            if any(counts := tuple(int(row[s]) for s in BOLIVIA))
        }
        assert rows_of(contest, ("total",)) == expected
        invalid = sum(int(row["_blank"]) + int(row["_null"]) for row in tables.values())
        totals = [sum(int(row[s]) for row in tables.values()) for s in BOLIVIA]
        whole = contest.nodes[0].tolist()
        m = len(BOLIVIA)
        assert whole[:m] == totals
        assert (whole[m + BALLOTS], whole[m + INVALID]) == (sum(totals) + invalid, invalid)
    assert exports == 86
    assert sum(withdrawn.values()) == 16
    assert corrections(contest, "withdrawal") == withdrawn
    revised = {("1726", "changed in the official export of 2020-10-20T01:58:35-04:00"): 1}
    assert corrections(contest, "correction") == revised
    assert len(contest.history.corrections) == 17


def test_north_carolina_at_each_of_its_times():
    seen: dict[tuple[str, str], tuple[int, ...]] = {}
    lowered: Counter[tuple[str, str]] = Counter()
    times = 0
    for state, at, said in publications("us_nc_2020_timeseries", "reported_at"):
        times += 1
        for row in said:
            unit = row["unit_id"].replace("/", ":").replace("#", "-")
            now = tuple(int(row[s]) for s in CAROLINA)
            before = seen.get((unit, row["vote_type"]), now)
            if any(a > b for a, b in zip(before, now, strict=True)):
                lowered[unit, f"lowered by the source in its publication of {at}"] += 1
            seen[unit, row["vote_type"]] = now
        contest = state.contests[0]
        expected = {row: counts for row, counts in seen.items() if any(counts)}
        assert rows_of(contest, contest.layout.contest.count_types) == expected
        totals = [sum(counts[s] for counts in seen.values()) for s in range(4)]
        assert contest.nodes[0, :4].tolist() == totals
        assert int(contest.nodes[0, 4 + BALLOTS]) == sum(totals)
    assert times == 66
    assert sum(lowered.values()) == 31
    assert corrections(contest, "correction") == lowered
    assert len(contest.history.corrections) == 31
