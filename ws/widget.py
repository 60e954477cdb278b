"""The widget's options as a query gives them, and the frame it needs. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode

THEMES = ("auto", "light", "dark")
FRAMES = {"compact": (400, 300), "normal": (600, 500), "card": (600, 540)}
"""Width and height in pixels of a frame that shows each size without a scroll bar, with its usual rows."""
LANGUAGES = ("en", "es", "pt")
ROWS_MAX = 50
_ACCENT = re.compile(r"[0-9A-Fa-f]{6}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody wants a widget to look like; None: not said, and left to the reader's browser."""

    size: str = "normal"
    theme: str = "auto"
    lang: str | None = None
    rows: int | None = None
    accent: str | None = None

    def query(self) -> str:
        """The options that are not the usual ones, as a query with its question mark; or nothing."""
        said = {
            "size": self.size if self.size != "normal" else None,
            "theme": self.theme if self.theme != "auto" else None,
            "lang": self.lang,
            "rows": self.rows,
            "accent": self.accent,
        }
        kept = urlencode({name: value for name, value in said.items() if value is not None})
        return f"?{kept}" if kept else ""


def options(query: Mapping[str, str]) -> Options:
    """The options a query asks for. What is not one of ours is left out: a typing error must not go on air."""
    size, theme, lang = query.get("size", ""), query.get("theme", ""), query.get("lang", "")
    rows, accent = query.get("rows", ""), query.get("accent", "")
    whole = int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 4 else 0
    return Options(
        size if size in FRAMES else "normal",
        theme if theme in THEMES else "auto",
        lang if lang in LANGUAGES else None,
        whole if 1 <= whole <= ROWS_MAX else None,
        accent.lower() if _ACCENT.match(accent) else None,
    )


def address(origin: str, contest: str, chosen: Options) -> str:
    """Where the widget of a contest is served."""
    return f"{origin}/embed/{quote(contest, safe='')}{chosen.query()}"


def frame(source: str, title: str, width: int | str, height: int) -> str:
    """The frame a partner pastes, in HTML."""
    return (
        f'<iframe src="{escape(source)}" title="{escape(title)}" width="{width}" height="{height}" '
        'loading="lazy" style="border:0"></iframe>'
    )
