"""What the published folders do not say of themselves: places, laws and times of each."""

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from tally.model import Bound, ShippedMap

NO_BOUND = Bound()


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the tree of places. `of`: the columns that name a place of it, from the top.

    The id is `prefix` and the last of them, all of them where `whole`, or a number in order of appearance
    where `numbered` (for names that are no ids).
    """

    type: str
    of: tuple[str, ...]
    name: str
    prefix: str = ""
    whole: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """The election before a contest: a contest of the folder of that name beside this one, or of this one.

    `map`: its selections to those they are compared with; those not in it go by their own id.
    """

    contest: str
    folder: str | None = None
    map: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A published folder: its tree, its bound, its count types, and each contest's rule by contest id.

    `known`: units without a register are bounded by what was counted in the end, an assumption by name;
    `known_pool` names the one pool they then are. `types_of`: count types of single contests. `ranked`: the
    file of ballots by ranking. `before`: the election before, by contest id.
    """

    title: str
    timezone: str
    levels: tuple[Level, ...]
    rules: dict[str, dict[str, Any]]
    registered: str | None = "registered_voters"
    bound: Bound = NO_BOUND
    count_types: tuple[str, ...] = ("total",)
    by_type: str | None = None
    names: tuple[str, ...] = ()
    known: bool = False
    known_pool: str | None = None
    types_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ranked: str | None = None
    dates: dict[str, str] = field(default_factory=dict)
    before: dict[str, Before] = field(default_factory=dict)
    map: ShippedMap | UnsetType = UNSET


PLURALITY: dict[str, Any] = {"type": "plurality", "seats": 1}
MAJORITY: dict[str, Any] = {
    "type": "two_round",
    "alternatives": [{"share": [1, 2], "share_strict": True}],
}
RANKED: dict[str, Any] = {"type": "irv", "eliminate_first": ["write_in"]}
_VENEZUELA = (
    Level("state", ("estado",), "estado_name"),
    Level("municipality", ("municipio",), "municipio_name"),
    Level("other", ("parroquia",), "parroquia_name"),
    Level("polling-place", ("centro",), "centro_name"),
)
_BOLIVIA = ("pais", "departamento", "provincia", "municipio", "localidad", "recinto")

SOURCES: dict[str, Source] = {
    "venezuela_2013": Source(
        "Venezuela, presidential election of 14 April 2013",
        "America/Caracas",
        _VENEZUELA,
        {"ve-pres-2013": PLURALITY},
        bound=Bound("registered", hard=True),  # nobody votes at a table on whose roll he is not
        before={"ve-pres-2013": Before("ve-pres-2012", "venezuela_2012", {"chavez": "maduro"})},
        map="ve",
    ),
    "venezuela_2012": Source(
        "Venezuela, presidential election of 7 October 2012",
        "America/Caracas",
        _VENEZUELA,
        {"ve-pres-2012": PLURALITY},
        bound=Bound("registered", hard=True),
        map="ve",
    ),
    "mexico_2006": Source(
        "Mexico, presidential election of 2 July 2006",
        "America/Mexico_City",
        (
            Level("state", ("estado",), "estado", "state-"),
            Level("congressional", ("distrito",), "distrito", "district-"),
            Level("precinct", ("distrito", "seccion"), "seccion", "section-", whole=True),
        ),
        {"mx-pres-2006": PLURALITY},
        bound=Bound("registered"),  # 822 tables for voters away from home have no roll; 117 exceed theirs
    ),
    "bolivia_2020": Source(
        "Bolivia, presidential election of 18 October 2020",
        "America/La_Paz",
        tuple(
            Level(kind, _BOLIVIA[: depth + 1], _BOLIVIA[depth], f"{_BOLIVIA[depth]}-", numbered=True)
            for depth, kind in enumerate(("country", "state", "county", "municipality", "city", "polling-place"))
        ),
        {
            "bo-pres-2020": {
                "type": "two_round",
                "alternatives": [
                    {"share": [1, 2], "share_strict": True},
                    {"share": [2, 5], "share_strict": False, "margin": [1, 10], "margin_strict": False},
                ],
            }
        },
        bound=Bound("registered"),  # the list lacks tables abroad that had not reported
    ),
    "us_nc_2020_timeseries": Source(
        "North Carolina, election of 3 November 2020",
        "America/New_York",
        (Level("county", ("county_fips",), "county"),),
        {"us-nc-pres-2020": PLURALITY},
        registered=None,
        count_types=("absentee", "early", "electionday", "provisional"),
        names=("precinct",),
    ),
    "us_ga_2018_two_round": Source(
        "Georgia, elections of 6 November and 4 December 2018",
        "America/New_York",
        (Level("county", ("county",), "county"),),
        {
            "us-ga-sos-2018-r1": MAJORITY,
            "us-ga-sos-2018-r2": PLURALITY,
            "us-ga-gov-2018": MAJORITY,
        },
        registered=None,
        count_types=("election_day", "advance_in_person", "absentee_by_mail", "provisional"),
        by_type="results_by_type.csv.gz",
        names=("precinct",),
        known=True,
        before={"us-ga-sos-2018-r2": Before("us-ga-sos-2018-r1")},
    ),
    "israel_knesset_25": Source(
        "Israel, election to the 25th Knesset",
        "Asia/Jerusalem",
        (
            Level("other", ("committee",), "committee", "committee-"),
            Level("city", ("committee", "locality_code"), "locality_name", "locality-", whole=True),
        ),
        {
            "il-knesset-25": {
                "type": "highest_averages",
                "seats": 120,
                "divisors": "dhondt",
                "threshold": {"fraction": [13, 400], "strict": False},
                "surplus_agreements": [
                    ["likud", "rzp_otzma"], ["yesh_atid", "national_unity"], ["shas", "utj"], ["labor", "meretz"],
                ],
            }
        },
        bound=Bound("registered", hard=True),  # a voter has one ballot box; only double envelopes have no roll
        known=True,
        known_pool="double-envelopes",
        names=("locality_name", "kalpi"),
    ),
    "alaska_rcv_2022": Source(
        "Alaska, elections of 16 August and 8 November 2022",
        "America/Anchorage",
        (Level("state-house", ("house_district",), "house_district", "district-"),),
        {
            "us-ak-house-special-2022": RANKED,
            "us-ak-house-2022": RANKED,
            "us-ak-sen-2022": RANKED,
        },
        registered=None,
        names=("name",),
        known=True,
        types_of={  # so that what was counted in August bounds August
            "us-ak-house-special-2022": ("special",),
            "us-ak-house-2022": ("general",),
            "us-ak-sen-2022": ("general",),
        },
        ranked="ballots.csv.gz",
    ),
}  # fmt: skip

UNPLAYABLE = {
    "feed_samples": "samples of feeds are not a night",
}
