"""What one report counts, in selection order, or why it cannot be counted."""

from tally.completions import Ranked
from tally.layout import EVERY_SELECTION, ContestLayout
from tally.refusal import Refusal, escape, nearest
from tally.report import CountReport


def counts_said(layout: ContestLayout, unit: int, report: CountReport, at: str) -> tuple[int, ...] | Refusal:
    """The counts in selection order, each on the unit's ballot; zeros for a withdrawal."""
    stated = report.counts
    if report.status in {"not-processed", "not-installed"}:
        if report.status == "not-processed" and not report.reason:
            return Refusal("reason-required", f"{at}/reason", "withdrawing a report needs a reason")
        if report.ballots_cast or report.invalid or any((stated or {}).values()):
            return Refusal(
                "counts-without-status", f"{at}/counts", f"a report that is {report.status} counts nothing"
            )
        return (0,) * layout.selections
    if stated is None:
        return Refusal("field-missing", f"{at}/counts", f"a report that is {report.status} needs counts")
    index = layout.selection_index
    if len(stated) == len(index) and layout.styles == (EVERY_SELECTION,):
        try:
            return tuple([stated[selection] for selection in index])
        except KeyError:
            pass
    return _odd_counts(layout, unit, stated, at)


def rankings_said(
    layout: ContestLayout, report: CountReport, counts: tuple[int, ...], at: str
) -> tuple[Ranked, ...] | Refusal:
    """The ballots by ranking, each once, sorted; their first preferences must be the counts."""
    if report.ballots is None:
        return ()
    if not layout.ranked:
        return Refusal("unknown-field", f"{at}/ballots", f"ballots of {layout.contest.id} are not ranked")
    index, found = layout.selection_index, dict[tuple[int, ...], int]()
    firsts = [0] * layout.selections
    for place, one in enumerate(report.ballots):
        for name in one.ranking:
            if name not in index:
                near = nearest(name, list(index))
                return Refusal(
                    "unknown-choice", f"{at}/ballots/{place}", f"no selection {name}; nearest: {near}"
                )
        ranking = tuple(index[name] for name in one.ranking)
        if len(set(ranking)) < len(ranking):
            return Refusal("ranking-repeats", f"{at}/ballots/{place}", "a ballot ranks a selection twice")
        found[ranking] = found.get(ranking, 0) + one.count
        if ranking:
            firsts[ranking[0]] += one.count
    if tuple(firsts) != counts:
        return Refusal(
            "sum-mismatch", f"{at}/ballots", f"first preferences are {firsts}, counts {list(counts)}"
        )
    return tuple(sorted((ranking, number) for ranking, number in found.items() if number))


def _odd_counts(
    layout: ContestLayout, unit: int, stated: dict[str, int], at: str
) -> tuple[int, ...] | Refusal:
    """The slow road: a selection is unknown, missing, or not on this unit's ballot."""
    index = layout.selection_index
    for selection in stated:
        if selection not in index:
            near = nearest(selection, list(index))
            return Refusal(
                "unknown-choice", f"{at}/counts/{escape(selection)}", f"no such selection; nearest: {near}"
            )
    cell = int(layout.cell_of_row[unit * layout.types])
    style = layout.styles[layout.groups[int(layout.cells.group[cell])].style]
    for selection, s in index.items():
        on_ballot = bool(style >> s & 1)
        if on_ballot and selection not in stated:
            return Refusal(
                "choice-missing", f"{at}/counts", f"no count for {selection}; say 0 if there were none"
            )
        if not on_ballot and stated.get(selection):
            return Refusal(
                "not-on-ballot",
                f"{at}/counts/{escape(selection)}",
                f"{selection} is not on this unit's ballot",
            )
    return tuple(stated.get(selection, 0) for selection in index)
