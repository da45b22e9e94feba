"""The meter finds what it is there to find."""

import ast
from pathlib import Path

import pytest

from benchmarks.meter import _length, _undocumented

BARE = """
def public(x: int) -> int:
    return x
"""
UNTYPED = '''"""Module."""
def public(x):
    """Say."""
'''
FINE = '''"""Module."""
def public(x: int) -> int:
    """Say."""
    return x

def _private(x):
    return x
'''


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (BARE, ["module without a docstring", "public name without a docstring"]),
        (UNTYPED, ["public name without a type: x"]),
        (FINE, []),
    ],
)
def test_public_names_without_papers_are_found(code, found):
    assert [breach.what for breach in _undocumented(Path("x.py"), ast.parse(code))] == found


def test_a_functions_length_leaves_out_signature_and_docstring():
    [node] = ast.parse('def f(\n    a,\n):\n    """Say\n    it."""\n    b = 1\n    return b\n').body
    assert _length(node) == 2
