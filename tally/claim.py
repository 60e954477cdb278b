"""A sentence about the final result, whether it can still turn out false, and its proof."""

import msgspec

ClaimKind = str
"""What a claim says: "elected", "eliminated", "holds", "runoff", "at-least", ...; each rule lists its own."""


class Held(msgspec.Struct, frozen=True):
    """An assertion with its least slack: slack = counted + worst, which passes."""

    a: tuple[int, ...]
    c: int
    strict: bool
    counted: int
    worst: int
    slack: int


class Shortage(msgspec.Struct, frozen=True):
    """These rivals cannot all reach the mark: together they need more votes than can still come to them.

    `available` None: no one bound says so, but every way to split the ballots of shared pools fails.
    `whoever`: `available` is what all ballots can give any so many rivals, so the shortage holds for
    every set that keeps the first of `rivals` and has others that need no fewer votes.
    """

    rivals: tuple[int, ...]
    needed: int
    available: int | None
    whoever: bool = False


class Proof(msgspec.Struct, frozen=True):
    """Why a claim is irreversible.

    Every assertion holds, and (for several seats) every way `seats` rivals could combine contains the
    rivals of one of the shortages, and (for an elimination) the selections of `above` stay strictly
    above, whatever comes. `rivals` are those in the argument where it is about the highest of them.
    """

    assertions: tuple[Held, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    above: tuple[int, ...] = ()
    uncontested: bool = False


class Claim(msgspec.Struct, frozen=True):
    """A claim about the selections `who` and its verdict ("holds": about the assertion of that index).

    `number` is part of what is said where the claim is about so many seats, electors or units; `place` where
    it is about one district. `slack` is the least lead any completion leaves, in votes: elected, over the
    last rival who would have to be beaten; eliminated, of the last seat over who is out; the rule's own page
    says what it is for other kinds. The claim is irreversible when it is above 0: a tie decides nothing (an
    assertion that is not strict holds at 0 too). None: there is no such number, since nobody can contest the
    claim (then it is irreversible) or nothing bounds the outstanding ballots (then it is open), or the rule
    gives none.
    `exact` false: the work budget ran out or the argument is only sufficient; the claim may be irreversible
    already and says it is not. `lemma` names the argument in docs/maths.md. `pace` is the most by which one
    vote, or one outstanding ballot, more or less can move `slack`; None where nobody says. `patience`: how many
    votes and outstanding ballots may move before the claim can turn, where slack and pace do not say it.
    `proof` is what the rule's own `publish` makes public; None while open, or where proofs were not asked for.
    """

    kind: ClaimKind
    who: tuple[int, ...]
    irreversible: bool
    slack: int | None
    proof: object | None = None
    exact: bool = True
    lemma: str = "A"
    number: int | None = None
    place: str | None = None
    pace: int | None = None
    patience: int | None = None


class Bound(msgspec.Struct, frozen=True):
    """A least lead: a number, or none because nobody contests (`sure`) or nothing bounds it (not `sure`)."""

    slack: int | None
    sure: bool = False
    exact: bool = True

    @property
    def holds(self) -> bool:
        """Whether the claim it belongs to is irreversible."""
        return self.sure if self.slack is None else self.slack > 0
