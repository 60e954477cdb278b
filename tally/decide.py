"""Rule x sums x outstanding → what is irreversible now, on which grounds, and by how much."""

from collections.abc import Sequence
from typing import NamedTuple

from tally.claim import Claim
from tally.completions import ALL, NO_POOL, BallotForm, Completions, District, Group, Pool, Ranked
from tally.effects import pool_kind
from tally.events import ClaimChanged
from tally.implied import Said
from tally.in_box import least_to_come
from tally.layout import EVERY_SELECTION, ContestLayout
from tally.ledger import ClaimState
from tally.outstanding import Sums
from tally.rules import Rule

CERTAIN, CONDITIONAL = "certain", "conditional"
SETTLING = {"elected", "outright", "runoff", "passes", "fails", "allocation", "no-winner"}
"""Kinds of claims that say how a contest ends; the others say what it can no longer come to."""
NEVER = 1 << 60
"""More votes than there will ever be."""


class Grounds(NamedTuple):
    """What an irreversible claim rests on."""

    variant: int
    grade: str
    assumptions: tuple[str, ...]


class Decision(NamedTuple):
    """A claim with its verdict under the strongest grounds that carry it; open ones under variant 0."""

    id: str
    claim: Claim
    grounds: Grounds | None


def ballot_form(layout: ContestLayout) -> BallotForm:
    """What one ballot of the contest can say: its rule's `ballot`, with as many votes as allowed."""
    rule = layout.contest.rule
    if layout.rule is not None and layout.rule.TRAITS.ballot != "votes":
        return BallotForm("ranked")
    votes = int(rule.get("votes_per_ballot", layout.contest.votes_allowed))
    return BallotForm(rule.get("ballot", "choose"), votes, not rule.get("no_blank", False))


def completions(
    layout: ContestLayout, sums: Sums, variant: int = 0, rankings: tuple[Ranked, ...] | None = None
) -> Completions:
    """Every way the contest's count may still end, under one reading of the bounds. Cost: O(groups).

    Where ballots are ranked, sorting them as well: `rankings` are used as they are instead, where given.
    """
    groups, pools = to_come(layout, sums, variant)
    districts = tuple(
        District(district.unit, district.weight, tuple(votes))
        for district, votes in zip(layout.districts, sums.districts, strict=True)
    )
    ranked = tuple(sorted(sums.rankings.items())) if rankings is None else rankings
    return Completions(
        tuple(sums.votes), groups, ballot_form(layout), pools, electable=layout.electable,
        rankings=ranked, districts=districts, ballots_counted=sums.ballots_cast,
    )  # fmt: skip


def to_come(layout: ContestLayout, sums: Sums, variant: int) -> tuple[tuple[Group, ...], tuple[Pool, ...]]:
    """The ballots that may still come, alike ones together, and the caps they share. Cost: O(groups)."""
    tainted = sums.tainted if variant == 0 else frozenset()
    usable = usable_pools(layout, sums, variant)
    least = least_to_come(layout, sums, variant, usable)
    merged: dict[tuple[int, int, int], tuple[int | None, int]] = {}
    for g, key in enumerate(layout.groups):
        if not sums.open_cells[g]:
            continue
        place = (key.style, key.pool, key.district)
        known, few = merged.get(place, (0, 0))
        if sums.unbounded[variant][g] or known is None or (tainted and key.kind in tainted):
            merged[place] = None, few + least[g]
        else:
            merged[place] = known + sums.ballots[variant][g], few + least[g]
    groups = tuple(
        Group(
            mask_of_style(layout.styles[style]),
            ballots,
            few,
            pool=_nearest(layout, usable, pool),
            district=district,
        )
        for (style, pool, district), (ballots, few) in merged.items()
    )
    numbers = {pool: n for n, pool in enumerate(usable)}
    pools = tuple(
        Pool(
            layout.pools[p].ballots - sums.pool_cast[p],
            numbers.get(_nearest_index(layout, usable, layout.pool_parent[p]), NO_POOL),
        )
        for p in usable
    )
    return groups, pools


def mask_of_style(style: int) -> int:
    """The selections on a ballot of that style, as a mask."""
    return ALL if style == EVERY_SELECTION else style


def usable_pools(layout: ContestLayout, sums: Sums, variant: int) -> list[int]:
    """Pools whose cap counts under this reading: hard and never exceeded, or soft where soft caps do."""
    reading = layout.variants[variant]
    return [
        p
        for p, pool in enumerate(layout.pools)
        if pool.ballots >= sums.pool_cast[p]
        and pool.ballots > 0
        and reading.takes(
            pool.source, hard=pool.hard and (variant > 0 or pool_kind(pool.id) not in sums.tainted)
        )
    ]


def _nearest_index(layout: ContestLayout, usable: list[int], pool: int) -> int:
    while pool != NO_POOL and pool not in usable:
        pool = layout.pool_parent[pool]
    return pool


def _nearest(layout: ContestLayout, usable: list[int], pool: int) -> int:
    found = _nearest_index(layout, usable, pool)
    return NO_POOL if found == NO_POOL else usable.index(found)


def grounds(layout: ContestLayout, sums: Sums, variant: int) -> Grounds:
    """What a claim carried by this variant rests on."""
    if variant == 0:
        return Grounds(0, CERTAIN, ())
    reading = layout.variants[variant]
    assumptions = ["no-other-unit-over-cap"] if shown_over_cap(sums) else []
    if reading.assumption and reading.assumption not in assumptions:
        assumptions.append(reading.assumption)
    return Grounds(variant, CONDITIONAL, tuple(assumptions))


def shown_over_cap(sums: Sums) -> bool:
    """Whether any hard cap has been exceeded, so that only an assumption restores it."""
    return bool(sums.tainted) or sums.unbounded[0] != sums.unbounded[1]


def worth_trying(layout: ContestLayout, sums: Sums) -> list[int]:
    """The variants that may carry a claim the certain one does not, strongest first."""
    variants = [1] if shown_over_cap(sums) else []
    return variants + list(range(2, len(layout.variants)))


def claim_id(layout: ContestLayout, claim: Claim) -> str:
    """A claim's id: its kind and what it is about, as in `elected:maduro`, `at-least:likud:31`, `runoff`."""
    return id_of(claim, claimants(layout, claim.kind, claim.who))


def id_of(claim: Claim, who: Sequence[str]) -> str:
    """The id of a claim about these selections."""
    parts = [claim.kind]
    if who:
        parts.append("+".join(who))
    if claim.number is not None:
        parts.append(str(claim.number))
    if claim.place is not None:
        parts.append(claim.place)
    return ":".join(parts)


def claimants(layout: ContestLayout, kind: str, who: tuple[int, ...]) -> list[str]:
    """The ids of the selections a claim is about; the number of a bare assertion, from 0."""
    if kind == "holds":
        return [str(index) for index in who]
    return [layout.contest.selections[s].id for s in who]


def irreversible(layout: ContestLayout, sums: Sums) -> dict[str, Grounds]:
    """Every claim that is irreversible now, by id. Cost: O(selections) for one style and one seat."""
    return {} if layout.rule is None else _look(layout.rule, layout, sums)[0]


def _look(rule: Rule, layout: ContestLayout, sums: Sums) -> tuple[dict[str, Grounds], int]:
    """Every irreversible claim with its grounds, and how much may move before that can change."""
    found: dict[str, Grounds] = {}
    patience = NEVER
    for variant in (0, *worth_trying(layout, sums)):
        reasons = grounds(layout, sums, variant)
        for claim in rule.statuses(completions(layout, sums, variant), layout.params):
            if claim.irreversible:
                found.setdefault(claim_id(layout, claim), reasons)
            patience = min(patience, _patience(claim))
    return found, patience


def _patience(claim: Claim) -> int:
    """How many votes and outstanding ballots may move before the claim can turn; -1: nobody knows."""
    if claim.patience is not None:
        return claim.patience
    if claim.pace is None:
        return -1
    if claim.slack is None:
        return NEVER
    return (claim.slack - 1 if claim.irreversible else -claim.slack) // claim.pace


def changes(layout: ContestLayout, sums: Sums, claims: dict[str, ClaimState]) -> tuple[ClaimChanged, ...]:
    """What a change of the sums does to the claims: turned, withdrawn, or resting on other grounds.

    Nothing is looked at while `sums.patience` lasts, which this sets anew (docs/maths.md, "When to look").
    """
    if sums.patience >= 0 or layout.rule is None or layout.aside:
        return ()
    now, sums.patience = _look(layout.rule, layout, sums)
    return turned_by(layout, now, claims)


def turned_by(
    layout: ContestLayout, now: dict[str, Grounds], claims: dict[str, ClaimState]
) -> tuple[ClaimChanged, ...]:
    """What a look makes of the claims known so far, given all that is irreversible `now`.

    "At least 28" stays when only "at least 30" is said: it rests on the strongest that implies it.
    """
    said, implied = dict(now), Said(now)
    for name, known in claims.items():
        if known.status == "irreversible" and name not in now:
            stronger = [now[other] for other in implied.implying(name)]
            if stronger:
                said[name] = min(stronger)
    changed = []
    for name, why in said.items():
        was = claims.get(name)
        if (
            was is None
            or was.status != "irreversible"
            or (was.grade, was.assumptions) != (why.grade, why.assumptions)
        ):
            changed.append(ClaimChanged(layout.index, name, "irreversible", why.grade, why.assumptions))
    for name, known in claims.items():
        if known.status == "irreversible" and name not in said:
            changed.append(ClaimChanged(layout.index, name, "withdrawn", None))
    return tuple(changed)


def decisions(layout: ContestLayout, sums: Sums) -> list[Decision]:
    """Every claim of the contest with slack and proof, in selection order. For views and certificates."""
    if layout.rule is None:
        return []
    certain = layout.rule.claims(completions(layout, sums), layout.params)
    best = {
        claim_id(layout, claim): Decision(
            claim_id(layout, claim),
            claim,
            Grounds(0, CERTAIN, ()) if claim.irreversible else None,
        )
        for claim in certain
    }
    for variant in worth_trying(layout, sums):
        if all(decision.grounds for decision in best.values()):
            break
        for claim in layout.rule.claims(completions(layout, sums, variant), layout.params):
            name = claim_id(layout, claim)
            if claim.irreversible and (name not in best or best[name].grounds is None):
                best[name] = Decision(name, claim, grounds(layout, sums, variant))
    return list(best.values())


def settling(claims: dict[str, ClaimState]) -> list[str]:
    """The irreversible claims that say how the contest ends, by id."""
    return [
        name
        for name, claim in claims.items()
        if claim.status == "irreversible" and name.partition(":")[0] in SETTLING
    ]


def decided(claims: dict[str, ClaimState]) -> bool:
    """Whether some claim that says how the contest ends is irreversible."""
    return bool(settling(claims))
