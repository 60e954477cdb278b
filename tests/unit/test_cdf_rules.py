"""civics-cdf-validator judges our report: every rule for results is here by name, and those that apply can complain.

Four groups, together the validator's whole set. NATIVE judge the report as it is. HELD judge it in the validator's
dialect (tests/unit/cdf_civics.py): silent over ours, and each complains of its own planted mistake. OTHER_FIELDS and
NOT_OURS look for what such a report does not have. WANTS complain: they ask what a count does not know.
"""

import inspect
import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from civics_cdf_validator import rules
from lxml import etree

from tests.unit import cdf_civics, cdf_xml
from tests.unit.test_cdf import Results, hostile
from tests.unit.test_exports import taken
from ws.exports import as_cdf_xml

ALL = {rule.__name__ for rule in rules.ELECTION_RULES}
NATIVE = {"Schema", "Encoding"}


def put(path: str, text: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        root.find(path).text = text

    return change


def add(path: str, child: str, text: str = "") -> Callable[[Any], None]:
    def change(root: Any) -> None:
        etree.SubElement(root.find(path), child).text = text

    return change


def again(path: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        one = root.find(path)
        one.getparent().append(deepcopy(one))

    return change


def out(path: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        one = root.find(path)
        one.getparent().remove(one)

    return change


def mark(path: str, name: str, value: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        root.find(path).set(name, value)

    return change


def same_names(root: Any) -> None:
    names = [one.find("Name") for one in root.iter("Contest")]
    names[1].text = names[0].text


def same_parties(root: Any) -> None:
    names = root.findall(".//Party/Name/Text")
    names[1].text = names[0].text


HELD: dict[str, Callable[[Any], None]] = {
    "AllCaps": put(".//Candidate/BallotName/Text", "ANN"),
    "CorrectCandidateSelectionCount": put(".//CandidateIds", "one two"),
    "DuplicateContestNames": same_names,
    "DuplicateGpUnits": again(".//GpUnit"),
    "DuplicateID": again(".//Contest"),
    "DuplicatedPartyName": same_parties,
    "ElectionContainsStartAndEndDates": out(".//Election/EndDate"),
    "ElectionEndDatesOccurAfterStartDates": put(".//Election/EndDate", "1999-01-01"),
    "EmptyString": put(".//Contest/Name", ""),
    "EmptyText": put(".//BallotName/Text", " "),
    "GpUnitsCyclesRefsValidation": put(".//GpUnit/ComposingGpUnitIds", "nobody"),
    "GpUnitsHaveSingleRoot": add(".//GpUnit[last()]", "ComposingGpUnitIds", "whole"),
    "IndependentPartyName": put(".//Party/Name/Text", "Independent"),
    "LanguageCode": mark(".//Text", "language", "no language"),
    "MissingPartyNameTranslation": mark(".//Party[2]/Name/Text", "language", "es"),
    "MultipleInternationalizedTextWithSameLanguageCode": again(".//BallotName/Text"),
    "OptionalAndEmpty": put(".//Contest/OtherVoteVariation", ""),
    "OtherType": out(".//GpUnit/OtherType"),
    "PartisanPrimary": put(".//Election/Type", "partisan-primary-open"),
    "PartisanPrimaryHeuristic": put(".//Contest/Name", "Mayor (Dem)"),
    "ProperBallotSelection": mark(".//BallotSelection", cdf_xml.XSI_TYPE, "PartySelection"),
    "ValidEnumerations": put(".//GpUnit/OtherType", "borough"),
    "ValidIDREF": put(".//ElectoralDistrictId", "nowhere"),
}
OTHER_FIELDS = {
    "AllLanguages": "required_languages",  # an option of the command line
    "AttributionContainsNoCycles": "Attribution",
    "CandidateContestTypesAreCompatible": "CandidateContest/Type",
    "CandidatesReferencedInRelatedContests": "PersonId",
    "ComposingContestIdsAreValidRelatedContests": "ComposingContestIds",
    "ContestEndDateOccursBeforeSubsequentContestStartDate": "SubsequentContestId",
    "ContestHasValidContestStage": "contest-stage",
    "DateStatusMatches": "ElectionDateStatus",
    "DeprecatedPartyLeadershipSchema": "party-leader-id",
    "DuplicateBallotTitleSeatPair": "BallotTitle",
    "DuplicatedGpUnitOcdId": "ocd-id",
    "ElectionDatesSpanContestDates": "Contest/StartDate",
    "ElectionTypesAndCandidateContestTypesAreCompatible": "CandidateContest/Type",
    "ElectionTypesAreCompatible": "general",  # a definition does not say what kind of election it is
    "ImproperCandidateContest": "[@language='en']",  # nor in which language its names are
    "PartyLeadershipMustExist": "ExternalIdentifier",
    "SelfDeclaredCandidateMethod": "self-declared",
    "SubsequentContestIdIsValidRelatedContest": "SubsequentContestId",
    "UniqueCandidateImageUris": "Uri",
    "UniqueLabel": "label",
    "UniqueStableID": "stable",
    "UniqueURIPerAnnotationCategory": "Uri",
    "ValidJurisdictionID": "jurisdiction-id",
    "ValidateDuplicateColors": "PartyContest",
    "ValidateIncludeInAggregationBallotSelections": "IncludedInAggregation",
    "WinnerCountLimit": "PostElectionStatus",  # what is irreversible is a claim with a proof, not a status
}
"""Rules that look at elements of ours for a word that is not in them."""
NOT_OURS = {
    "AttributionDepthLimit", "BadCharactersInPersonFullName", "BallotTitle", "CoalitionParties",
    "ContestContainsValidEndDate", "ContestContainsValidStartDate", "ContestEndDateOccursAfterStartDate",
    "ContestStartDateContainsCorrespondingEndDate", "ExecutiveOfficeShouldNotHaveGovernmentBody", "FullTextMaxLength",
    "FullTextOrBallotText", "GpUnitOcdId", "GpUnitsHaveInternationalizedName", "MissingFieldsInfo", "MissingOfficeSelectionMethod",
    "NonExecutiveOfficeShouldHaveGovernmentBody", "NotEmptyUniqueDataSourceUris",
    "OfficeHasjurisdictionSameAsElectoralDistrict", "OfficesHaveJurisdictionID", "OfficesHaveValidOfficeLevel",
    "OfficesHaveValidOfficeRole", "OnlyOneCandidateImagePerPerson", "PartySpanMultipleCountries", "PercentSum",
    "PersonHasUniqueFullName", "PersonsHaveValidGender", "PersonsMissingPartyData",
    "ResultsReportingStagesMustHaveUniqueType", "SingularPartySelection", "URIValidator",
    "UniqueDataSourceDisplayNames", "UniqueDataSourceLanguages", "ValidPartyLeadershipDates", "ValidStableID",
    "ValidTiktokURL", "ValidURIAnnotation", "ValidYoutubeURL", "ValidateInfoUriAnnotation", "ValidateOcdidLowerCase",
    "ValidatePollsCloseDatetimes", "ValidateResultsEmbargoEnd", "ValidateResultsExpected",
    "ValidateSpecialBallotSelectionCountedInTotal", "VoteCountTypesCoherency", "VoteCountValidSeatsDeltaTypes",
}  # fmt: skip
"""Rules that meet no element: persons, offices, measures, party lists, sources, addresses; units that are of no kind."""
WANTS = {
    "AllInternationalizedTextHaveEnVersion": 'No "english" version',
    "ContestHasMultipleOffices": "no associated offices",
    "DuplicatedPartyAbbreviation": "does not have <InternationalizedAbbreviation>",
    "ElectionEndDatesInThePast": "in the past",
    "ElectionStartDates": "in the past",
    "MissingFieldsError": "missing field (PersonId|PartyScopeGpUnitIds)",
    "MissingFieldsWarning": "missing field PartyId",
    "MissingPartyAbbreviationTranslation": "does not have <InternationalizedAbbreviation>",
    "MissingStableIds": "missing a stable id",
    "MultipleCandidatesPointToTheSamePersonInTheSameContest": "^ended: ",  # without PersonId
}
"""Rules that complain of every report of ours, and of what."""


def reports() -> dict[str, Results]:
    """Small ones of any kind."""
    small = {f"taken-{n}": taken(with_units=n == 1) for n in (0, 1)}
    return small | {f"hostile-{n}": hostile(with_units=n == 1) for n in (0, 1)}


@cache
def written(name: str) -> bytes:
    return as_cdf_xml.written(reports()[name])


def test_every_rule_for_results_is_in_one_group() -> None:
    groups = (NATIVE, {*HELD}, {*OTHER_FIELDS}, NOT_OURS, {*WANTS})
    assert set().union(*groups) == ALL
    assert sum(map(len, groups)) == len(ALL) == 106
    said = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    assert f"the {len(HELD)} of its rules that apply" in said
    assert f"{len(OTHER_FIELDS) + len(NOT_OURS)} ask of what a count does not have" in said
    assert f"and {len(WANTS)} complain" in said


@pytest.mark.parametrize("name", reports())
def test_rules_that_apply_find_nothing(name: str) -> None:
    assert cdf_civics.found_as_it_is(written(name), NATIVE) == {}
    root = cdf_civics.in_dialect(written(name))
    assert cdf_civics.at_once(root, [*HELD, *OTHER_FIELDS]) == {}
    assert cdf_civics.looking(root, HELD) == set(HELD)


@pytest.mark.parametrize("rule", HELD)
def test_a_rule_that_applies_finds_its_own_mistake(rule: str) -> None:
    root = cdf_civics.in_dialect(written("taken-1"))
    HELD[rule](root)
    assert cdf_civics.at_once(root, [rule]).keys() == {rule}


def test_the_schema_and_the_encoding_are_judged() -> None:
    raw = written("taken-1")
    assert cdf_civics.found_as_it_is(raw.replace(b"<Count>", b"<Count>x", 1), NATIVE).keys() == {"Schema"}
    latin = raw.decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16")
    assert cdf_civics.found_as_it_is(latin, NATIVE).keys() == {"Encoding"}


def test_the_other_rules_have_nothing_to_look_at() -> None:
    for name in reports():
        root = cdf_civics.in_dialect(written(name))
        assert cdf_civics.looking(root, NOT_OURS) == set(), name
        text = etree.tostring(root, encoding="unicode")
        for rule, field in OTHER_FIELDS.items():
            source = "".join(map(inspect.getsource, getattr(rules, rule).__mro__[:-1]))
            assert field.rpartition("/")[2] in source, (rule, field)
            if "/" in field:
                assert root.find(f".//{field.replace('CandidateContest', 'Contest')}") is None
            else:
                assert not re.search(rf'[<>" ]{re.escape(field)}[<>"= ]', text), (rule, field)


def test_what_rules_ask_beyond_a_count_is_known() -> None:
    found = cdf_civics.found(cdf_civics.in_dialect(written("hostile-1")), WANTS)
    assert found.keys() == WANTS.keys()
    for rule, messages in found.items():
        assert all(re.search(WANTS[rule], message) for message in messages), (rule, messages)
