"""NIST SP 1500-100 version 2: the election results common data format, as JSON."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeGuard

from tally import wire
from tally.events import ANNULLED, PROGRESS_NAMES
from tally.layout import ContestLayout
from tally.model import Contest, Election, Selection, Unit
from tally.state import BALLOTS, DONE, ContestState
from tally.view import results_status
from ws.exports.sheets import Results

PATH = "/v1/export/cdf.json"
MEDIA_TYPE = "application/json"
FILE_NAME = "results-cdf-v2.json"
Json = dict[str, Any]

COUNT_TYPES = {
    "absentee", "absentee-fwab", "absentee-in-person", "absentee-mail", "early", "election-day", "provisional",
    "seats", "total", "uocava", "write-in",
}  # fmt: skip
UNIT_TYPES = {
    "ballot-batch", "ballot-style-area", "borough", "city", "city-council", "combined-precinct", "congressional",
    "country", "county", "county-council", "drop-box", "judicial", "municipality", "polling-place", "precinct",
    "school", "special", "split-precinct", "state", "state-house", "state-senate", "town", "township", "utility",
    "village", "vote-center", "ward", "water",
}  # fmt: skip
VARIATIONS = {
    "plurality": "plurality", "disputed": "plurality", "two_round": "majority", "qualifying_round": "majority",
    "irv": "rcv", "stv": "rcv", "positional": "borda", "highest_averages": "proportional",
    "largest_remainder": "proportional", "parliament": "proportional",
}  # fmt: skip
STATUSES = {"expected": "not-processed", "in-process": "in-process", "completed": "completed"}


def written(results: Results) -> bytes:
    """The report as JSON."""
    return wire.to_json(report(results))


def report(results: Results) -> Json:
    """One ElectionReport: the whole tree of units, every contest, counts of units by type.

    Ids are ours behind what they are ids of, in characters of XML names, each another. Annulled units have no
    counts. Every contest is a CandidateContest, also a measure: a definition does not tell them apart.
    """
    election = results.definition.election
    day = election.date if _is_day(election.date) else results.as_of[:10]
    statuses = {results_status(contest) for contest in results.contests}
    notes = [f"position {results.epoch}/{results.seq}", election.label]
    if election.date and election.date != day:
        notes.append(f"date {election.date}")
    found = {
        "@type": "ElectionResults.ElectionReport",
        "Format": "precinct-level" if results.with_units else "summary-contest",
        "GeneratedDate": f"{results.as_of[:19]}Z",  # the standard has no fractions of a second
        "Issuer": _named(election),
        "IssuerAbbreviation": election.id,
        "SequenceStart": 1,
        "SequenceEnd": 1,
        "Status": statuses.pop() if len(statuses) == 1 else "unofficial-partial",
        "VendorApplicationId": "tally",
        "IsTest": election.is_test,
        "Notes": "; ".join(note for note in notes if note),
        "GpUnit": [*_units(results)],
        "Party": [
            {"@id": _id("party", party), "@type": "ElectionResults.Party", "Name": _text(party)}
            for party in _parties(results)
        ],
        "Election": [_election(results, day)],
    }
    if not found["Party"]:
        del found["Party"]
    return found


def _election(results: Results, day: str) -> Json:
    election = results.definition.election
    return {
        "@type": "ElectionResults.Election",
        "ElectionScopeId": _WHOLE,
        "Name": _text(_named(election)),
        "StartDate": day,
        "EndDate": day,
        "Type": "other",
        "OtherType": "unspecified",
        "Candidate": [one for contest in results.contests for one in _candidates(contest.layout)],
        "Contest": [_contest(results, contest) for contest in results.contests],
        "BallotCounts": [one for contest in results.contests[:1] for one in _ballots(results, contest)],
    }


def _is_day(said: str | None) -> TypeGuard[str]:
    """A day as the standard writes it; a definition may say any text."""
    try:
        return said is not None and date.fromisoformat(said).isoformat() == said
    except ValueError:
        return False


_WHOLE = "whole"
_SEPARATOR = "."


def _id(kind: str, name: str, within: str | None = None) -> str:
    """What an id of XML can hold stays as it is, all else is written by its number: no two names share an id.

    `within`: the contest a selection is of, whose dots are written by their number too.
    """
    plain = _UNPLAIN.sub(_numbered, name)
    if within is None:
        return f"{kind}-{plain}"
    return f"{kind}-{_UNPLAIN.sub(_numbered, within).replace(_SEPARATOR, '_x2e_')}{_SEPARATOR}{plain}"


_UNPLAIN = re.compile(r"[^A-Za-z0-9._-]|_(?=x)")
"""Also what would read as such a number."""


def _numbered(character: re.Match[str]) -> str:
    return f"_x{ord(character[0]):x}_"


def _named(one: Election | Contest | Selection) -> str:
    """Its name, or its id where that says nothing: the standard has no empty names."""
    return one.name if one.name.strip() else one.id


def _text(said: str) -> Json:
    language = {"@type": "ElectionResults.LanguageString", "Content": said, "Language": "und"}
    return {"@type": "ElectionResults.InternationalizedText", "Text": [language]}


def _parties(results: Results) -> list[str]:
    found = (s.party for contest in results.contests for s in contest.layout.contest.selections)
    return list(dict.fromkeys(party for party in found if party and party.strip()))


def _units(results: Results) -> Iterator[Json]:
    """The whole, and every unit with those directly in it; without rows of units, those that hold others."""
    below: dict[str | None, list[str]] = {}
    holders = {unit.parent for unit in results.definition.units}
    shown = [unit for unit in results.definition.units if results.with_units or unit.id in holders]
    for unit in shown:
        below.setdefault(unit.parent, []).append(_id("gp", unit.id))
    status = _count_statuses(results) if results.with_units else {}
    yield _gp_unit(_WHOLE, "other", "whole", below.get(None, []))
    for unit in shown:
        yield _gp_unit_of(unit, below.get(unit.id, []), status.get(unit.id))


def _gp_unit(name: str, kind: str, other: str | None, within: list[str]) -> Json:
    found: Json = {"@id": name, "@type": "ElectionResults.ReportingUnit", "Type": kind}
    if other is not None:
        found["OtherType"] = other
    if within:
        found["ComposingGpUnitIds"] = within
    return found


def _gp_unit_of(unit: Unit, within: list[str], status: list[Json] | None) -> Json:
    known = unit.type in UNIT_TYPES
    found = _gp_unit(
        _id("gp", unit.id), unit.type if known else "other", None if known else unit.type, within
    )
    if unit.name.strip():
        found["Name"] = _text(unit.name)
    if unit.voters_registered is not None:
        found["VotersRegistered"] = unit.voters_registered
    if status:
        found["CountStatus"] = status
    return found


def _count_statuses(results: Results) -> dict[str, list[Json]]:
    """Of each unit, how far it is for the first contest it counts, by type."""
    found: dict[str, list[Json]] = {}
    for contest in results.contests:
        layout = contest.layout
        for u, unit in enumerate(layout.units):
            if unit.id not in found:
                found[unit.id] = [
                    {"@type": "ElectionResults.CountStatus", **_type(name)}
                    | {"Status": STATUSES.get(PROGRESS_NAMES[int(contest.progress[u * layout.types + t])], "unknown")}
                    for t, name in enumerate(layout.contest.count_types)
                    if layout.applies[u * layout.types + t]
                ]  # fmt: skip
    return found


def _type(name: str) -> Json:
    return {"Type": name} if name in COUNT_TYPES else {"Type": "other", "OtherType": name}


def _candidates(layout: ContestLayout) -> Iterator[Json]:
    for selection in layout.contest.selections:
        found: Json = {
            "@id": _id("candidate", selection.id, layout.contest.id),
            "@type": "ElectionResults.Candidate",
            "BallotName": _text(_named(selection)),
        }
        if selection.party and selection.party.strip():
            found["PartyId"] = _id("party", selection.party)
        if selection.withdrawn:
            found["PreElectionStatus"] = "withdrawn"
        yield found


def _contest(results: Results, contest: ContestState) -> Json:
    layout = contest.layout
    rule = str(layout.contest.rule["type"])
    variation = VARIATIONS.get(rule)
    if rule == "plurality" and layout.contest.votes_allowed > 1:
        variation = "n-of-m"
    return {
        "@id": _id("contest", layout.contest.id),
        "@type": "ElectionResults.CandidateContest",
        "ElectionDistrictId": _WHOLE,
        "Name": _named(layout.contest),
        "VotesAllowed": layout.contest.votes_allowed,
        "NumberElected": int(layout.contest.rule.get("seats", 1)),
        **(
            {"VoteVariation": variation}
            if variation
            else {"VoteVariation": "other", "OtherVoteVariation": rule}
        ),
        "TotalSubUnits": len(layout.units),
        "SubUnitsReported": int(contest.nodes[0][layout.selections + DONE]),
        "ContestSelection": [
            {
                "@id": _id("selection", selection.id, layout.contest.id),
                "@type": "ElectionResults.CandidateSelection",
                "CandidateIds": [_id("candidate", selection.id, layout.contest.id)],
                "SequenceOrder": s + 1,
                "VoteCounts": [*_votes(results, contest, s)],
            }
            for s, selection in enumerate(layout.contest.selections)
        ],
    }


def _votes(results: Results, contest: ContestState, selection: int) -> Iterator[Json]:
    yield _count(_WHOLE, "total", int(contest.nodes[0][selection]))
    if not results.with_units:
        return
    layout, column = contest.layout, contest.counts[:, selection].tolist()
    for u, unit in enumerate(layout.units):
        for t, name in enumerate(layout.contest.count_types):
            row = u * layout.types + t
            if layout.applies[row] and contest.progress[row] and contest.standing[u] != ANNULLED:
                yield _count(_id("gp", unit.id), name, column[row])


def _count(unit: str, name: str, votes: int) -> Json:
    return {"@type": "ElectionResults.VoteCounts", "GpUnitId": unit, **_type(name), "Count": votes}


def _ballots(results: Results, contest: ContestState) -> Iterator[Json]:
    """Ballots cast, in the whole and by unit and type, as the first contest counts them."""
    layout, cast = contest.layout, contest.numbers[:, 1].tolist()
    whole = int(contest.nodes[0][layout.selections + BALLOTS])
    yield {"@type": "ElectionResults.BallotCounts", "GpUnitId": _WHOLE, "Type": "total", "BallotsCast": whole}
    for u, unit in enumerate(layout.units if results.with_units else ()):
        for t, name in enumerate(layout.contest.count_types):
            row = u * layout.types + t
            if layout.applies[row] and contest.progress[row] and contest.standing[u] != ANNULLED:
                yield {
                    "@type": "ElectionResults.BallotCounts", "GpUnitId": _id("gp", unit.id), **_type(name),
                    "BallotsCast": cast[row],
                }  # fmt: skip
