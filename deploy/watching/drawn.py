"""One contest drawn in columns that stand still: bars, votes and shares, in any width. Pure."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from deploy.watching import words
from deploy.watching.words import Json, Names

NARROW = 60
"""Columns below which a bar has a line of its own."""
CLAIMS_SHOWN = 40
EIGHTHS = " ▏▎▍▌▋▊▉"
TONES = {"✓": "green", "~": "dark_orange3", "!": "bold red", "·": "", "-": "dim", "✗": "dim"}
"""The colour of a mark, which says the same without it."""
Drawn = list[RenderableType]


def bar(part: int, whole: int, columns: int) -> str:
    """A bar of `part` in `whole`, always as wide as `columns`; more than nothing shows at least a sliver."""
    eighths = 0 if not whole else min(columns * 8, max(part * columns * 8 // whole, 1 if part else 0))
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(columns)


def share(part: int, whole: int) -> str:
    """Tenths of a percent, rounded down: what is not everything is never shown as 100 %."""
    tenths = part * 1_000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def fitted(text: str, columns: int, style: str = "") -> Text:
    """Text cut or filled to exactly so many columns, whatever its script."""
    found = Text(words.clean(text), style=style, no_wrap=True)
    found.truncate(max(1, columns), overflow="ellipsis", pad=True)
    return found


def contest(view: Json, names: Names, columns: int) -> Drawn:
    """The whole picture, top to bottom."""
    parts = (
        _head(view),
        _bars(view, names, columns),
        _lead(view, names, columns),
        _claims(view, names),
        _notes(view),
    )
    return [line for part in parts if part for line in (*part, Text())]


def _head(view: Json) -> Drawn:
    units = view["units"]
    done = f"{units['completed']:,} of {words.many(units['total'], 'unit')} counted"
    said = (
        f"{done} ({share(units['completed'], units['total'])}) · {words.many(view['ballots_cast'], 'ballot')}"
    )
    found: Drawn = [Text(words.clean(view["name"] or view["contest"]), style="bold"), Text(said)]
    if view["results_status"] == "pre-election":
        found.append(Text("Nothing is counted yet."))
    return found


def _bars(view: Json, names: Names, columns: int) -> Drawn:
    """A selection a line, or two where it is narrow, those with most votes first."""
    totals = sorted(view["totals"], key=lambda total: -total["votes"])
    whole, most = sum(t["votes"] for t in totals), max((t["votes"] for t in totals), default=0)
    marks = _marks(view["claims"])
    figures = max((len(f"{total['votes']:,}") for total in totals), default=1)
    figures = max(figures, len(f"{view['voters_registered']:,}"))  # as wide as it can become: nothing moves
    found: Drawn = []
    for total in totals:
        votes, mark = total["votes"], marks.get(total["selection"], " ")
        style = "bold" if total["selection"] == view["leader"] else ""
        numbers = f"{votes:>{figures},} {share(votes, whole):>6}"
        name = words.named(total["selection"], names)
        tone = TONES.get(mark, "")
        if columns < NARROW:
            line = (
                Text(f"{mark} ", style=tone)
                + fitted(name, columns - len(numbers) - 3, style)
                + Text(f" {numbers}")
            )
            found += [line, Text(f"  {bar(votes, most, columns - 2)}", style=tone or "cyan")]
        else:
            wide = min(28, columns // 3)
            across = columns - wide - len(numbers) - 4
            found.append(
                Text(f"{mark} ", style=tone) + fitted(name, wide, style)
                + Text(f" {bar(votes, most, across)}", style=tone or "cyan") + Text(f" {numbers}", style=style)
            )  # fmt: skip
    return found


def _marks(claims: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Who has won or is out, irreversibly; a district's claim says neither of the whole."""
    found: dict[str, str] = {}
    for claim in claims:
        if claim["status"] == "irreversible" and "place" not in claim:
            certain, won = claim["grade"] == "certain", claim["claim"] in {"elected", "outright"}
            if won or (certain and claim["claim"] == "eliminated"):
                found |= dict.fromkeys(claim["who"], ("✓" if certain else "~") if won else "✗")
    return found


def _lead(view: Json, names: Names, columns: int) -> Drawn:
    """The lead beside what may still come."""
    outstanding = view["outstanding"]
    certain = outstanding["certain"]
    leader = words.named(view["leader"], names) if view["leader"] else None
    ahead = f"{leader} leads by {view['lead']:,}" if leader else "Nobody leads"
    if certain is None:
        return [Text(ahead), Text(f"May still come: {words.unknown(outstanding['uncapped'])}")]
    most = max(view["lead"], certain)
    figures = len(f"{max(most, view['voters_registered']):,}")
    across = max(4, columns - 15 - figures - 2)
    found: Drawn = [
        Text(ahead),
        Text(f"{'Lead':<15}{view['lead']:>{figures},} {bar(view['lead'], most, across)}"),
        Text(f"{'May still come':<15}{certain:>{figures},} {bar(certain, most, across)}"),
    ]
    for name, ballots in outstanding["assumptions"].items():
        if ballots is not None:
            found.append(Text(f"  if {words.clean(name)}: {ballots:,}", style="dim"))
    return found


def _claims(view: Json, names: Names) -> Drawn:
    """What is irreversible in words, how the contest ends first; then what was taken back."""
    sure = [claim for claim in view["claims"] if claim["status"] == "irreversible"]
    back = [claim for claim in view["claims"] if claim["status"] == "withdrawn"]
    found: Drawn = []
    for claim in sorted(sure, key=lambda one: one["claim"] not in words.ENDS)[:CLAIMS_SHOWN]:
        rests = words.grounds(claim["grade"], claim["assumptions"])
        mark = "✓" if claim["grade"] == "certain" else "~"
        found.append(
            item(
                mark,
                f"{_said(claim, names)}: irreversible {rests}, since record {claim['since']:,}",
                TONES[mark],
            )
        )
    hidden = len(sure) - CLAIMS_SHOWN
    if hidden > 0:
        found.append(item("…", f"and {words.many(hidden, 'further claim')} irreversible"))
    found += [
        item("!", f"{_said(claim, names)}: withdrawn at record {claim['since']:,}", "bold red")
        for claim in back
    ]
    return found or [Text("Nothing is irreversible yet.")]


def item(mark: str, said: str, tone: str = "") -> Table:
    """A line of a list: what runs on stands under its own beginning."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(mark, style=tone), Text(said))
    return grid


def _said(claim: Json, names: Names) -> str:
    return words.claim_words(claim["claim"], claim["who"], names, claim.get("number"), claim.get("place"))


def _notes(view: Json) -> Drawn:
    return [item("!", note, "dark_orange3") for note in words.notes(view)]


def events(told: Sequence[tuple[str, str]]) -> Drawn:
    """What happened, the newest first: instant and words."""
    if not told:
        return [Text("What happened", style="bold"), Text("Nothing to tell yet.", style="dim")]
    return [Text("What happened", style="bold"), *(item(words.clock(at), said, "dim") for at, said in told)]
