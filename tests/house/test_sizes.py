"""Functions of 40 lines as a rule and 60 at most; files of 300 lines at most."""

from tests.house.tree import sources, told

FUNCTION_USUAL, FUNCTION_MAX = 40, 60
FILE_MAX = 300


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    long = [f"{source.path}: {source.lines} lines" for source in sources() if source.lines > FILE_MAX]
    assert not long, told(long)


def test_no_function_is_longer_than_a_page() -> None:
    over, usual = [], []
    for source in sources():
        for function in source.functions():
            lines = (function.end_lineno or 0) - function.lineno + 1
            said = f"{source.path}:{function.lineno} {function.name}: {lines} lines"
            if lines > FUNCTION_MAX:
                over.append(said)
            elif lines > FUNCTION_USUAL:
                usual.append(said)
    print(f"{len(usual)} functions of more than {FUNCTION_USUAL} lines:", *usual, sep="\n")
    assert not over, told(over)
