"""What a ticker says in words: claims, events, how a count and the connection stand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]
Names = Mapping[str, str]

ENDS = {
    "elected": "{who} elected",
    "outright": "{who} elected without a run-off",
    "runoff": "a run-off is required",
    "passes": "the measure passes",
    "fails": "the measure fails",
    "allocation": "every seat is settled",
    "no-winner": "nobody wins in this round",
}
"""Claims that say how a contest ends."""
OTHERS = {"eliminated": "{who} eliminated", "at-least": "{who}: at least", "at-most": "{who}: at most"}
OURS = {
    "no-other-unit-over-cap": "no further unit goes over its cap",
    "soft-caps": "caps that are not hard hold",
}
"""Assumptions that come from us; the others are worded by the definition."""
QUIET_S = 5
"""Without a word for so long, the age of the last one is told."""
VERBS = {"dispute": "disputed", "annul": "annulled", "restore": "restored"}


def clean(text: object) -> str:
    """Text of somebody else's as a terminal may show it: no control or direction characters."""
    return "".join(character if character.isprintable() else " " for character in str(text))


def named(name: str, names: Names) -> str:
    """A selection or contest as people call it."""
    return clean(names.get(name) or name)


def clock(instant: str) -> str:
    """The time of day here of an instant."""
    return datetime.fromisoformat(instant).astimezone().strftime("%H:%M:%S")


def many(number: int, one: str) -> str:
    """So many of a thing."""
    return f"{number:,} {one if number == 1 else f'{one}s'}"


def claim_words(
    kind: str, who: Sequence[str], names: Names, number: object = None, place: object = None
) -> str:
    """What a claim says."""
    people = " and ".join(named(one, names) for one in who)
    if kind == "runoff" and who:
        return f"a run-off between {people}"
    said = (ENDS | OTHERS).get(kind, f"{{who}} {clean(kind)}").format(who=people)
    more = [f"{number:,}" if isinstance(number, int) else "", "" if place is None else f"in {clean(place)}"]
    return " ".join(part for part in (said.strip(), *more) if part)


def id_words(claim: str, names: Names) -> str:
    """What a claim known by its id alone says; ids of selections may hold colons and plus signs."""
    kind, _, rest = claim.partition(":")
    if kind in {"at-least", "at-most"}:
        who, _, number = rest.rpartition(":")
        return claim_words(kind, [who], names, int(number)) if number.isdigit() else clean(claim)
    who_ = [] if not rest else [rest] if rest in names else rest.split("+")
    return claim_words(kind, who_, names)


def grounds(grade: str | None, assumptions: Sequence[str]) -> str:
    """On what an irreversible claim rests."""
    if grade != "conditional":
        return "for certain"
    return "if " + " and ".join(OURS.get(name) or clean(name) for name in assumptions)


def standing(line: Json) -> tuple[str, str]:
    """How a contest stands in one line: a mark and a word, each enough without the other or a colour."""
    if line["withdrawn"]:
        return "!", "withdrawn"
    if line["irreversible"]:
        sure = any(one["grade"] == "certain" for one in line["irreversible"])
        return ("✓", "decided") if sure else ("~", "decided if")
    if line["results_status"] == "pre-election":
        return "-", "waiting"
    return "·", "open"


def unknown(uncapped: int) -> str:
    """That nobody can say how many ballots may still come."""
    return f"nobody can say, {many(uncapped, 'open unit')} without a bound"


def notes(view: Json) -> list[str]:
    """What stands in doubt in a contest."""
    units, found = view["units"], []
    if units["quarantined"]:
        found.append(
            f"{many(units['quarantined'], 'unit')} held for review: not counted until somebody decides"
        )
    if units["disputed"]:
        votes = sum(total["votes_disputed"] for total in view["totals"])
        found.append(
            f"{many(units['disputed'], 'unit')} disputed, with {many(votes, 'vote')} that are counted"
        )
        fragile = [
            one
            for one in view["claims"]
            if one["status"] == "irreversible" and one["robust"]["if_any_disputed_annulled"]
        ]
        if not fragile and any(one["status"] == "irreversible" for one in view["claims"]):
            found.append("what is irreversible rests on what is outstanding, not on what is disputed")
    if units["annulled"]:
        found.append(f"{many(units['annulled'], 'unit')} annulled: they count nothing")
    if units["unreconciled"]:
        found.append(f"{many(units['unreconciled'], 'unit')} whose numbers do not add up")
    return found


def event_words(event: Json, names: Names) -> str | None:
    """What happened; None for a kind this release does not know."""
    unit = clean(event.get("unit", ""))
    match event["kind"]:
        case "claim" if event["status"] == "irreversible":
            return f"{id_words(event['claim'], names)}: irreversible {grounds(event['grade'], event['assumptions'])}"
        case "claim":
            return f"{id_words(event['claim'], names)}: withdrawn"
        case "correction":
            return f"a count of {unit} went down: {clean(event['reason'])}"
        case "withdrawal":
            return f"the report of {unit} was withdrawn: {clean(event['reason'])}"
        case "reopened":
            return f"{unit} is open again: {clean(event['reason'])}"
        case "quarantined":
            return f"a report of {unit} is held for review: {clean(event['rule'])}"
        case "bound-violated":
            return f"{unit} has {event['ballots']:,} ballots, its bound is {event['cap']:,}"
        case "amended":
            return f"the definition was amended: {clean(event['reason'])}"
        case "dispute" | "annul" | "restore" as verb:
            return f"{many(len(event['units']), 'unit')} {VERBS[verb]}: {clean(event['reason'])}"
    return None


def concerns(event: Json, contest: str) -> bool:
    """Whether an event is of a contest, or of all."""
    about: Iterable[str] = event.get("contests") or [event.get("contest", contest)]
    return contest in about


def link_words(state: str, why: str, age_s: float, again_s: float, tries: int) -> tuple[str, str]:
    """How the connection stands: a mark, and words with an age."""
    if state == "connecting":
        return "…", "connecting"
    if state == "lost":
        when = f"trying again in {max(1, round(again_s))} s" if again_s > 0 else "trying again now"
        return "✕", f"connection lost ({clean(why)}), {when}, try {tries}; no word for {int(age_s)} s"
    if age_s >= QUIET_S:
        return "◌", f"no word for {int(age_s)} s"
    return "●", "live"
