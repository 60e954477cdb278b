"""A reliability plot as SVG: how many intervals held the truth, and how many should have."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from deploy.backtest.summary import Summary
from tally.projection.record import LEVELS

WIDTH, HEIGHT, LEFT, TOP, SIDE = 640, 440, 64, 56, 320
LOWEST = 40
"""Percent at which both axes begin."""
STROKES = ("#3b82f6", "#ef8a17", "#17a673", "#d946a6", "#8b6cf6", "#9a8a1f")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 5", "12 4")
"""Orders differ by more than their colour."""
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.axis{stroke:#59636e}.grid{stroke:#d1d9e0}"
    ".page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#9198a1}"
    ".grid{stroke:#3d444d}.page{fill:#0d1117}}"
)
ROLE = 'role="img" aria-labelledby="title said"'
TITLE = "How many projected intervals held the final share"


def plot(orders: Sequence[Summary], note: str) -> str:
    """The SVG. `note`: what was counted, a line."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {ROLE}>',
        f'<title id="title">{TITLE}</title>',
        f'<desc id="said">{escape(_said(orders))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        _text(LEFT, 24, TITLE, "start", "font-weight:600"),
        _text(LEFT, 42, note, "start"),
        *_axes(),
        *(part for number, one in enumerate(orders) for part in _line(number, one)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _said(orders: Sequence[Summary]) -> str:
    return ". ".join(
        f"{one.name}: " + ", ".join(f"{100 * one.coverage[level]:.0f} % of {level} %" for level in LEVELS)
        for one in orders
    )


def _x(percent: float) -> float:
    return LEFT + (percent - LOWEST) / (100 - LOWEST) * SIDE


def _y(percent: float) -> float:
    return TOP + SIDE - (max(percent, LOWEST) - LOWEST) / (100 - LOWEST) * SIDE


def _text(x: float, y: float, words: str, anchor: str, style: str = "", more: str = "") -> str:
    styled = f' style="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{styled}{more}>{escape(words)}</text>'


def _rule(kind: str, x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{more}/>'


def _axes() -> list[str]:
    parts = [_rule("axis", _x(LOWEST), _y(LOWEST), _x(100), _y(100), ' stroke-dasharray="2 4"')]
    for level in (*LEVELS, 100):
        parts += [
            _rule("grid", _x(level), _y(LOWEST), _x(level), _y(100)),
            _rule("grid", _x(LOWEST), _y(level), _x(100), _y(level)),
            _text(_x(level), _y(LOWEST) + 18, str(level), "middle"),
            _text(LEFT - 8, _y(level) + 4, str(level), "end"),
        ]
    middle = TOP + SIDE / 2
    return [
        *parts,
        _rule("axis", _x(LOWEST), _y(LOWEST), _x(100), _y(LOWEST)),
        _rule("axis", _x(LOWEST), _y(LOWEST), _x(LOWEST), _y(100)),
        _text(_x(70), _y(LOWEST) + 40, "level of the interval, %", "middle"),
        _text(20, middle, "held the final share, %", "middle", "", f' transform="rotate(-90 20 {middle:.0f})"'),
    ]  # fmt: skip


def _line(number: int, one: Summary) -> list[str]:
    stroke, dash = STROKES[number % len(STROKES)], DASHES[number % len(DASHES)]
    at = [
        (_x(level), _y(100 * one.coverage[level]))
        for level in LEVELS
        if one.coverage[level] == one.coverage[level]
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    drawn = f'stroke="{stroke}" stroke-width="2" fill="none" stroke-dasharray="{dash}"'
    y = TOP + 24 + 24 * number
    x = LEFT + SIDE + 24
    return [
        f'<polyline points="{points}" {drawn}/>',
        *(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{stroke}"/>' for px, py in at),
        f'<line x1="{x}" y1="{y - 4}" x2="{x + 36}" y2="{y - 4}" {drawn}/>',
        _text(x + 44, y, one.name, "start"),
    ]
