"""The card, oEmbed answers and options of the widget, without a service."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from deploy.failure import ConfigurationFault
from deploy.guard import HEADERS, framed_by
from deploy.settings import load_settings
from tests.house.tree import text
from ws.card import ROWS_MAX, card
from ws.card_words import ENDINGS, WORDS
from ws.oembed import Declined, oembed
from ws.widget import FRAMES, LANGUAGES, THEMES, Options, options

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<img src=x onerror="alert(1)">&\'"]]>'
HOST = "count.example:8080"
CONTESTS = {"mayor": "Mayor", "bad": HOSTILE}


def a_view(**changes: Any) -> dict[str, Any]:
    """Ann ahead of Bo by 2,000 with 700 ballots to come, elected beyond doubt."""
    claim = {
        "id": "elected:ann", "claim": "elected", "who": ["ann"], "status": "irreversible", "assumptions": [],
        "robust": {"if_any_disputed_annulled": True},
    }  # fmt: skip
    return {
        "contest": "mayor", "name": "Mayor", "label": None, "is_test": False, "as_of": "2026-11-27T21:03:04.005Z",
        "position": {"epoch": "0123456789abcdef", "seq": 41}, "valid": 9_000, "ballots_cast": 9_010,
        "totals": [
            {"selection": "bo", "votes": 3_500, "votes_disputed": 0},
            {"selection": "ann", "votes": 5_500, "votes_disputed": 0},
        ],
        "units": {"total": 12, "completed": 11, "disputed": 0}, "outstanding": {"certain": 700, "uncapped": 0},
        "leader": "ann", "lead": 2_000, "claims": [claim], **changes,
    }  # fmt: skip


def drawn(view: dict[str, Any], names: dict[str, str] | None = None, election: str = "Town") -> list[str]:
    """Every text of the card, in order; it must be well-formed, in attributes alone, and ask for nothing."""
    svg = card(view, names or {"ann": "Ann", "bo": "Bo"}, election)
    root = ET.fromstring(svg)  # noqa: S314 - drawn by us
    assert {node.tag for node in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "desc", "rect", "text")
    }
    names_of = {name for node in root.iter() for name in node.attrib}
    assert not {name for name in names_of if name.startswith("on") or "href" in name or name == "style"}
    assert "url(" not in svg
    assert svg.count("http") == 1, "the namespace, and no other address"
    for rect in root.iter(f"{SVG}rect"):
        assert int(rect.attrib.get("x", 0)) + int(rect.attrib["width"]) <= 1_200
    return ["".join(node.itertext()) for node in root if node.tag != f"{SVG}rect"]


def test_a_card_says_numbers_claim_and_position() -> None:
    told = drawn(a_view())
    assert told[0] == "Mayor: votes counted"
    assert told.index("Ann") < told.index("Bo"), "in the order of votes"
    for text_of in ("Town", "5,500", "61.1%", "38.9%", "Irreversible: \u2068Ann\u2069 elected"):
        assert text_of in told
    assert "Lead 2,000 · 700 ballots can still come" in told
    assert "11 of 12 units · 9,010 ballots" in told
    assert "position 01234567/41 · 2026-11-27 21:03:04 UTC" in told
    assert "Ann 5,500" in told[1], "the description has the numbers too"


def test_a_card_marks_tests_labels_doubts_and_conditions() -> None:
    (claim,) = a_view()["claims"]
    shaken = claim | {"robust": {"if_any_disputed_annulled": False}, "assumptions": ["turnout-90"]}
    disputed = {"total": 12, "completed": 11, "disputed": 3}
    told = drawn(a_view(is_test=True, label="rehearsal", claims=[shaken], units=disputed))
    assert "TEST · rehearsal" in told
    assert "Irreversible: \u2068Ann\u2069 elected" in told
    assert "not if disputed units are annulled; only if turnout-90" in told
    told = drawn(a_view(claims=[shaken], units=disputed), {"ann": "A" * 200})
    assert "not if disputed units are annulled; only if turnout-90" in told, "whatever the names are"
    told = drawn(a_view(claims=[claim | {"status": "withdrawn"}]))
    assert "Not decided: what was irreversible has been withdrawn" in told
    told = drawn(a_view(claims=[], outstanding={"certain": None, "uncapped": 7}, leader=None, lead=0))
    assert "Level · 7 open units have no hard limit on their ballots" in told
    assert "Not decided yet" in told
    assert "Nothing counted yet" in drawn(a_view(claims=[], ballots_cast=0, valid=0))


def test_nothing_in_a_name_becomes_markup_or_breaks_the_card() -> None:
    told = drawn(
        a_view(name=HOSTILE, label=HOSTILE), {"ann": HOSTILE, "bo": "nul\x00 \x1b \ud800 \uffff"}, HOSTILE
    )
    assert told[0] == f"{HOSTILE}: votes counted"
    assert any(one.startswith("nul\ufffd \ufffd \ufffd \ufffd") for one in told)


def test_long_names_are_cut_and_many_selections_counted() -> None:
    totals = [{"selection": f"s{n}", "votes": n, "votes_disputed": 0} for n in range(40)]
    told = drawn(
        a_view(totals=totals, claims=[], name="長" * 80), {"s39": "A very long name of a selection indeed"}
    )
    assert f"and {40 - ROWS_MAX} more" in told
    assert any(one.startswith("A very long name") and one.endswith("…") for one in told)
    assert "長" * 16 + "…" in told, "wide characters count two"
    endless = a_view()["claims"][0]
    told = drawn(a_view(claims=[endless]), {"ann": "A" * 100})
    cut = next(one for one in told if one.startswith("Irreversible"))
    assert cut.count("\u2068") == cut.count("\u2069"), "the name's direction ends with it"


def asked(url: str, **query: str) -> dict[str, Any]:
    return oembed({"url": url, **query}, HOST, CONTESTS, secure=False)


def test_oembed_is_of_type_rich_and_within_what_is_asked() -> None:
    said = asked(f"http://{HOST}/embed/mayor?size=card&theme=dark&nonsense=1")
    assert (said["type"], said["version"], said["title"]) == ("rich", "1.0", "Mayor")
    assert (said["width"], said["height"]) == FRAMES["card"]
    assert f'src="http://{HOST}/embed/mayor?size=card&amp;theme=dark"' in said["html"]
    assert said["thumbnail_url"] == f"http://{HOST}/embed/mayor/card.png"
    small = asked(f"http://{HOST}/embed/mayor", maxwidth="300", maxheight="200")
    assert (small["width"], small["height"]) == (300, 200)
    assert small["thumbnail_width"] <= 300
    assert small["thumbnail_height"] <= 200
    assert 'width="300" height="200"' in small["html"]
    behind = oembed({"url": f"http://{HOST}/embed/mayor"}, HOST, CONTESTS, secure=True)
    assert f'src="https://{HOST}/embed/mayor"' in behind["html"], "no mixed content behind a proxy with TLS"
    assert json.loads(json.dumps(said)) == said


def test_oembed_escapes_titles() -> None:
    html = asked(f"http://{HOST}/embed/bad")["html"]
    assert "<img" not in html
    assert html.count("<") == 2, "one frame, opened and closed"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": f"http://{HOST}/embed/mayor", "format": "xml"}, 501),
        ({}, 400),
        ({"url": ""}, 400),
        ({"url": "x" * 3_000}, 400),
        ({"url": f"http://{HOST}/embed/mayor", "maxwidth": "wide"}, 400),
        ({"url": f"http://{HOST}/embed/mayor", "maxheight": "0"}, 400),
        ({"url": f"http://{HOST}/embed/nobody"}, 404),
        ({"url": f"http://{HOST}/embed/"}, 404),
        ({"url": f"http://{HOST}/embed"}, 404),
        ({"url": f"http://{HOST}/embed/mayor/card.png"}, 404),
        ({"url": f"http://{HOST}/v1/contests"}, 404),
        ({"url": "http://elsewhere.example/embed/mayor"}, 404),
        ({"url": f"http://{HOST}@elsewhere.example/embed/mayor"}, 404),
        ({"url": f"javascript://{HOST}/embed/mayor"}, 404),
        ({"url": "http://[/embed/mayor"}, 404),
        ({"url": "mayor"}, 404),
    ],
)
def test_oembed_declines(query: dict[str, str], status: int) -> None:
    with pytest.raises(Declined) as declined:
        oembed(query, HOST, CONTESTS, secure=False)
    assert declined.value.status == status


def test_options_are_ours_or_left_out() -> None:
    given = {"size": "card", "theme": "dark", "lang": "pt", "rows": "3", "accent": "AA3377"}
    assert options(given) == Options("card", "dark", "pt", 3, "aa3377")
    assert options(given).query() == "?size=card&theme=dark&lang=pt&rows=3&accent=aa3377"
    nonsense = {"size": "huge", "theme": '"><', "lang": "de", "rows": "0", "accent": "red;}"}
    assert options(nonsense) == Options()
    assert options({"rows": "51"}).rows is None
    assert options({"rows": "٣"}).rows is None
    assert options({"accent": "aa3377\n"}).accent is None
    assert Options().query() == ""


def test_the_page_knows_the_same_options() -> None:
    script, words = text("ws/static/embed-options.js"), text("ws/static/embed-words.js")
    heights = re.search(r"HEIGHTS = \{(.*)\}", script)
    assert heights is not None
    assert dict(re.findall(r"(\w+): (\d+)", heights[1])) == {
        size: str(high) for size, (_, high) in FRAMES.items()
    }
    assert json.loads(re.search(r"THEMES = (\[.*\])", script)[1]) == list(THEMES)  # type: ignore[index]  # it is there
    languages = re.search(r"LANGUAGES = \{(.*)\}", words)
    assert languages is not None
    assert tuple(re.findall(r"(\w+):", languages[1])) == LANGUAGES


def test_every_language_says_everything() -> None:
    words = text("ws/static/embed-words.js")
    tables = re.findall(r"^const (en|es|pt) = \{\n(.*?)^\};", words, re.MULTILINE | re.DOTALL)
    keys = {lang: re.findall(r'(\w+): [\["]', body) for lang, body in tables}
    assert set(keys) == set(LANGUAGES)
    assert keys["en"] == keys["es"] == keys["pt"]
    blanks = [[sorted(re.findall(r"\{(\w+)\}", line)) for line in body.splitlines()] for _, body in tables]
    assert blanks[0] == blanks[1] == blanks[2]


def test_frames_are_for_our_own_pages_unless_told() -> None:
    assert "frame-ancestors 'self';" in framed_by(())
    assert "frame-ancestors 'self' https://news.example;" in framed_by(("https://news.example",))
    assert "frame-ancestors *;" in framed_by(("*",))
    assert "frame-ancestors 'none';" in HEADERS["Content-Security-Policy"], (
        "everything else is framed by nobody"
    )


@pytest.mark.parametrize(
    "origin",
    [
        "news.example",
        "https://news.example/",
        "https://a; script-src *",
        "https://a b",
        "'self'",
        "https://A.example",
        "",
    ],
)
def test_what_is_no_origin_does_not_enter_a_policy(origin: str) -> None:
    with pytest.raises(ConfigurationFault):
        load_settings(None, embed_origins=(origin,))
    good = load_settings(None, embed_origins=("https://news.example", "https://*.news.example:8443", "*"))
    assert len(good.embed_origins) == 3


def test_a_card_speaks_every_language_and_ends_contests_as_the_widget_does() -> None:
    widget = text("ws/static/embed-words.js")
    for lang in LANGUAGES:
        assert WORDS[lang].keys() == WORDS["en"].keys()
        said = re.search(rf"^const {lang} = .*?^}};", widget, re.MULTILINE | re.DOTALL)
        assert said is not None
        for ending in (*ENDINGS, "anyrunoff"):
            key = "nobody" if ending == "no-winner" else ending
            words = WORDS[lang][ending].replace("{}", "{who}")
            assert f'{key}: "{words}"' in said[0], (lang, ending)
    told = card(a_view(), {"ann": "Ann", "bo": "Bo"}, "Town", "pt")
    assert "Irreversível: eleição de \u2068Ann\u2069" in told.replace("&#8296;", "\u2068")
    assert "ainda podem chegar 700 cédulas" in told
    assert "5.500" in told
    assert "61,1%" in told
    assert asked(f"http://{HOST}/embed/mayor?lang=es")["thumbnail_url"].endswith("/card.png?lang=es")
