"""What an endpoint's answer means: taken, gone for good, or again, and when."""

from datetime import UTC
from email.utils import parsedate_to_datetime

RETRY_AFTER_S_MAX = 3_600


class NotTaken(Exception):
    """Try again: after `wait_s` where the endpoint said when, else after longer each time."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Gone(Exception):
    """410: the endpoint wants nothing any more. Source: Standard Webhooks, "Deliverability and reliability"."""


def judge(status: int, retry_after: str | None, now_s: float) -> None:
    """Return if the message was taken (2xx); raise NotTaken or Gone. A redirection is not followed: not taken."""
    if 200 <= status < 300:
        return
    if status == 410:
        raise Gone
    raise NotTaken(f"answered {status}", _wait_s(retry_after, now_s) if status in {429, 503} else None)


def _wait_s(retry_after: str | None, now_s: float) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date, an hour at most; None: there is none."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        wait_s = float(retry_after[:9])
    else:
        try:
            moment = parsedate_to_datetime(retry_after)
        except (ValueError, OverflowError):  # a year no clock reaches
            return None
        wait_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_s
    return min(max(wait_s, 0.0), RETRY_AFTER_S_MAX)
