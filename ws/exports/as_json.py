"""Every contest's totals and units as one JSON document."""

from tally import wire
from ws.exports import sheets
from ws.exports.sheets import Results

PATH = "/v1/export.json"
MEDIA_TYPE = "application/json"
FILE_NAME = "results.json"
FORMAT = "tally-export/1"


def written(results: Results) -> bytes:
    """`contests`: `totals` by selection and, where asked, `units`, each row an object."""
    contests = []
    for contest in results.contests:
        columns = sheets.unit_columns(contest)
        found = {"totals": [dict(zip(sheets.TOTALS, row, strict=True)) for row in sheets.totals(contest)]}
        if results.with_units:
            found["units"] = [dict(zip(columns, row, strict=True)) for row in sheets.units(contest)]
        contests.append({"contest": contest.layout.contest.id, **found})
    return wire.to_json({"format": FORMAT, **sheets.about(results), "contests": contests})
