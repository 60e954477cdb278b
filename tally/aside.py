"""Contests too slow to judge with every batch: judged beside it, at a stated position."""

from collections.abc import Mapping
from copy import copy

import msgspec

from tally import decide
from tally.claim import Claim
from tally.completions import Completions, Ranked, Ranking
from tally.decide import Grounds
from tally.disputes import disputed_units, doubtful, sums_without, worth
from tally.events import ClaimShown, Evaluated
from tally.implied import carries
from tally.layout import ContestLayout
from tally.ledger import Ledger
from tally.outstanding import Sums
from tally.rankings import Rankings
from tally.rules import RULES
from tally.state import ContestState


class Reading(msgspec.Struct, frozen=True):
    """Every completion under one reading of the bounds, and what a claim it carries rests on.

    A question says once, for all its readings, which rankings are counted: here they are left out.
    `doubt`: the same with every disputed unit kept or annulled; None where none is, or too many.
    """

    variant: int
    grade: str
    assumptions: tuple[str, ...]
    completions: Completions
    doubt: Completions | None = None


class Question(msgspec.Struct, frozen=True):
    """All that judging a contest needs, with nothing of the state in it: it can go to another process.

    `without`: the same readings with every disputed unit annulled; empty where none is. `rankings`: counted
    ballots where they are ranked, and `disputed` those of them in disputed units.
    """

    contest: int
    at_seq: int
    rule: str
    params: object
    selections: tuple[str, ...]
    readings: tuple[Reading, ...]
    without: tuple[Reading, ...] = ()
    rankings: Rankings = msgspec.field(default_factory=Rankings)
    disputed: Rankings = msgspec.field(default_factory=Rankings)


class Answer(msgspec.Struct, frozen=True):
    """What a question came to."""

    contest: int
    at_seq: int
    claims: tuple[ClaimShown, ...]


def question_of(contest: ContestState, at_seq: int) -> Question:
    """The question a contest poses as it stands. Cost: O(groups + disputed units); rankings are not gone through.

    It stays as it is whatever the contest comes to.
    """
    layout, sums = contest.layout, contest.sums
    if layout.rule is None:
        raise ValueError("a contest without a rule poses no question")
    contest = _unranked(contest)
    disputed = disputed_units(contest)
    without = _readings(layout, sums_without(contest, disputed)) if len(disputed) else ()
    readings = tuple(
        msgspec.structs.replace(one, doubt=doubtful(contest, disputed, one.variant)) if len(disputed) else one
        for one in _readings(layout, sums)
    )
    return Question(
        layout.index,
        at_seq,
        layout.rule.NAME,
        layout.params,
        tuple(selection.id for selection in layout.contest.selections),
        readings,
        without,
        sums.rankings,
        sums.rankings_disputed,
    )


def _unranked(contest: ContestState) -> ContestState:
    """The contest without its ballots by ranking, which are not to be copied and sorted on the loop's time."""
    if not contest.layout.ranked:
        return contest
    twin = copy(contest)
    twin.sums = contest.sums.copy()
    twin.sums.rankings = Rankings()
    return twin


def _readings(layout: ContestLayout, sums: Sums) -> tuple[Reading, ...]:
    found = []
    for variant in (0, *decide.worth_trying(layout, sums)):
        why = decide.grounds(layout, sums, variant)
        found.append(
            Reading(variant, why.grade, why.assumptions, decide.completions(layout, sums, variant, ()))
        )
    return tuple(found)


def judge(question: Question) -> Answer:
    """Every claim of a contest under the strongest reading that carries it. Pure; takes as long as it takes."""
    rankings = tuple(sorted(question.rankings.items()))
    return judge_ranked(question, rankings, dict(question.disputed.items()))


def judge_ranked(question: Question, rankings: tuple[Ranked, ...], disputed: Mapping[Ranking, int]) -> Answer:
    """The same for who has the question's rankings by other means, sorted: proofs are then always the same."""
    question = _with_rankings(question, rankings, disputed)
    robust = {
        claim_id
        for reading in question.without
        for claim_id, shown in _judged(question, reading).items()
        if shown.irreversible
    }
    best: dict[str, ClaimShown] = {}
    for reading in question.readings:
        for claim_id, shown in _judged(question, reading).items():
            known = best.get(claim_id)
            if (known is None and (shown.irreversible or reading.variant == 0)) or (
                known is not None and shown.irreversible and not known.irreversible
            ):
                holds = carries(robust, claim_id) if question.without else shown.irreversible
                safe, units = _worth(question, reading, shown)
                best[claim_id] = msgspec.structs.replace(
                    shown, if_all_annulled=holds, if_any_annulled=safe, units_to_overturn=units
                )
    return Answer(question.contest, question.at_seq, tuple(best.values()))


def _with_rankings(
    question: Question, rankings: tuple[Ranked, ...], disputed: Mapping[Ranking, int]
) -> Question:
    """The question with its rankings in every reading; less those of disputed units where these are in doubt."""
    if not rankings:
        return question
    less = rankings
    if disputed:
        less = tuple((one, left) for one, number in rankings if (left := number - disputed.get(one, 0)))

    def ranked(known: Completions, counted: tuple[Ranked, ...]) -> Completions:
        return msgspec.structs.replace(known, rankings=counted)

    def reading(known: Reading, counted: tuple[Ranked, ...]) -> Reading:
        doubt = None if known.doubt is None else ranked(known.doubt, less)
        return msgspec.structs.replace(known, completions=ranked(known.completions, counted), doubt=doubt)

    return msgspec.structs.replace(
        question,
        readings=tuple(reading(one, rankings) for one in question.readings),
        without=tuple(reading(one, less) for one in question.without),
    )


def _worth(question: Question, reading: Reading, shown: ClaimShown) -> tuple[bool, int | None]:
    """Whether a claim holds whatever disputed units are annulled, and else how many it takes."""
    if not shown.irreversible or not question.without:
        return shown.irreversible, None
    if reading.doubt is None:
        return False, None

    def name_of(claim: Claim) -> str:
        return decide.id_of(claim, [question.selections[j] for j in claim.who])

    return worth(RULES[question.rule], question.params, reading.doubt, name_of, shown.id)


def _judged(question: Question, reading: Reading) -> dict[str, ClaimShown]:
    found = {}
    for claim in RULES[question.rule].statuses(reading.completions, question.params):
        who = tuple(question.selections[j] for j in claim.who)
        claim_id = decide.id_of(claim, who)
        found[claim_id] = ClaimShown(
            claim_id, claim.kind, who, claim.irreversible, claim.slack, claim.exact, claim.lemma, claim.number,
            claim.place, reading.grade if claim.irreversible else None,
            reading.assumptions if claim.irreversible else (), reading.variant,
        )  # fmt: skip
    return found


def grounds_of(claims: tuple[ClaimShown, ...]) -> dict[str, Grounds]:
    """What is irreversible in an answer, and on which grounds."""
    return {
        one.id: Grounds(one.variant, one.grade or decide.CERTAIN, one.assumptions)
        for one in claims
        if one.irreversible
    }


def evaluated(ledger: Ledger, answer: Answer) -> Evaluated | None:
    """The cause an answer enters the journal as; None where it says nothing new or has been overtaken.

    An answer stands for every later position until something adds to what is possible.
    """
    if answer.at_seq < ledger.expanded_seq(answer.contest):
        return None
    if answer.claims == ledger.shown(answer.contest):
        return None
    return Evaluated(answer.contest, answer.at_seq, answer.claims)
