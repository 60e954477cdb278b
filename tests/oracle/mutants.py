"""Planted mistakes: each replaces one piece of one function's source, in place, and takes it back."""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import NamedTuple

from tally import assertion, field, knapsack, modes, reach
from tally.assertion import Least
from tally.claim import Bound
from tally.completions import BallotForm, Completions
from tally.rules import _bounds, _climb, _doubt, _overturn, _seats, disputed


class Mutant(NamedTuple):
    """A mistake somebody could make: in `function`, `old` written as `new`."""

    name: str
    function: FunctionType
    old: str
    new: str


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The mistake is in force inside the block, for everybody who holds the function."""
    source = textwrap.dedent(inspect.getsource(mutant.function))
    assert mutant.old in source, f"{mutant.name}: the code it changes is no longer there"
    wrong = source.replace(mutant.old, mutant.new)
    if wrong.startswith("@property"):
        wrong = wrong.removeprefix("@property\n")
    scope: dict = dict(mutant.function.__globals__)
    exec(compile(wrong, f"<{mutant.name}>", "exec"), scope)  # noqa: S102 (our own source, one line changed)
    right = mutant.function.__code__
    mutant.function.__code__ = scope[mutant.function.__name__].__code__
    try:
        yield
    finally:
        mutant.function.__code__ = right


MUTANTS = (
    Mutant(
        "one mark a ballot, whatever the form",
        BallotForm.marks_max,
        "min(self.votes, selections)",
        "min(1, selections)",
    ),
    Mutant(
        "a score ballot names one selection", BallotForm.marks_max, "self.votes * selections", "self.votes"
    ),
    Mutant("a tie decides", Bound.holds.fget, "self.slack > 0", "self.slack >= 0"),
    Mutant("at least is more than", Least.holds, "slack == 0 and not strict", "False"),
    Mutant("more than is at least", Least.holds, "slack == 0 and not strict", "slack == 0"),
    Mutant(
        "votes in doubt are not counted", Completions.votes_counted, "votes[i] += number", "votes[i] += 0"
    ),
    Mutant("styles ignored", reach.reach, "group.on_ballot >> i & 1", "group"),
    Mutant("pools ignored", reach.spend, "if not pools:", "if True:"),
    Mutant("pools applied twice", reach.spend, "room[pool] -= extra", "room[pool] -= 2 * extra"),
    Mutant("only the innermost pool counts", reach.spend, "pool = pools[pool].parent", "pool = NO_POOL"),
    Mutant(
        "ballots in the box take no room",
        reach.room_beside,
        "room[pool] -= group.ballots_min",
        "room[pool] -= 0",
    ),
    Mutant("the lightest ballots first", assertion.plain_ballots, "-gains[p]", "gains[p]"),
    Mutant(
        "blank where none may be",
        assertion.plain_change,
        "max(0, gain) if form.blank",
        "max(0, gain) if True",
    ),
    Mutant("one mark of several", reach.ballot_gain, "[: form.votes]", "[:1]"),
    Mutant("one vote of a cumulative ballot", reach.ballot_gain, "form.votes * best", "best"),
    Mutant("any style with ballots in the box is sure", reach.forced, "mask & (mask - 1) == 0", "True"),
    Mutant(
        "lead over the next after the last seat",
        _climb.Climbers.climb,
        "roof = heights[seats - 1]",
        "roof = heights[seats]",
    ),
    Mutant("each rival by itself gets all ballots", _climb.Climbers._climb_alike, "<= all_of_them", ">= 0"),
    Mutant(
        "all rivals share one mark a ballot",
        _climb.Climbers._climb_alike,
        "marks_max(self.seats)",
        "marks_max(1)",
    ),
    Mutant(
        "all ballots together give one mark each",
        _climb.Climbers._together,
        "field.form.marks_max(wanted)",
        "1",
    ),
    Mutant(
        "dominance whatever the styles", _climb.Climbers._ranked, "styles[h] | styles[j] == styles[h]", "True"
    ),
    Mutant(
        "withdrawn selections win", _climb.Climbers.__init__, "field.contenders", "range(len(field.counted))"
    ),
    Mutant("sure votes forgotten", _bounds.elected_bound, "field.sure[who]", "0"),
    Mutant("out as soon as one is above", _bounds.eliminated_bound, "votes[seats - 1]", "votes[0]"),
    Mutant(
        "ballots that must name somebody forgotten", _bounds.eliminated_bound, "if not loose:", "if True:"
    ),
    Mutant(
        "who may stand above is nobody", _bounds.exempted, "min(seats - 1 - len(above), len(others))", "0"
    ),
    Mutant("least ballots are not cast", field._flow, "whole[p] * low[p])", "0)"),
    Mutant(
        "a pool read in marks, not ballots",
        field.meet,
        "boxes.extend(_halves(field, found, low, tight))",
        "return found",
    ),
    Mutant("ballots rounded down", field.ballots_for, "return -(-(total", "return ((total"),
    Mutant(
        "both losses of an annulled unit",
        modes._Search._row,
        "else max(stake.revised, base",
        "else max(stake.revised, stake.kept",
    ),
    Mutant("any number of units annulled", modes._Search._modes, "ranked[: max(0, budget)]", "ranked"),
    Mutant("revised below nothing", modes.stakes_of, "min(unit.revisable, number)", "unit.revisable"),
    Mutant("nobody comes to the re-vote", modes.stakes_of, "-unit.revote * max(0, per_ballot)", "0"),
    Mutant("annulled, and its ballots still come", modes._Search._torn, "if both_ways and", "if False and"),
    Mutant(
        "a search over modes that looks at one",
        _doubt.Doubt.least_lead,
        "while waiting and",
        "while False and",
    ),
    Mutant(
        "elimination rival by rival",
        _doubt.Doubt.least_lead,
        "return Bound(incumbent",
        "return Bound(root[0]",
    ),
    Mutant(
        "as many winners as seats, contested or not",
        _seats.seat_verdict,
        "min(seats, len(completions.contenders()))",
        "seats",
    ),
    Mutant("the runner-up is the only rival", _seats._alone, "-(tops[j] or 0)", "-field.counted[j]"),
    Mutant("smallest units annulled first", _overturn.fewest_units, "-np.sort(-column)", "np.sort(column)"),
    Mutant(
        "a tie does not overturn",
        _overturn.fewest_units,
        "np.searchsorted(taken, margin)",
        "np.searchsorted(taken, margin, side='right')",
    ),
    Mutant(
        "an annulled unit's ballots still come",
        _overturn._gains,
        "max(0, stake.gain) * (unit.ballots_max or 0)",
        "0",
    ),
    Mutant(
        "greedy is good enough",
        knapsack.cheapest,
        "_search(core, min(best, _near_break(core)), states_max)",
        "Cheapest(best)",
    ),
    Mutant("the first of the tied leads", disputed.leader, "len(ahead) == 1", "ahead"),
)
