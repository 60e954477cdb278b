"""An instance of `tally decide`: parsed strictly, judged by its rule, answered as JSON."""

import msgspec

from tally.completions import BallotForm, Completions
from tally.instance_units import read_units
from tally.refusal import Refusal
from tally.rules import RULES
from tally.rules._params import Reader

FIELDS = ("id", "rule", "candidates", "params", "units", "caps")
BALLOT_FIELDS = ("ballot", "votes_per_ballot", "no_blank", "max_annulled")
BALLOT_KINDS = ("choose", "cumulative", "score")


class Instance(msgspec.Struct, frozen=True):
    """One parsed instance: the rule's name, the candidates, its parameters, what may still come."""

    rule: str
    names: tuple[str, ...]
    params: object
    completions: Completions


def decide(raw: object) -> dict[str, object]:
    """Return the verdict on one instance, or {"errors": [{pointer, code, detail}, ...]}.

    Pure. Numbers are whole numbers; null says that there is no bound (or nothing to say it of).
    """
    instance = parse(raw)
    if isinstance(instance, list):
        return {"errors": [msgspec.structs.asdict(fault) for fault in instance]}
    rule = RULES[instance.rule]
    return rule.verdict(instance.completions, instance.params, instance.names)


def parse(raw: object) -> Instance | list[Refusal]:
    """Return the instance, or every fault found in it with its JSON pointer (RFC 6901)."""
    if not isinstance(raw, dict):
        return [Refusal("wrong-type", "", "a JSON object")]
    reader = Reader(raw, "")
    reader.known(FIELDS)
    name = raw.get("rule")
    if not isinstance(name, str) or name not in RULES:
        reader.fault("not-in-this-release", f"a rule of this release: {', '.join(RULES)}", "rule")
    names = _names(reader)
    params = raw.get("params")
    params = {} if params is None else params
    if not isinstance(params, dict):
        reader.fault("wrong-type", "an object", "params")
        params = {}
    of_rule = {key: value for key, value in params.items() if key not in BALLOT_FIELDS}
    if not isinstance(name, str) or name not in RULES:
        return reader.faults
    rule = RULES[name]
    read = rule.read(of_rule, "/params", names)
    if isinstance(read, list):
        reader.faults.extend(read)
    ballots = Reader(params, "/params", reader.faults)
    form = _form(ballots) if rule.TRAITS.ballot == "votes" else BallotForm("ranked")
    annulled_max = ballots.count_or_null("max_annulled")
    ranked, by_district = rule.TRAITS.ballot == "ranked", rule.TRAITS.by_district
    completions = read_units(reader, names, form, annulled_max, ranked=ranked, by_district=by_district)
    return reader.faults or Instance(name, names, read, completions)


def _names(reader: Reader) -> tuple[str, ...]:
    """Return the candidates' names: at least one, all different."""
    listed = reader.raw.get("candidates")
    if not isinstance(listed, list) or not listed:
        reader.fault("wrong-type", "a list of names, at least one", "candidates")
        return ()
    for index, name in enumerate(listed):
        if not isinstance(name, str) or not name:
            reader.fault("wrong-type", "a name", "candidates", index)
        elif name in listed[:index]:
            reader.fault("duplicate-key", f"{name} is listed twice", "candidates", index)
    return tuple(str(name) for name in listed)


def _form(reader: Reader) -> BallotForm:
    kind = reader.one_of("ballot", BALLOT_KINDS)
    votes = reader.count("votes_per_ballot", 1, least=1)
    blank = not reader.flag("no_blank", default=False)
    if kind == "cumulative":
        return BallotForm("cumulative", votes, blank)
    return BallotForm("score" if kind == "score" else "choose", votes, blank)
