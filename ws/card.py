"""A contest drawn as text: an SVG card of 1200 by 630 for whoever shows a picture. Pure."""

from collections.abc import Mapping
from typing import Any
from unicodedata import combining, east_asian_width
from xml.sax.saxutils import escape

from ws.card_words import ENDINGS, WORDS, number

WIDTH, HEIGHT = 1_200, 630
ROWS_MAX = 5
LEFT, RIGHT = 60, 1_140
BAR = 392
_ISOLATE, _END = "\u2068", "\u2069"  # a name keeps its own direction inside a sentence


def card(view: Mapping[str, Any], names: Mapping[str, str], election: str, lang: str = "en") -> str:
    """The card of a contest view. `names`: of selections, by id; `election`: its name; `lang`: of ws.widget.

    It needs no style sheet and no font of its own: families are generic, and what is drawn is in attributes.
    """
    words = WORDS[lang]
    called = view["name"] or view["contest"]
    sure = _settled(view)
    claim, conditions = _claim(view, sure, names, words), _conditions(view, sure, words)
    place = f"{words['position']} {view['position']['epoch'][:8]}/{view['position']['seq']} · {_when(view['as_of'])}"
    badge = " · ".join(
        part for part in (words["test"] if view["is_test"] else "", view["label"] or "") if part
    )
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfbf9"/>',
        _text(LEFT, 66, _short(election, 34 if badge else 60), 28, "#5a6070"),
        _text(LEFT, 126, _short(called, 34), 46, "#1b1d22", bold=True),
        *_badge(badge),
        *_rows(view, names, words),
        f'<rect x="{LEFT}" y="470" width="8" height="88" fill="{"#1c6b3c" if sure else "#9a5b13"}"/>',
        _text(LEFT + 28, 498, _short(claim, 58), 28, "#1c6b3c" if sure else "#1b1d22", bold=bool(sure)),
        *([_text(LEFT + 28, 526, _short(conditions, 76), 22, "#8a4b00", bold=True)] if conditions else []),
        _text(LEFT + 28, 553 if conditions else 538, _short(_outstanding(view, words), 80), 24, "#5a6070"),
        _text(LEFT, 596, _short(_counted(view, words), 48), 20, "#5a6070"),
        _text(RIGHT, 596, place, 20, "#5a6070", end=True),
    ]
    title = _safe(words["title"].format(called))
    spoken = "; ".join(
        [
            *filter(None, [badge, claim, conditions]),
            _outstanding(view, words),
            _counted(view, words),
            place,
            *_said(view, names, words),
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif">\n'
        f'<title id="t">{title}</title>\n<desc id="d">{_safe(spoken)}</desc>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _rows(view: Mapping[str, Any], names: Mapping[str, str], words: dict[str, str]) -> list[str]:
    ordered = _ordered(view)
    most = max((total["votes"] for total in ordered), default=0)
    drawn = []
    for place, total in enumerate(ordered[:ROWS_MAX]):
        y = 194 + place * 56
        width = total["votes"] * BAR // most if most else 0
        drawn += [
            _text(LEFT, y, _short(names.get(total["selection"], total["selection"]), 21), 30, "#1b1d22"),
            f'<rect x="{LEFT + 390}" y="{y - 26}" width="{BAR}" height="30" fill="#e4e6ea"/>',
            f'<rect x="{LEFT + 390}" y="{y - 26}" width="{width}" height="30" fill="#1f5fa8"/>',
            _text(RIGHT - 104, y, number(total["votes"], words), 27, "#1b1d22", end=True),
            _text(RIGHT, y, _share(total["votes"], view["valid"], words), 26, "#5a6070", end=True),
        ]
    if len(ordered) > ROWS_MAX:
        rest = words["more"].format(len(ordered) - ROWS_MAX)
        drawn.append(_text(LEFT, 194 + ROWS_MAX * 56 - 24, rest, 22, "#5a6070"))
    return drawn


def _said(view: Mapping[str, Any], names: Mapping[str, str], words: dict[str, str]) -> list[str]:
    return [
        f"{names.get(total['selection'], total['selection'])} {number(total['votes'], words)}"
        for total in _ordered(view)[:ROWS_MAX]
    ]


def _ordered(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted(view["totals"], key=lambda total: -total["votes"])


def _settled(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The irreversible claims that say how the contest ends; a run-off by its pair where that is known."""
    sure = [c for c in view["claims"] if c["claim"] in ENDINGS and c["status"] == "irreversible"]
    pairs = any(c["claim"] == "runoff" and c["who"] for c in sure)
    return [c for c in sure if not (pairs and c["claim"] == "runoff" and not c["who"])]


def _claim(
    view: Mapping[str, Any], sure: list[dict[str, Any]], names: Mapping[str, str], words: dict[str, str]
) -> str:
    """What is irreversible, in words; else how the count stands."""
    if sure:
        return words["irreversible"].format("; ".join(_ending(c, names, words) for c in sure))
    if any(c["status"] == "withdrawn" for c in view["claims"]):
        return words["withdrawn"]
    return words["open"] if view["ballots_cast"] else words["none"]


def _conditions(view: Mapping[str, Any], sure: list[dict[str, Any]], words: dict[str, str]) -> str:
    """What the claim rests on, in a line of its own: no long name may push it off the card."""
    assumed = sorted({name for claim in sure for name in claim["assumptions"]})
    shaken = view["units"]["disputed"] and any(not c["robust"]["if_any_disputed_annulled"] for c in sure)
    return "; ".join(
        [
            *([words["shaken"]] if shaken else []),
            *([words["given"].format(words["and"].join(assumed))] if assumed else []),
        ]
    )


def _ending(claim: Mapping[str, Any], names: Mapping[str, str], words: dict[str, str]) -> str:
    who = words["and"].join(f"{_ISOLATE}{names.get(one, one)}{_END}" for one in claim["who"])
    if claim["claim"] == "runoff" and not who:
        return words["anyrunoff"]
    return words[claim["claim"]].format(who)


def _outstanding(view: Mapping[str, Any], words: dict[str, str]) -> str:
    coming = view["outstanding"]["certain"]
    ahead = words["lead"].format(number(view["lead"], words)) if view["leader"] else words["level"]
    lead = f"{ahead} · " if view["leader"] or view["ballots_cast"] else ""
    if coming is None:
        return lead + words["uncapped"].format(number(view["outstanding"]["uncapped"], words))
    return lead + words["coming-one" if coming == 1 else "coming"].format(number(coming, words))


def _counted(view: Mapping[str, Any], words: dict[str, str]) -> str:
    units = view["units"]
    numbers = (units["completed"], units["total"], view["ballots_cast"])
    return words["counted"].format(*(number(one, words) for one in numbers))


def _share(votes: int, valid: int, words: dict[str, str]) -> str:
    tenths = (votes * 2_000 + valid) // (2 * valid) if valid else 0
    return f"{tenths // 10}{words['tenths']}{tenths % 10}%" if valid else "–"


def _when(instant: str) -> str:
    return f"{instant[:10]} {instant[11:19]} UTC"


def _badge(text: str) -> list[str]:
    if not text:
        return []
    shown = _short(text, 22)
    width = 36 + 17 * _tenths(shown) // 10
    return [
        f'<rect x="{RIGHT - width}" y="36" width="{width}" height="44" rx="6" fill="#fff3df"/>',
        _text(RIGHT - 18, 67, shown, 24, "#8a4b00", bold=True, end=True),
    ]


def _text(x: int, y: int, text: str, size: int, colour: str, *, bold: bool = False, end: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}{anchor}>{_safe(text)}</text>'


def _short(text: str, columns: int) -> str:
    """Text no wider than so many usual letters; what is cut is marked."""
    if _tenths(text) <= columns * 10:
        return text
    kept = ""
    for character in text:
        if _tenths(kept + character) > columns * 10 - 10:
            break
        kept += character
    closing = _END * (kept.count(_ISOLATE) - kept.count(_END))
    return f"{kept}…{closing}"


def _tenths(text: str) -> int:
    """About how wide text is, in tenths of a usual letter; no font is at hand to measure it with."""
    return sum(map(_tenths_of, text))


def _tenths_of(character: str) -> int:
    if combining(character) or character in {_ISOLATE, _END}:
        return 0
    if east_asian_width(character) in "WF":
        return 20
    return 17 if character in "MWmw@%—" else 12 if character.isupper() else 10


def _safe(text: str) -> str:
    """Text for XML 1.0: markup escaped, characters it may not hold at all replaced."""
    return escape("".join(one if _is_xml(one) else "\ufffd" for one in text), {'"': "&quot;", "'": "&#39;"})


def _is_xml(character: str) -> bool:
    code = ord(character)
    return code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in {0xFFFE, 0xFFFF}
