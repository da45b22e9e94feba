"""How loops are compiled: once a machine, kept beside the code or in the user's cache; made ahead by `kairos.features.built`.

Kept code is made again when its own file changes, not when another does: a loop calls loops of its own file alone.
Only modules that are imported where something is computed import this one: numba takes half a second to load.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""A column of a block: one float per row, NaN where missing."""
Columns = NDArray[np.float64]
"""Columns of a block, shape (columns, rows)."""
Rows = NDArray[np.int32]
"""An integer per row, or a few."""

P = ParamSpec("P")
R = TypeVar("R")


def compiled(loop: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop over arrays, without the interpreter's lock while it runs.

    Where nothing may be written, neither beside the code nor in the user's cache, it is compiled anew in each process.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        made: Callable[P, R] = numba.njit(cache=True, **options)(loop)
    except RuntimeError:  # numba found no folder to keep it in
        made = numba.njit(**options)(loop)
    return made
