"""What a rule needs of the count, and what it costs."""

from typing import Literal, NamedTuple


class Traits(NamedTuple):
    """What a rule needs of the count, and what it costs.

    `ballot` "ranked": counted and outstanding ballots are rankings; "points": outstanding ones are, and what
    is counted are the points they gave. `by_district`: the outcome is made of districts. `aside`: too slow
    for the loop that takes batches; evaluated beside it, at a stated position. `aside_unless_alike`: only
    where not all outstanding ballots are alike, or pools are about.
    """

    ballot: Literal["votes", "ranked", "points"] = "votes"
    by_district: bool = False
    aside: bool = False
    aside_unless_alike: bool = False
    in_box: bool = False
