"""The bucket: so many at once, so many a second, and a clock that steps back gives nothing."""

from ws.limits import Bucket


def test_burst_then_rate() -> None:
    bucket = Bucket(20, 10, 0)
    assert [bucket.spend(0) for _ in range(21)] == [True] * 20 + [False]
    assert not bucket.spend(99)
    assert bucket.spend(100)
    assert not bucket.spend(100)
    assert [bucket.spend(60_000) for _ in range(21)] == [True] * 20 + [False]


def test_a_clock_that_steps_back_refills_nothing_twice() -> None:
    bucket = Bucket(1, 10, 1_000)
    assert bucket.spend(1_000)
    assert not bucket.spend(0)
    assert not bucket.spend(1_050)
    assert bucket.spend(1_100)
