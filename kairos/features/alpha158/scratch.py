"""What every kernel here shares: how it is compiled, how many rows it takes at once, and where it keeps them.

A tile is up to `TILE_ROWS` rows of one name behind the `BACK` rows before them, every working column one row of a scratch
array, so that all of it stays in the processor's cache. No fast mathematics: the operations on a window are the same ones in
the same order wherever the window lies, so a value depends, to the bit, on the rows of its own window.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb
import numpy as np
from numpy.typing import NDArray

WINDOWS = (5, 10, 20, 30, 60)
BACK = 60  # the oldest row that a value reads
TILE_ROWS = 980
WIDTH = BACK + TILE_ROWS
FLOAT = np.float32
TINY = np.float32(1e-12)
ONE = np.float32(1)
NAN = np.float32(np.nan)
FLAT = 4e-10  # the square of 2e-5: Qlib takes a smaller standard deviation for none

Array = NDArray[Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def jit(function: _Function) -> _Function:
    """Compile a function as every kernel here is compiled."""
    return cast("_Function", nb.njit(nogil=True, error_model="numpy")(function))


# rows of the scratch of float32; a missing value is NaN
O, H, L, C, V, INV_C, INV_V, Y, R, Q, D_C, D_V, W = range(13)  # noqa: E741 - the letters of the formulas
UP, DOWN, EXISTS, SPARE = 13, 21, 29, 30  # counts have eight rows, like streams
FLAT_C, FLAT_A, FLAT_B = 32, 37, 42
KEY, VALUES, PLACES = 47, 48, 54
HIGHEST, FIRST_HIGH, LOWEST, FIRST_LOW = 60, 65, 70, 75
RANKS, SORTED = 80, 85  # of the sorted windows the five rows come first, then 10, 20, 30 and four picks of sixty
FLOAT_ROWS = SORTED + 5 + 10 + 20 + 30 + 4

# rows of the scratch of float64; a stream has its values and their seven doublings, of which the last five are the windows
STREAM, FIRST_WINDOW = 8, 3
SUM, SQUARE, SUM_B, SQUARE_B, PRODUCT, AGED = (STREAM * k for k in range(6))
SPREAD, SPREAD_B, SLOPE = 48, 49, 50
DOUBLE_ROWS = 51

# rows of the numbers of values in a window
COUNT, INV, INV_PAIRS, AGES, AGE_SPREAD, INV_AGE_SPREAD = range(6)
COUNT_ROWS = 6

FIRST_ROLLING = 13
(ROC, MA, STD, BETA, RSQR, RESI, MAX, MIN, QTLU, QTLD, RANK, RSV, IMAX, IMIN, IMXD, CORR, CORD, CNTP, CNTN, CNTD, SUMP, SUMN,
 SUMD, VMA, VSTD, WVMA, VSUMP, VSUMN, VSUMD) = range(29)  # fmt: skip
KMID, KLEN, KMID2, KUP, KUP2, KLOW, KLOW2, KSFT, KSFT2, OPEN0, HIGH0, LOW0, VWAP0 = range(13)
COLUMNS = FIRST_ROLLING + len(WINDOWS) * 29


@jit
def finite(value: np.float32) -> np.float32:
    """Return the value, or NaN for an infinite one."""
    return value if abs(value) <= np.float32(3.4e38) else NAN


@jit
def column(out: Array, feature: int, q: int, at: int, rows: int) -> Array:
    """Return the part of a rolling feature's column, for window number q, that a tile fills."""
    return out[FIRST_ROLLING + len(WINDOWS) * feature + q, at : at + rows]
