"""Several linear needs on the final votes at once: the question an integer program answers."""

import msgspec

from tally.completions import Completions


class Need(msgspec.Struct, frozen=True):
    """Σ votes[j]·V_j + Σ extra[k]·Z_k >= least, V the final votes in selection order; whole numbers all."""

    votes: tuple[int, ...]
    least: int
    extra: tuple[int, ...] = ()


class Extra(msgspec.Struct, frozen=True):
    """An auxiliary whole number Z_k, from `low` to `high`."""

    low: int
    high: int


class Problem(msgspec.Struct, frozen=True):
    """The question, or one case of it: a completion, and numbers, that meet every need."""

    completions: Completions
    needs: tuple[Need, ...]
    extras: tuple[Extra, ...] = ()
