"""The core counts in whole numbers, sees only its arguments, and says what each part does."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import Source, sources, told

FLOATS_ALLOWED = ("tally/solver.py", "tally/projection/")
"""Where in tally/ a float may appear: nothing leaves the solver but whole numbers to be checked; statistics decide nothing."""
ALLOWED_BESIDES = {"tally/solver.py": {"fractions", "scipy"}}
"""What one file alone may import."""
INEXACT = {
    "average", "divide", "float16", "float32", "float64", "floating", "linspace", "mean", "median", "sqrt", "std",
    "true_divide", "truediv", "var",
}  # fmt: skip
"""numpy's and math's ways into floats that no literal shows."""


def inexact(source: Source) -> Iterator[str]:
    """Every float, division, or way to one. Asking whether something *is* a float, to refuse it, is fine."""
    asked = {
        id(part)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and _is(node.func, "isinstance"))
        for part in ast.walk(node)
    }
    for node in ast.walk(source.tree):
        at = f"{source.path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield f"{at} the float {node.value}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"{at} a division: compare by cross-multiplying, or say // and why"
        elif isinstance(node, ast.Name) and node.id in {"float", "complex"} and id(node) not in asked:
            yield f"{at} {node.id}"
        elif isinstance(node, ast.Attribute) and node.attr in INEXACT:
            yield f"{at} {node.attr}"


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def test_the_core_has_no_float_and_no_division() -> None:
    faults = [
        fault
        for source in sources("tally")
        if not source.path.startswith(FLOATS_ALLOWED)
        for fault in inexact(source)
    ]
    assert not faults, told(faults)


@pytest.mark.parametrize(
    "text",
    ["x = 0.5", "x = a / b", "x /= 2", "x = float(a)", "def f(x: float): ...", "x = np.mean(a)", "x = 1e3"],
)
def test_every_way_to_a_float_is_seen(text: str) -> None:
    assert list(inexact(Source("x.py", text, ast.parse(text))))


@pytest.mark.parametrize(
    "text", ["x = type(v) is float", "x = isinstance(v, float)", "x = a // b", "x = '0.5'"]
)
def test_whole_numbers_and_refusing_floats_are_fine(text: str) -> None:
    assert not list(inexact(Source("x.py", text, ast.parse(text))))


def test_everything_public_in_the_core_has_a_docstring() -> None:
    faults = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in sources("tally")
        for node in _public(source.tree)
        if ast.get_docstring(node) is None
    ]
    assert not faults, told(faults)


def _public(
    node: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes, and the public methods of public classes; overloads and setters aside."""
    for child in node.body:
        if isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not child.name.startswith("_"):
            if any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in child.decorator_list):
                continue
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def test_the_core_imports_only_what_it_may() -> None:
    """import-linter forbids by name; this lists what is allowed, so that a new library must be argued for."""
    allowed = {
        "abc", "array", "bisect", "copy", "collections", "dataclasses", "enum", "fractions", "functools", "hashlib", "heapq", "importlib",
        "itertools", "json", "math", "msgspec", "numpy", "operator", "pkgutil", "re", "struct", "tally", "types",
        "typing", "unicodedata", "weakref", "zlib",
    }  # fmt: skip
    faults = []
    for source in sources("tally"):
        for node in ast.walk(source.tree):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            faults += [
                f"{source.path}:{node.lineno} imports {name}"
                for name in modules
                if name.split(".")[0] not in allowed | ALLOWED_BESIDES.get(source.path, set())
            ]
    assert not faults, told(faults)
