"""A projection as plain values for readers: a format of its own."""

from collections.abc import Mapping
from typing import Any

from tally.projection.frame import Floats, Places
from tally.projection.projector import Projection, TooEarly
from tally.projection.projector import Spread as Quantity
from tally.projection.record import LEVELS, Record

FORMAT = "tally-projection/1"
GRADE = "projected"
NEAR = 4
"""Decimals of shares and chances."""


def shown(found: Projection | TooEarly, places: Places) -> dict[str, Any]:
    """The projection: shares are parts of 1 with four decimals, votes are whole.

    Position, contest and what is irreversible are the caller's to add.
    """
    head: dict[str, Any] = {"format": FORMAT, "grade": GRADE, "calibration": _calibration(found)}
    if isinstance(found, TooEarly):
        return head | {
            "status": "too-early", "reason": found.reason, "rows_in": found.seen, "rows_needed": found.needed,
            "selections": [], "areas": [], "needs": None, "outstanding": None, "total": None,
            "estimators": {}, "outcome": None,
        }  # fmt: skip
    chances = dict(zip(places.selections, found.outcomes.chances.tolist(), strict=True))
    return head | {
        "status": "counted" if found.counted else "projected",
        "reason": None,
        "outcome": {
            "kind": found.outcomes.kind,
            "runoff": None if found.outcomes.runoff is None else round(found.outcomes.runoff, NEAR),
        },
        "selections": [
            {"selection": name, "chance": round(chances[name], NEAR)}
            | {"votes": _whole(found.votes, s), "share": _near(found.shares, s)}
            | ({} if found.seats is None else {"seats": _whole(found.seats, s)})
            for s, name in enumerate(places.selections)
        ],
        "areas": _areas(found, places),
        "total": _whole(found.total, 0),
        "needs": _needs(found, places),
        "outstanding": {"expected": round(float(found.row_votes.sum())), "rows": len(found.rows)},
        "estimators": {name: round(weight, NEAR) for name, weight in found.weights.items()},
    }


def _areas(found: Projection, places: Places) -> list[dict[str, Any]]:
    if len(places.areas) < 2:
        return []
    return [
        {
            "unit": area,
            "selections": [
                {
                    "selection": name,
                    "chance": round(float(found.area_chances[a, s]), NEAR),
                    "share": _near(found.area_shares, a, s),
                }
                for s, name in enumerate(places.selections)
            ],
        }
        for a, area in enumerate(places.areas)
        if area
    ]


def _needs(found: Projection, places: Places) -> dict[str, Any] | None:
    needs = found.needs
    if needs is None:
        return None
    return {
        "who": places.selections[needs.who],
        "ahead": places.selections[needs.ahead],
        "share_needed": round(needs.needs, NEAR),
        "share_had_in_same_places": None if needs.has_had is None else round(needs.has_had, NEAR),
        "share_expected": round(needs.expected, NEAR),
    }


def _calibration(found: Projection | TooEarly) -> dict[str, Any]:
    record: Record = found.record
    inside = record.coverage()
    widened: Mapping[int, float] = {} if isinstance(found, TooEarly) else found.widened
    return {
        "rows_scored": record.scored,
        "levels": [
            {
                "level": level,
                "inside": None if inside is None else round(inside[level], NEAR),
                "widened": round(widened.get(level, 1.0), 2),
            }
            for level in LEVELS
        ],
    }


def _whole(quantity: Quantity, *at: int) -> dict[str, Any]:
    return {"middle": round(_at(quantity.middle, at))} | {
        str(level): [round(_at(low, at)), round(_at(high, at))]
        for level, (low, high) in quantity.ends.items()
    }


def _near(quantity: Quantity, *at: int) -> dict[str, Any]:
    return {"middle": round(_at(quantity.middle, at), NEAR)} | {
        str(level): [round(_at(low, at), NEAR), round(_at(high, at), NEAR)]
        for level, (low, high) in quantity.ends.items()
    }


def _at(values: Floats, at: tuple[int, ...]) -> float:
    return float(values[at])
