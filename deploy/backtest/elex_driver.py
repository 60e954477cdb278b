"""Runs elex-model in its own interpreter: a request a line in, an answer a line out.

Nothing of this program is imported, and elex-model only where this file runs. A request holds `method`, `rows`
(of each its baseline and its result, each as votes of the first, of the second, and all; no result while it
is open) and `places`. An answer holds `votes` of the first and the two-party `margin`, each as middle, lower
and upper end of 90 % or nothing where the method gives none. What goes wrong ends it, with its traceback.
"""

import contextlib
import importlib
import json
import logging
import os
import sys
import time
import warnings
from typing import Any

LEVEL = 0.9
ELECTION, OFFICE, STATE = "2030-01-01_AA_G", "P", "AA"
LEAN = "baseline_normalized_margin"
"""The one covariate: the two-party lead in the election before."""
DRAWS = 500
"""Its own default for the bootstrap."""
TURNOUT = (0.05, 5.0)
"""Turnout against the election before at which a unit is still modelled; its own is half to double: no run-off."""


def main() -> None:
    """Say what is running, then answer until stdin ends."""
    os.environ.setdefault("APP_ENV", "local")
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):
        client, pandas = importlib.import_module("elexmodel.client"), importlib.import_module("pandas")
        version = importlib.import_module("importlib.metadata").version("elex-model")
    logging.disable(logging.CRITICAL)
    _say({"version": version})
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            answer = estimated(client, pandas, request)
        _say(answer | {"seconds": time.perf_counter() - started})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def estimated(client: Any, pandas: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What one method makes of one moment."""
    method = request["method"]
    estimands = ["margin"] if method == "bootstrap" else ["dem", "gop"]
    config = {
        ELECTION: [{
            "office": OFFICE, "states": [STATE], "geographic_unit_types": ["county"],
            "historical_election": [], "features": [LEAN],
            "aggregates": ["postal_code", "county_fips", "unit"], "fixed_effect": [],
            "baseline_pointer": {"dem": "dem", "gop": "gop", "turnout": "turnout", "margin": "margin"},
        }]
    }  # fmt: skip
    before, now = frames(pandas, request["rows"], request["places"])
    found = client.ModelClient().get_estimates(
        now, ELECTION, OFFICE, estimands, prediction_intervals=[LEVEL], percent_reporting_threshold=100,
        geographic_unit_type="county", raw_config=config, preprocessed_data=before,
        model_parameters=parameters(method), features=[LEAN],
        aggregates=["postal_code", "unit"], fixed_effects={}, pi_method=method, save_output=[],
        handle_unreporting="drop",
    )["state_data"].iloc[0]  # fmt: skip
    if method == "bootstrap":
        return {"votes": None, "margin": _interval(found, "margin")}
    dem, gop = float(found["pred_dem"]), float(found["pred_gop"])
    return {"votes": _interval(found, "dem"), "margin": [(dem - gop) / max(dem + gop, 1.0), None, None]}


def parameters(method: str) -> dict[str, Any]:
    """What is not left at its default: how far turnout may be from the election before."""
    low, high = TURNOUT
    found: dict[str, Any] = {"turnout_factor_lower": low, "turnout_factor_upper": high}
    if method == "bootstrap":
        found |= {"B": DRAWS, "z_unobserved_lower_bound": low, "z_unobserved_upper_bound": high}
    return found


def _interval(found: Any, name: str) -> list[float]:
    return [
        float(found[column]) for column in (f"pred_{name}", f"lower_{LEVEL}_{name}", f"upper_{LEVEL}_{name}")
    ]


def frames(pandas: Any, rows: list[list[Any]], places: list[int]) -> tuple[Any, Any]:
    """The election before, and what is known now, as the tables it reads; one unit a row, called a county."""
    names = [f"{number:06d}" for number in range(len(rows))]
    before = [row[:3] for row in rows]
    now = [row[3:] for row in rows]
    old = pandas.DataFrame({
        "postal_code": STATE, "geographic_unit_fips": names,
        "county_fips": [f"{place:05d}" for place in places], "county_classification": "all",
        "baseline_dem": [float(of[0]) for of in before], "baseline_gop": [float(of[1]) for of in before],
        "baseline_turnout": [float(of[2]) for of in before],
        LEAN: [(of[0] - of[1]) / max(of[0] + of[1], 1) for of in before],
    })  # fmt: skip
    new = pandas.DataFrame({
        "postal_code": STATE, "geographic_unit_fips": names,
        "results_dem": [float(of[0]) if of else 0.0 for of in now],
        "results_gop": [float(of[1]) if of else 0.0 for of in now],
        "results_turnout": [float(of[2]) if of else 0.0 for of in now],
        "percent_expected_vote": [100.0 if of else 0.0 for of in now],
    })  # fmt: skip
    return old, new


if __name__ == "__main__":
    main()
