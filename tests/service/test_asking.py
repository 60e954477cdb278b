"""Rankings are sent by difference to the process that judges: the same answers, whatever dies in between."""

import os
import pickle
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import msgspec
import pytest

from ingest.asking import STRETCH_RANKINGS_MAX, Answering, Asking, Sent
from ingest.judging import Judging
from tally import aside, decide, engine
from tally.aside import Answer, Question
from tally.completions import Ranking
from tally.disputes import disputed_units, doubtful, sums_without
from tally.engine import Step
from tally.events import ANNULLED, DISPUTED
from tally.freeze import digest, freeze, thaw
from tally.model import canonical
from tally.rankings import Rankings
from tally.report import CountBatch, CountReport, DeskCommand, RankedCount
from tally.state import ContestState, State
from tests.bench.elections import Made, definition_of
from tests.bench.judging import counted, opened, reports_of

AT_MS = 1_700_000_000_000
SIX = Made("six ranked", {"type": "stv", "seats": 2}, 6, places=4, form="ranked")
FOUR = Made("four ranked", {"type": "irv"}, 4, places=4, form="ranked")
TEN = Made("ten ranked", {"type": "stv", "seats": 3}, 10, form="ranked")
UNITS, STEPS = 16, 100
BALLOTS_MIN, BALLOTS_MAX = (
    100,
    250,
)  # a report, many of different rankings: one leaf at first, 1,024 in the end


@pytest.fixture
async def judging() -> AsyncIterator[Judging]:
    made = Judging()
    yield made
    made.close()


class Night:
    """Reports, corrections, withdrawals, disputes and an amendment in a random order."""

    def __init__(self, seed: int, made: Made = SIX) -> None:
        self.chance, self.selections = random.Random(seed), made.selections
        self.state = engine.open_state(engine.define(definition_of(made, UNITS), AT_MS))
        self.revisions = [0] * UNITS
        self.units_added = 0

    def command(self) -> CountBatch | DeskCommand:
        """Something that may happen next."""
        units = tuple(f"u{n:06}" for n in self.chance.sample(range(UNITS), self.chance.randint(1, 3)))
        verb = self.chance.choices(
            ("count", "dispute", "restore", "annul", "amend"), weights=(70, 5, 20, 2, 3)
        )[0]
        if verb == "amend":
            return self.amendment()
        if verb != "count":
            return DeskCommand(verb, "looked into", "desk", units)
        reports = tuple(self.report(unit) for unit in units)
        return CountBatch("e", f"b{self.state.seq}-{self.chance.random()}", "s", reports)

    def report(self, unit: str) -> CountReport:
        """A first report, one that takes its place, or a withdrawal."""
        number = int(unit[1:])
        self.revisions[number] += 1
        revision = self.revisions[number]
        if revision > 1 and self.chance.random() < 0.15:
            return CountReport(unit, "c", revision, "not-processed", None, reason="by mistake")
        ranked: Counter[tuple[str, ...]] = Counter()
        for _ in range(self.chance.randint(BALLOTS_MIN, BALLOTS_MAX)):
            order = sorted(range(self.selections), key=lambda j: self.chance.expovariate(1 / (j + 1)))
            ranked[tuple(f"s{j}" for j in order[: self.chance.randint(1, self.selections)])] += 1
        counts = {f"s{j}": 0 for j in range(self.selections)}
        for ranking, ballots in ranked.items():
            counts[ranking[0]] += ballots
        listed = tuple(RankedCount(ranking, ballots) for ranking, ballots in ranked.items())
        return CountReport(
            unit, "c", revision, "completed", counts, ranked.total(), reason="recount", ballots=listed
        )

    def amendment(self) -> DeskCommand:
        """One more unit: a state is made for it, every row is carried over."""
        self.units_added += 1
        changed = msgspec.json.decode(canonical(self.state.layout.definition))
        more = {"id": f"more{self.units_added}", "parent": "p00", "voters_registered": 40}
        changed["units"].append(more)
        return DeskCommand("amend", "forgotten", "desk", definition=changed)

    def take(self, step: Step) -> None:
        assert step.record is not None
        self.state = engine.apply(self.state, step.record, step.effects)


def rankings_of_rows(contest: ContestState, *standings: int) -> dict[Ranking, int]:
    """Ballots by ranking from the rows alone, of units that stand so."""
    found: Counter[Ranking] = Counter()
    for row, ranked in contest.rankings.items():
        if contest.standing[row // contest.layout.types] in standings:
            found.update(dict(ranked))
    return dict(found)


def check_question(contest: ContestState, question: Question) -> None:
    """A question says of rankings what the rows do, and of completions what the contest does."""
    every = set(range(10)) - {ANNULLED}
    assert dict(question.rankings.items()) == rankings_of_rows(contest, *every)
    assert dict(question.disputed.items()) == rankings_of_rows(contest, DISPUTED)
    whole = aside._with_rankings(
        question, tuple(sorted(question.rankings.items())), dict(question.disputed.items())
    )
    disputed = disputed_units(contest)
    for reading in whole.readings:
        assert reading.completions == decide.completions(contest.layout, contest.sums, reading.variant)
        if len(disputed):
            assert reading.doubt == doubtful(contest, disputed, reading.variant)
    for reading in whole.without:
        less = sums_without(contest, disputed)
        assert reading.completions == decide.completions(contest.layout, less, reading.variant)


class Sides:
    """Both sides of what is asked in this process, to be looked at: an answer may be the same by chance."""

    def __init__(self) -> None:
        self.asking, self.answering = Asking(), Answering()

    async def judge(self, question: Question) -> Answer | None:
        """The answer; it is drawn from the very rankings that were asked about, in order."""
        sent = await self.asking.packed(question)
        answer = self.answering.answer(pickle.loads(pickle.dumps(sent)))  # noqa: S301  # our own bytes
        self.asking.arrived(question, sent)
        kept = self.answering._kept[question.contest]
        assert list(kept.rankings.items()) == sorted(question.rankings.items())
        assert list(kept.disputed.items()) == sorted(question.disputed.items())
        return answer


def kill(judging: Judging) -> None:
    assert judging._pool is not None
    for process in list(judging._pool._processes.values()):
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("made", "leaves"), [(SIX, 1_024), (FOUR, 64)])
async def test_answers_by_difference_are_those_to_whole_questions(
    judging: Judging, made: Made, leaves: int
) -> None:
    night, seen, sides = Night(1, made), Counter[str](), Sides()
    for number in range(STEPS):
        command = night.command()
        step = engine.step(night.state, command, AT_MS)
        if step.record is None:
            continue
        if step.unsettled:
            asked = engine.questions(night.state, step)
            answers = [await judging.judge(question) for question in asked]
            assert answers == [aside.judge(question) for question in asked]
            seen["not yet durable"] += 1
            step = engine.settled(night.state, step, answers)
            if night.chance.random() < 0.1:  # no room to make it durable: it is as if it had not been
                seen["dropped"] += 1
                continue
        night.take(step)
        if number % 30 == 29:
            kill(judging)
            seen["killed"] += 1
        if number % 40 == 39:
            night.state = thaw(freeze(night.state))
        contest = night.state.contests[0]
        question = aside.question_of(contest, night.state.seq)
        check_question(contest, question)
        answer = await judging.judge(question)
        assert answer == aside.judge(question)
        assert not (await judging._asking.packed(question)).rankings, "there is nothing left to tell"
        assert await sides.judge(question) == answer
        seen["irreversible"] += any(claim.irreversible for claim in answer.claims)
        seen["disputed"] += bool(question.without)
        said = engine.step(night.state, answer, AT_MS)
        if said.record is not None:
            night.take(said)
    print(seen, len(night.state.contests[0].sums.rankings))
    assert len(night.state.contests[0].sums.rankings.leaves) == leaves
    assert min(seen["killed"], seen["dropped"]) >= 1
    assert min(seen["not yet durable"], seen["disputed"], seen["irreversible"]) > 10


async def test_what_is_remembered_of_questions_is_no_part_of_the_state(judging: Judging) -> None:
    night = Night(1)
    night.take(engine.step(night.state, CountBatch("e", "b", "s", (night.report("u000001"),)), AT_MS))
    before = digest(night.state), freeze(night.state)
    await judging.judge(aside.question_of(night.state.contests[0], night.state.seq))
    assert (digest(night.state), freeze(night.state)) == before


async def sent_of(asking: Asking, state: State) -> Sent:
    question = aside.question_of(state.contests[0], state.seq)
    sent = await asking.packed(question)
    asking.arrived(question, sent)
    return sent


async def test_what_is_sent_does_not_grow_with_what_is_counted() -> None:
    """The same report at the start and at the end of a night: as many bytes, of many times the rankings."""
    reports = list(reports_of(TEN, 1_000))
    sizes, rankings = list[float](), list[int]()
    state, asking, done = opened(TEN, 1_000), Asking(), 0
    for share in (5, 50, 95):
        state = counted(state, reports[done : 10 * share])
        await sent_of(asking, state)
        looked_at = reports[10 * share : 10 * share + 5]
        single = list[int]()
        for report in looked_at:
            state = counted(state, [report])
            sent = await sent_of(asking, state)
            assert sent.since is not None
            single.append(len(pickle.dumps(sent)))
        done = 10 * share + len(looked_at)
        sizes.append(sum(single) / len(single))
        rankings.append(len(state.contests[0].sums.rankings))
    whole = len(pickle.dumps(await sent_of(Asking(), state)))
    print(f"{sizes} bytes at {rankings} rankings, of {whole} in all")
    assert rankings[-1] > 10 * rankings[0]
    assert max(sizes) < 1.3 * min(sizes)
    assert max(sizes) * 100 < whole


async def test_a_first_question_is_packed_in_short_stretches() -> None:
    state = counted(opened(TEN, 500), list(reports_of(TEN, 500)))
    question = aside.question_of(state.contests[0], state.seq)
    packing, turns = Asking().packed(question), 0
    sent: Sent | None = None
    while sent is None:
        try:
            packing.send(None)
            turns += 1
        except StopIteration as done:
            sent = done.value
    parts = [len(msgspec.msgpack.decode(part)) for part in sent.rankings]
    assert sum(parts) == len(question.rankings) > 10 * STRETCH_RANKINGS_MAX
    assert max(parts) < STRETCH_RANKINGS_MAX + 100  # and at most one leaf more
    assert turns >= len(parts)


async def test_changes_to_what_is_not_known_are_asked_for_anew() -> None:
    """A question that left and was given up: the one who answers is a number ahead."""
    state = counted(opened(SIX, 50), list(reports_of(SIX, 50))[:20])
    asking, answering = Asking(), Answering()
    question = aside.question_of(state.contests[0], state.seq)
    first = await sent_of(asking, state)
    assert answering.answer(first) == aside.judge(question)
    given_up = await asking.packed(question)
    assert answering.answer(given_up) is not None
    assert answering.answer(await asking.packed(question)) is None
    asking.forget()
    assert answering.answer(await asking.packed(question)) == aside.judge(question)


async def test_a_worker_that_stands_still_does_not_hold_the_loop(judging: Judging) -> None:
    import asyncio

    state = counted(opened(TEN, 300), list(reports_of(TEN, 300))[:200])
    first = aside.question_of(state.contests[0], state.seq)
    await judging.judge(first)
    assert judging._pool is not None
    workers = [process.pid for process in judging._pool._processes.values()]
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    state = counted(state, list(reports_of(TEN, 300))[200:])
    question = aside.question_of(state.contests[0], state.seq)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(judging.judge(question))
        for _ in range(500):
            await asyncio.sleep(0.001)
        assert not waiting.done()
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    assert waiting.result() == aside.judge(question)


def versions(chance: random.Random) -> Iterator[tuple[Rankings, dict[Ranking, int]]]:
    """Rankings that grow, shrink and branch, each with the same as a plain dict."""
    kept: list[tuple[Rankings, dict[Ranking, int]]] = [(Rankings(), {})]
    for _ in range(60):
        rankings, plain = chance.choice(kept[-3:])
        rankings, plain = rankings.copy(), plain.copy()
        for _ in range(chance.choice((1, 40, 400))):
            ranking = tuple(chance.sample(range(8), chance.randint(0, 5)))
            out = plain.get(ranking, 0)
            sign = -1 if out and chance.random() < 0.4 else 1
            number = out if sign < 0 else chance.randint(1, 3)
            rankings.count(((ranking, number),), sign)
            plain[ranking] = out + sign * number
            if not plain[ranking]:
                del plain[ranking]
        kept.append((rankings, plain))
        yield rankings, plain


def test_rankings_are_a_dict_that_tells_what_changed() -> None:
    chance = random.Random(7)
    found = list(versions(chance))
    compared = 0
    for rankings, plain in found:  # looked at last of all: nobody has written into what others share
        assert (dict(rankings.items()), len(rankings)) == (plain, len(plain))
        assert all(rankings.get(ranking) == number for ranking, number in plain.items())
        whole = list(rankings.changes(None, 50))
        assert {ranking: n for part in whole for ranking, n in part} == plain
    for (older, was), (newer, now) in [*pairwise(found), *pairwise(reversed(found))]:
        if newer.comparable(older):
            compared += 1
            changes = {ranking: n for part in newer.changes(older, 50) for ranking, n in part}
            assert changes == {r: now.get(r, 0) for r in was.keys() | now.keys() if was.get(r) != now.get(r)}
    assert compared > 50
    assert {len(rankings.leaves) for rankings, _ in found} >= {64, 1_024}
