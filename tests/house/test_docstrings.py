"""Every module says its job in one line: of 90 characters in the product, of one line in the tests."""

import ast

from tests.house.tree import sources, told

FIRST_LINE_MAX = 90


def test_every_module_says_its_job_in_one_line() -> None:
    faults = []
    for source in sources("tally", "ingest", "ws", "deploy", "tests"):
        docstring = ast.get_docstring(source.tree)
        if docstring is None:
            if source.text.strip():
                faults.append(f"{source.path}: no docstring")
            continue
        first = docstring.splitlines()[0]
        if len(first) > FIRST_LINE_MAX and not source.path.startswith("tests/"):
            faults.append(f"{source.path}: {len(first)} characters: {first}")
        if "\n" in docstring and docstring.splitlines()[1].strip():
            faults.append(f"{source.path}: the first line of its docstring runs on")
    assert not faults, told(faults)
