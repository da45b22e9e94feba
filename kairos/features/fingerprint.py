"""What the last bits of a feature follow from beside its inputs: our code, the libraries and the processor they run on."""

import json
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

LIBRARIES = ("numpy", "polars", "numba", "llvmlite")
DIGITS = 16


@cache
def fingerprint() -> str:
    """Return a digest that changes with any of them: rows made under another one are no part of what is made now."""
    digest = sha256()
    root = Path(__file__).parent
    for file in sorted(root.rglob("*.py")):
        digest.update(f"{file.relative_to(root).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    versions = {name: version(name) for name in LIBRARIES}
    digest.update(json.dumps([versions, _loops()], sort_keys=True).encode())
    return digest.hexdigest()[:DIGITS]


def _loops() -> object:
    """Which of its loops numpy chose for this processor: logarithms differ in the last bit."""
    return np.lib.introspect.opt_func_info(func_name="^log(1p)?$")
