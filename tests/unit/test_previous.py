"""The election before: read from a file beside the definition, checked, journaled with it."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from deploy.definition import load_definition
from deploy.failure import ConfigurationFault
from deploy.opening import begin_or_resume
from tally.checks import faults
from tally.model import read
from tests.service.world import definition

OURS = "unit,selection,votes\np001,ann,40\np001,bo,30\np002,ann,20\ngone,ann,7\n"
PUBLISHED = (
    "unit_id,contest_id,choice_id,vote_type,votes\n"
    "a/p001,old,ann,mail,15\na/p001,old,ann,day,25\na/p001,other,ann,day,9\na/p001,old,_blank,day,2\n"
)


def written(path: Path, text: str, name: str = "before.csv", **previous: Any) -> Path:
    """A definition whose `previous` names a file of this text beside it."""
    raw = text.encode()
    (path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    file = path / "election.json"
    file.write_text(json.dumps(definition(previous={"contest": "", "file": name, **previous}), indent=1))
    return file


def votes_of(file: Path) -> dict[str, dict[str, int]]:
    previous = load_definition(file).contests[0].previous
    assert previous is not None
    assert previous.file is None, "the journal holds the votes, not the name of a file"
    return previous.votes


@pytest.mark.parametrize("name", ["before.csv", "before.csv.gz"])
def test_votes_are_read_and_units_of_other_boundaries_kept(tmp_path: Path, name: str) -> None:
    votes = votes_of(written(tmp_path, OURS, name))
    assert votes == {"p001": {"ann": 40, "bo": 30}, "p002": {"ann": 20}, "gone": {"ann": 7}}


def test_published_columns_of_one_contest_add_up_by_type(tmp_path: Path) -> None:
    votes = votes_of(written(tmp_path, PUBLISHED, contest="old"))
    assert votes == {"a:p001": {"ann": 40, "_blank": 2}}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("unit,votes\np001,4\n", 1, "no column selection"),
        (OURS + "p003,ann,-4\n", 6, "'-4' is no number of votes"),
        (OURS + "p003,ann,1.5\n", 6, "'1.5' is no number of votes"),
        (OURS + "p003,ann\n", 6, "2 columns, not 3 or more"),
        (PUBLISHED, 1, "previous.contest: it holds old, other; name one of them"),
        ("", 1, "no column"),
    ],
)
def test_faults_have_their_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    with pytest.raises(ConfigurationFault) as raised:
        load_definition(written(tmp_path, text))
    fault = raised.value.faults[0]
    assert (fault.path, fault.line) == (str(tmp_path / "before.csv"), line)
    assert what in fault.what


def test_a_file_that_is_not_there_or_no_gzip(tmp_path: Path) -> None:
    file = written(tmp_path, OURS, "before.csv.gz")
    (tmp_path / "before.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(ConfigurationFault):
        load_definition(file)
    (tmp_path / "before.csv.gz").unlink()
    with pytest.raises(ConfigurationFault) as raised:
        load_definition(file)
    assert "before.csv.gz:1: previous:" in str(raised.value)


def test_what_is_said_of_it_is_checked() -> None:
    wrong = definition(
        previous={
            "map": {"old/one": "dora"},
            "votes": {"p/1": {"ann": -1}, "p2": {"bo": 10**13}},
            "file": "left.csv",
        }
    )
    at = "/contests/0/previous"
    assert [(f.code, f.pointer) for f in faults(read(wrong))] == [
        ("unknown-choice", f"{at}/map/old~1one"),
        ("bad-definition", f"{at}/file"),
        ("count-negative", f"{at}/votes/p~11/ann"),
        ("count-out-of-range", f"{at}/votes/p2/bo"),
    ]


def test_forty_thousand_units_are_journaled_and_read_again(tmp_path: Path) -> None:
    units, selections = 40_000, ("ann", "bo", "cy")
    file = tmp_path / "election.json"
    file.write_text(json.dumps(definition(units, previous={"file": "before.csv.gz"})))
    with gzip.open(tmp_path / "before.csv.gz", "wt", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("unit", "selection", "votes"))
        rows.writerows((f"p{n:03}", who, n % 97) for n in range(1, units + 1) for who in selections)
    defined = load_definition(file)
    begin_or_resume(tmp_path / "data", lambda: defined).journal.close()
    (tmp_path / "before.csv.gz").unlink()
    again = begin_or_resume(tmp_path / "data", lambda: pytest.fail("there is a journal"))
    assert again.state.layout.definition == defined
    again.journal.close()
