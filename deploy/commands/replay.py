"""`tally replay`."""


def replay() -> None:
    """Play a night."""
