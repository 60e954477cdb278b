"""An oracle that enumerates ballots: every way to cast or not cast each one, every mode, every tie."""
