"""NIST SP 1500-100 version 2 as XML: the report of `as_cdf`, in the order of the schema."""

import io
import re
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from ws.exports.as_cdf import Json, report
from ws.exports.sheets import Results

PATH = "/v1/export/cdf.xml"
MEDIA_TYPE = "application/xml"
FILE_NAME = "results-cdf-v2.xml"
NAMESPACE = "http://itl.nist.gov/ns/voting/1500-100/v2"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

ORDER: dict[str, tuple[str, ...]] = {
    "ElectionReport": (
        "Election", "Format", "GeneratedDate", "GpUnit", "Issuer", "IssuerAbbreviation", "IsTest", "Notes", "Party",
        "SequenceStart", "SequenceEnd", "Status", "VendorApplicationId",
    ),
    "Election": (
        "BallotCounts", "Candidate", "Contest", "ElectionScopeId", "Name", "StartDate", "EndDate", "Type", "OtherType",
    ),
    "BallotCounts": ("GpUnitId", "Type", "OtherType", "BallotsCast"),
    "Candidate": ("BallotName", "PartyId", "PreElectionStatus"),
    "CandidateContest": (
        "ContestSelection", "ElectionDistrictId", "Name", "SubUnitsReported", "TotalSubUnits", "VoteVariation",
        "OtherVoteVariation", "NumberElected", "VotesAllowed",
    ),
    "CandidateSelection": ("SequenceOrder", "VoteCounts", "CandidateIds"),
    "VoteCounts": ("GpUnitId", "Type", "OtherType", "Count"),
    "ReportingUnit": ("ComposingGpUnitIds", "Name", "CountStatus", "Type", "OtherType", "VotersRegistered"),
    "CountStatus": ("Status", "Type", "OtherType"),
    "Party": ("Name",),
    "InternationalizedText": ("Text",),
}  # fmt: skip
"""The fields of each type that `as_cdf` writes, as the schema orders them; in JSON they have no order."""
_OF_A_KIND = {"GpUnit", "Contest", "ContestSelection"}
"""Elements the schema has several kinds of: they say which one they are."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even by its number."""
_PLAIN = re.compile(r"[A-Za-z0-9._ -]*\Z").match
"""Text that is written as it is: nearly all there is."""


def written(results: Results) -> bytes:
    """The same report as the JSON. A character XML cannot hold becomes U+FFFD, all others come back as they are."""
    out = io.BytesIO()
    text = io.TextIOWrapper(out, "utf-8", newline="")  # a list of the parts would hold twice as much
    text.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    _element(text.write, "ElectionReport", report(results), f' xmlns="{NAMESPACE}" xmlns:xsi="{INSTANCE}"')
    text.flush()
    return out.getvalue()


def _element(write: Callable[[str], object], name: str, value: Json, said: str = "") -> None:
    """`said`: attributes more, as they are written."""
    kind = value["@type"].removeprefix("ElectionResults.")
    if kind == "LanguageString":
        write(f"<{name} Language={quoteattr(value['Language'])}>{_text(value['Content'])}</{name}>\n")
        return
    order = ORDER[kind]
    fields = [field for field in order if field in value]
    assert len(fields) + ("@id" in value) + 1 == len(value), f"{kind} has {sorted(value)}"
    if "@id" in value:
        said += f" ObjectId={quoteattr(value['@id'])}"
    if name in _OF_A_KIND:
        said += f' xsi:type="{kind}"'
    write(f"<{name}{said}>")
    for field in fields:
        one = value[field]
        if isinstance(one, str):
            write(f"<{field}>{_text(one)}</{field}>")
        elif isinstance(one, bool):
            write(f"<{field}>{'true' if one else 'false'}</{field}>")
        elif isinstance(one, int):
            write(f"<{field}>{one}</{field}>")
        elif isinstance(one, dict):
            _element(write, field, one)
        elif one and isinstance(one[0], str):  # ids of others: IDREFS
            write(f"<{field}>{_text(' '.join(one))}</{field}>")
        else:
            for each in one:
                _element(write, field, each)
    write(f"</{name}>\n")


def _text(said: str) -> str:
    """Text between tags. A bare carriage return would come back as a line feed."""
    if _PLAIN(said):
        return said
    return escape(_NO_XML.sub("\ufffd", said), {"\r": "&#13;"})
