"""Questions on their way to the process that judges: of rankings only those that changed."""

import asyncio
from typing import NamedTuple

import msgspec

from tally import aside
from tally.aside import Answer, Question
from tally.completions import Ranked, Ranking
from tally.rankings import Rankings

STRETCH_RANKINGS_MAX = 2_000
"""Rankings looked at and encoded between two looks at the loop: about 1 ms of work."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[tuple[int, ...], int]]).decode


class Sent(NamedTuple):
    """A question without its rankings, and what makes them of those of the question numbered `since`.

    `since` None: of none. `rankings`, `disputed`: changed ones with their new number, 0 where gone, in parts.
    """

    question: Question
    number: int
    since: int | None
    rankings: tuple[bytes, ...]
    disputed: tuple[bytes, ...]


class _Known(NamedTuple):
    number: int
    rankings: Rankings
    disputed: Rankings


class Asking:
    """The side of the loop: remembers, by contest, the question answered last."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._number = 0

    async def packed(self, question: Question) -> Sent:
        """The question to send; the loop has its turn in between.

        Cost: some eight times the rankings changed since the question before, up to 131,072 different ones in all.
        """
        known = self._known.get(question.contest)
        if known is not None and not (
            question.rankings.comparable(known.rankings) and question.disputed.comparable(known.disputed)
        ):
            known = None
        self._number += 1
        return Sent(
            msgspec.structs.replace(question, rankings=Rankings(), disputed=Rankings()),
            self._number,
            None if known is None else known.number,
            await _changes(question.rankings, None if known is None else known.rankings),
            await _changes(question.disputed, None if known is None else known.disputed),
        )

    def arrived(self, question: Question, sent: Sent) -> None:
        """Note that a question was answered: what follows is told as a difference from it."""
        self._known[question.contest] = _Known(sent.number, question.rankings, question.disputed)

    def forget(self) -> None:
        """Tell everything anew: who answers knows nothing any more."""
        self._known.clear()


async def _changes(rankings: Rankings, known: Rankings | None) -> tuple[bytes, ...]:
    parts = []
    for part in rankings.changes(known, STRETCH_RANKINGS_MAX):
        if part:
            parts.append(_encode(part))
        await asyncio.sleep(0)
    return tuple(parts)


class _Kept(NamedTuple):
    number: int
    rankings: dict[Ranking, int]
    disputed: dict[Ranking, int]


class Answering:
    """The other side: keeps, by contest, the rankings of the question asked last, sorted."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}

    def answer(self, sent: Sent) -> Answer | None:
        """The answer; None where the question tells of changes to what is not known here."""
        kept = self._kept.pop(sent.question.contest, None)
        if sent.since is None:
            kept = _Kept(0, {}, {})
        elif kept is None or kept.number != sent.since:
            return None
        rankings = _changed(kept.rankings, sent.rankings)
        disputed = _changed(kept.disputed, sent.disputed)
        self._kept[sent.question.contest] = _Kept(sent.number, rankings, disputed)
        return aside.judge_ranked(sent.question, tuple(rankings.items()), disputed)


def _changed(known: dict[Ranking, int], parts: tuple[bytes, ...]) -> dict[Ranking, int]:
    """The rankings sorted; what was known is used up. What is sorted already is soon sorted again."""
    changes: list[Ranked] = [change for part in parts for change in _decode(part)]
    for ranking, number in changes:
        if number:
            known[ranking] = number
        else:
            known.pop(ranking, None)
    return dict(sorted(known.items())) if changes else known
