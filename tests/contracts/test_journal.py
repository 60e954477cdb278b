"""What every journal must do, whatever it is stored in: one suite, one factory a store.

A store joins with a class that has `create` and `reopen`, and a line in STORES.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.journal.contract import Journal, JournalBusy, Position
from ingest.journal.segments import Segments
from tally import record

EPOCH = "ve-2013.1"


class Store(Protocol):
    """A place for one journal: `create` begins it, `reopen` opens it again as a restarted process would."""

    def create(self) -> Journal: ...

    def reopen(self) -> Journal: ...


class SegmentStore:
    """Segment files, here of 1 KiB or of the usual size."""

    def __init__(self, directory: Path, segment_bytes: int) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes

    def create(self) -> Journal:
        return Segments.create(self._directory, EPOCH, segment_bytes=self._segment_bytes)

    def reopen(self) -> Journal:
        return Segments.open(self._directory, segment_bytes=self._segment_bytes)[0]


STORES: dict[str, Callable[[Path], Store]] = {
    "segments": lambda path: SegmentStore(path, 1 << 20),
    "segments of 1 KiB": lambda path: SegmentStore(path, 1 << 10),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path / "journal")


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    made = store.create()
    yield made
    made.close()


def payloads(count: int, start: int = 1) -> list[bytes]:
    return [
        b'{"kind":"BatchCounted","n":%d,"fill":"%s"}' % (n, b"x" * (n * 37 % 120))
        for n in range(start, start + count)
    ]


def test_an_empty_journal_stands_at_its_genesis(journal: Journal) -> None:
    assert journal.position == Position(EPOCH, 0)
    assert journal.chain == record.genesis(EPOCH) == journal.chain_at(0)
    assert list(journal.read()) == []


def test_a_group_gets_the_next_seqs_and_reads_back_in_order(journal: Journal) -> None:
    sent = payloads(30)
    assert journal.append(sent[:1]) == Position(EPOCH, 1)
    assert journal.append(sent[1:8]) == Position(EPOCH, 8)
    assert journal.append(sent[8:]) == Position(EPOCH, 30) == journal.position
    assert list(journal.read()) == list(enumerate(sent, 1))
    for after in range(31):
        assert list(journal.read(after)) == list(enumerate(sent, 1))[after:]


def test_the_chain_is_the_one_every_follower_computes(journal: Journal) -> None:
    sent = payloads(25)
    journal.append(sent[:12])
    journal.append(sent[12:])
    chain = record.genesis(EPOCH)
    for seq, payload in enumerate(sent, 1):
        chain = record.frame(seq, payload, chain).chain
        assert journal.chain_at(seq) == chain
        mark = journal.bookmark_at(seq)
        assert (mark.position, mark.chain) == (Position(EPOCH, seq), chain)
    assert journal.chain == chain


def test_reopening_continues_where_the_last_process_stopped(store: Store) -> None:
    sent = payloads(40)
    journal = store.create()
    for begin in range(0, 40, 10):
        journal.append(sent[begin : begin + 10])
        chain = journal.chain
        journal.close()
        journal = store.reopen()
        assert journal.position == Position(EPOCH, begin + 10)
        assert journal.chain == chain
        assert [payload for _, payload in journal.read()] == sent[: begin + 10]
    journal.close()


def test_an_empty_payload_is_a_program_error_and_leaves_nothing(journal: Journal) -> None:
    journal.append([b"first"])
    for group in ([b""], [b"a", b"", b"c"], []):
        with pytest.raises(AssertionError):
            journal.append(group)
    journal.append([b"second"])
    assert list(journal.read()) == [(1, b"first"), (2, b"second")]


def test_a_record_larger_than_any_segment_or_buffer_is_whole(store: Store) -> None:
    journal = store.create()
    large = bytes(range(256)) * 12_000  # 3 MB: the first record holds a whole definition
    journal.append([large, b"small"])
    journal.append([b"next", large])
    journal.close()
    journal = store.reopen()
    assert [payload for _, payload in journal.read()] == [large, b"small", b"next", large]
    journal.close()


def test_a_reader_sees_what_was_durable_when_it_asked(journal: Journal) -> None:
    journal.append(payloads(5))
    reader = journal.read(2)
    journal.append(payloads(5, start=6))
    assert [seq for seq, _ in reader] == [3, 4, 5]
    assert [seq for seq, _ in journal.read(5)] == [6, 7, 8, 9, 10]


def test_readers_beside_the_writer_see_an_unbroken_beginning(journal: Journal) -> None:
    groups = 120
    failures: list[BaseException] = []
    lengths: list[int] = []
    done = threading.Event()

    def follow() -> None:
        try:
            while not done.is_set():
                floor = journal.position.seq
                seen = list(journal.read())
                assert [seq for seq, _ in seen] == list(range(1, len(seen) + 1))
                assert [payload for _, payload in seen] == payloads(len(seen))
                assert floor <= len(seen) <= journal.position.seq
                assert len(seen) % 3 == 0, "part of a group was seen"
                lengths.append(len(seen))
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            failures.append(error)

    readers = [threading.Thread(target=follow) for _ in range(2)]
    for reader in readers:
        reader.start()
    for group in range(groups):
        journal.append(payloads(3, start=1 + 3 * group))
    done.set()
    for reader in readers:
        reader.join()
    if failures:
        raise failures[0]
    assert lengths
    assert journal.position.seq == 3 * groups


def test_a_second_writer_is_turned_away_until_the_first_lets_go(store: Store) -> None:
    journal = store.create()
    journal.append([b"mine"])
    with pytest.raises(JournalBusy):
        store.reopen()
    assert journal.append([b"still mine"]).seq == 2
    journal.close()
    store.reopen().close()


def test_a_journal_is_never_begun_over_another(store: Store) -> None:
    journal = store.create()
    journal.append([b"kept"])
    journal.close()
    with pytest.raises(FileExistsError):
        store.create()
    journal = store.reopen()
    assert list(journal.read()) == [(1, b"kept")]
    journal.close()


def test_there_is_nothing_to_open_where_nothing_was_begun(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.reopen()


@pytest.mark.parametrize("name", STORES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_groups_survive_any_restarts(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = STORES[name](tmp_path_factory.mktemp("any") / "journal")
    journal = store.create()
    sent: list[bytes] = []
    groups = st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=8)
    for group in data.draw(st.lists(groups, max_size=12)):
        journal.append(group)
        sent += group
        if data.draw(st.booleans()):
            journal.close()
            journal = store.reopen()
        assert journal.position.seq == len(sent)
    assert [payload for _, payload in journal.read()] == sent
    journal.close()
