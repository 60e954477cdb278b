"""The XML of NIST SP 1500-100 read by its schema alone, into what the JSON of the same report would be."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from tests.data.where import published

XSD = "{http://www.w3.org/2001/XMLSchema}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NAMESPACE = "http://itl.nist.gov/ns/voting/1500-100/v2"
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def folder() -> Path:
    return published("feed_samples/nist_1500_100_v2")


@cache
def schema_tree() -> Any:
    return etree.parse(folder() / "NIST_V2_election_results_reporting.xsd")


def parsed(raw: bytes) -> Any:
    """Any size, and no entity of a document type."""
    return etree.fromstring(raw, etree.XMLParser(huge_tree=True, resolve_entities=False))


@cache
def _schema() -> Any:
    return etree.XMLSchema(schema_tree())


def faults(raw: bytes) -> list[str]:
    """What the schema finds wrong; ids twice and ids of nobody are among it."""
    schema = _schema()
    schema.validate(parsed(raw))
    return [f"{fault.line}: {fault.message}" for fault in schema.error_log]


class Field(NamedTuple):
    name: str
    type: str
    many: bool


@cache
def fields(kind: str) -> dict[str, Field]:
    """The elements of a type in the order of the schema, those it inherits first."""
    found = schema_tree().find(f"{XSD}complexType[@name='{kind}']")
    assert found is not None, kind
    base = found.find(f".//{XSD}extension")
    inherited = {} if base is None or base.get("base").startswith("xsd:") else fields(base.get("base"))
    return inherited | {
        one.get("name"): Field(one.get("name"), one.get("type"), one.get("maxOccurs") == "unbounded")
        for one in found.iter(f"{XSD}element")
    }


def enumerated(kind: str) -> set[str]:
    """The words of an enumeration."""
    found = schema_tree().find(f"{XSD}simpleType[@name='{kind}']")
    return {one.get("value") for one in found.iter(f"{XSD}enumeration")}


def read(raw: bytes) -> Any:
    root = parsed(raw)
    assert root.tag == f"{{{NAMESPACE}}}ElectionReport"
    return _object(root, "ElectionReport")


def _object(element: Any, kind: str) -> dict[str, Any]:
    kind = element.get(XSI_TYPE, kind)
    found: dict[str, Any] = {"@type": f"ElectionResults.{kind}"}
    if "ObjectId" in element.attrib:
        found["@id"] = element.get("ObjectId")
    if kind == "LanguageString":
        return found | {"Content": element.text or "", "Language": element.get("Language")}
    known = fields(kind)
    for child in element:
        field = known[etree.QName(child).localname]
        value = _value(child, field.type)
        if field.many:
            found.setdefault(field.name, []).append(value)
        else:
            assert field.name not in found, field.name
            found[field.name] = value
    return found


def _value(element: Any, kind: str) -> Any:
    text = element.text or ""
    if kind in {"xsd:integer", "xsd:double"}:
        assert re.fullmatch("0|[1-9][0-9]*", text), text  # votes are whole
        return int(text)
    if kind == "xsd:boolean":
        return {"true": True, "false": False}[text]
    if kind == "xsd:IDREFS":
        return text.split(" ")
    return _object(element, kind) if kind in _objects() else text


@cache
def _objects() -> set[str]:
    return {one.get("name") for one in schema_tree().iter(f"{XSD}complexType")}


def carried(value: Any) -> Any:
    """What XML can carry of a JSON report: all but characters it has no way to write."""
    if isinstance(value, str):
        return NO_XML.sub("\ufffd", value)
    if isinstance(value, list):
        return [carried(one) for one in value]
    return {key: carried(one) for key, one in value.items()} if isinstance(value, dict) else value
