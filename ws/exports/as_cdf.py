"""NIST SP 1500-100 version 2: the election results common data format, as JSON."""

import re
from collections.abc import Iterator
from typing import Any

from tally import wire
from tally.events import ANNULLED, PROGRESS_NAMES
from tally.layout import ContestLayout
from tally.model import Unit
from tally.state import BALLOTS, DONE, ContestState
from tally.view import results_status
from ws.exports.sheets import Results

PATH = "/v1/export/cdf.json"
MEDIA_TYPE = "application/json"
FILE_NAME = "results-cdf-v2.json"
Json = dict[str, Any]

COUNT_TYPES = {
    "absentee", "absentee-fwab", "absentee-in-person", "absentee-mail", "early", "election-day", "provisional",
    "total", "uocava", "write-in",
}  # fmt: skip
UNIT_TYPES = {
    "city", "congressional", "country", "county", "municipality", "polling-place", "precinct", "special", "state",
    "state-house", "state-senate", "town", "township", "village", "vote-center", "ward",
}  # fmt: skip
VARIATIONS = {
    "plurality": "plurality", "disputed": "plurality", "two_round": "majority", "qualifying_round": "majority",
    "irv": "rcv", "stv": "rcv", "positional": "borda", "highest_averages": "proportional",
    "largest_remainder": "proportional", "parliament": "proportional",
}  # fmt: skip
STATUSES = {"expected": "not-processed", "in-process": "in-process", "completed": "completed"}


def written(results: Results) -> bytes:
    """One ElectionReport: the whole tree of units, every contest, counts of units by type.

    Ids are ours behind what they are ids of, with what XML names do not allow replaced. Annulled units have no
    counts. Every contest is a CandidateContest, also a measure: a definition does not tell them apart.
    """
    election = results.definition.election
    day = election.date or results.as_of[:10]
    statuses = {results_status(contest) for contest in results.contests}
    report = {
        "@type": "ElectionResults.ElectionReport",
        "Format": "precinct-level" if results.with_units else "summary-contest",
        "GeneratedDate": results.as_of,
        "Issuer": election.name or election.id,
        "IssuerAbbreviation": election.id,
        "SequenceStart": 1,
        "SequenceEnd": 1,
        "Status": statuses.pop() if len(statuses) == 1 else "unofficial-partial",
        "VendorApplicationId": "tally",
        "IsTest": election.is_test,
        "Notes": f"position {results.epoch}/{results.seq}"
        + (f"; {election.label}" if election.label else ""),
        "GpUnit": [*_units(results)],
        "Party": [
            {"@id": _id("party", party), "@type": "ElectionResults.Party", "Name": _text(party)}
            for party in _parties(results)
        ],
        "Election": [
            {
                "@type": "ElectionResults.Election",
                "ElectionScopeId": _WHOLE,
                "Name": _text(election.name or election.id),
                "StartDate": day,
                "EndDate": day,
                "Type": "other",
                "OtherType": "unspecified",
                "Candidate": [one for contest in results.contests for one in _candidates(contest.layout)],
                "Contest": [_contest(results, contest) for contest in results.contests],
                "BallotCounts": [
                    one for contest in results.contests[:1] for one in _ballots(results, contest)
                ],
            }
        ],
    }
    if not report["Party"]:
        del report["Party"]
    return wire.to_json(report)


_WHOLE = "gp-whole"


def _id(kind: str, *names: str) -> str:
    return "-".join([kind, *(re.sub(r"[^A-Za-z0-9._-]", "_", name) for name in names)])


def _text(said: str) -> Json:
    language = {"@type": "ElectionResults.LanguageString", "Content": said, "Language": "und"}
    return {"@type": "ElectionResults.InternationalizedText", "Text": [language]}


def _parties(results: Results) -> list[str]:
    found = (s.party for contest in results.contests for s in contest.layout.contest.selections)
    return list(dict.fromkeys(party for party in found if party))


def _units(results: Results) -> Iterator[Json]:
    """The whole, and every unit with those directly in it."""
    below: dict[str | None, list[str]] = {}
    for unit in results.definition.units:
        below.setdefault(unit.parent, []).append(unit.id)
    status = _count_statuses(results) if results.with_units else {}
    yield _gp_unit(_WHOLE, "other", "whole", [_id("gp", unit) for unit in below.get(None, [])])
    for unit in results.definition.units:
        if results.with_units or unit.id in below:
            yield _gp_unit_of(unit, below.get(unit.id, []) if results.with_units else [], status.get(unit.id))


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
        _id("gp", unit.id), unit.type if known else "other", None if known else unit.type,
        [_id("gp", child) for child in within],
    )  # fmt: skip
    if unit.name:
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
            "@id": _id("candidate", layout.contest.id, selection.id),
            "@type": "ElectionResults.Candidate",
            "BallotName": _text(selection.name or selection.id),
        }
        if selection.party:
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
        "Name": layout.contest.name or layout.contest.id,
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
                "@id": _id("selection", layout.contest.id, selection.id),
                "@type": "ElectionResults.CandidateSelection",
                "CandidateIds": [_id("candidate", layout.contest.id, selection.id)],
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
