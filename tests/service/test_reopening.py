"""A restart reads of the definition given only what it must, and still refuses another election's."""

import json
from pathlib import Path

import pytest

from deploy.failure import ConfigurationFault
from deploy.opening import open_journal
from deploy.settings import Settings
from tests.service.world import definition


def reopened(path: Path, text: str) -> None:
    """Begin a journal with the small election; reopen it with another text beside it."""
    election = path / "election.json"
    election.write_text(json.dumps(definition()))
    settings = Settings(election=election, data=path / "data")
    open_journal(settings).journal.close()
    election.write_text(text)
    open_journal(settings).journal.close()


def test_the_journal_s_own_definition_is_in_force(tmp_path: Path) -> None:
    changed = definition(units=2)
    changed["units"][0]["id"] = "not an id"
    reopened(tmp_path, json.dumps(changed))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({**definition(), "election": {"id": "city"}}), "this journal counts town"),
        (
            json.dumps({**definition(), "election": {"id": "town", "is_test": True}}),
            "this journal counts town",
        ),
        ('{"election": {"id": "town"},,}', "malformed-json"),
        ('{"election": {"id": 7}}', "election.json"),
    ],
)
def test_what_contradicts_the_journal_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationFault) as refused:
        reopened(tmp_path, text)
    assert any(said in f"{fault}" for fault in refused.value.faults), refused.value.faults
