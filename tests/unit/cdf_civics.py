"""civics-cdf-validator over a report: as it is, and in the dialect its rules read.

Its rules look for the words of an older form of the standard: no namespace, `objectId`, things of a kind within a
Collection. Over NIST's version 2 nearly all of them find nothing to look at. `in_dialect` writes a report over into
those words, name by name, so that they judge what it says; what it says stays.
"""

import io
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from civics_cdf_validator import base, gpunit_rules, rules
from lxml import etree

from tests.unit import cdf_xml

RENAMED = {"ContestSelection": "BallotSelection", "ElectionDistrictId": "ElectoralDistrictId"}
COLLECTED = {"BallotCounts", "Candidate", "Contest", "CountStatus", "GpUnit", "Party", "VoteCounts"}
ATTRIBUTES = {"ObjectId": "objectId", "Language": "language"}
Findings = dict[str, list[str]]


def in_dialect(raw: bytes) -> Any:
    """The report in the older words."""
    root = _over(cdf_xml.parsed(raw))
    etree.indent(root)  # a rule takes an element without white space within for an empty text
    return root


def _over(element: Any) -> Any:
    name = etree.QName(element).localname
    parent = element.getparent()
    of_unit = name == "Name" and parent is not None and etree.QName(parent).localname == "GpUnit"
    found = etree.Element("InternationalizedName" if of_unit else RENAMED.get(name, name))
    for key, value in element.attrib.items():
        found.set(ATTRIBUTES.get(key, key), value)
    found.text = element.text
    collections: dict[str, Any] = {}
    for child in element:
        kind = etree.QName(child).localname
        within = found
        if kind in COLLECTED:
            if kind not in collections:
                collections[kind] = etree.SubElement(found, f"{kind}Collection")
            within = collections[kind]
        within.append(_over(child))
    return found


def schema_in_dialect() -> bytes:
    """The schema in the same words, for the rules that learn from it which elements hold text or ids of others."""
    tree = deepcopy(cdf_xml.schema_tree())
    for element in tree.iter(f"{cdf_xml.XSD}element"):
        element.set("name", RENAMED.get(element.get("name"), element.get("name")))
    raw: bytes = etree.tostring(tree)
    return raw.replace(b"xmlns:xsd=", b"xmlns:xs=").replace(b"xsd:", b"xs:")


def found(root: Any, names: Iterable[str]) -> Findings:
    """What each rule says of a report in the dialect, the others apart: some end where a field is absent."""
    said: Findings = {}
    for name in names:
        try:
            said |= at_once(root, [name])
        except AttributeError as ended:
            said[name] = [f"ended: {ended}"]
    return said


def at_once(root: Any, names: Iterable[str]) -> Findings:
    """The same in one pass, for rules that do not end."""
    return _checked(_whole(root), schema_in_dialect(), names)[0]


def found_as_it_is(raw: bytes, names: Iterable[str]) -> Findings:
    """What rules say of the report as we write it, under the schema of NIST."""
    return _checked(raw, etree.tostring(cdf_xml.schema_tree()), names)[0]


def looking(root: Any, names: Iterable[str]) -> set[str]:
    """Rules that look at the tree or for an element that is in it."""
    there = {base.SchemaHandler().get_element_class(element) for element in root.iter()} | {"tree"}
    schema = etree.fromstring(schema_in_dialect()).getroottree()
    looks = set()
    for name in names:
        rule = getattr(rules, name)(root.getroottree(), schema)
        rule.setup()
        if there & {*rule.elements()}:
            looks.add(name)
    return looks


def _whole(root: Any) -> bytes:
    raw: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return raw


def _checked(raw: bytes, schema: bytes, names: Iterable[str]) -> tuple[Findings, Any]:
    registry = base.RulesRegistry(
        election_file=io.BytesIO(raw),
        schema_file=io.BytesIO(schema),
        rule_classes_to_check=[getattr(rules, name) for name in names],
        rule_options={},
        ocd_id_validator=gpunit_rules.GpUnitOcdIdValidator("us", None, ["ocd-division/country:us"]),
    )
    registry.check_rules()
    said: Findings = {}
    for of_severity in registry.exceptions_wrapper.get_all_exceptions().values():
        for name, entries in of_severity.items():
            said.setdefault(name, []).extend(entry.message for entry in entries)
    return said, registry
