"""Windows that are gone through row by row: lags, ranks, order statistics and moments about the mean.

What holds of `kairos.features.windows` holds here: a value depends, to the bit, on the rows of its own window alone.
"""

import numpy as np

from kairos.features.compiled import Column, Columns, Rows, compiled

_TILE = 1024  # rows that are worked on at a time where every row is compared with many


@compiled
def lag(x: Column, rows: int, row: Rows, out: Column) -> None:
    """Fill `out` with x[t-rows]."""
    for t in range(x.size):
        out[t] = x[t - rows] if row[t] >= rows and t >= rows else np.nan


@compiled
def begun(x: Column, period: int, newest: float, rows: int, row: Rows, out: Column) -> None:  # noqa: PLR0917 - loops take no names
    """Fill `out` with the average that goes on from the mean of the first `period` rows, while they are fewer than `rows`."""
    there, average = 0, 0.0
    for t in range(x.size):
        if np.isnan(x[t]):
            there = -1
        elif row[t] == 0:
            there = 0
        there += 1
        if there <= period:
            average = (average if there > 1 else 0.0) + (x[t] / period if there else 0.0)
        else:
            average = (1 - newest) * average + newest * x[t]
        out[t] = average + (average - average) if period <= there < rows else np.nan


@compiled
def rank(x: Column, window: int, row: Rows, out: Column, scratch: Columns) -> None:
    """Fill `out` with the share of the window's other rows below x[t], ties counting half."""
    lost = scratch[0]  # rows since the last missing one
    since = window
    for t in range(x.size):
        since = 0 if np.isnan(x[t]) else since + 1
        lost[t] = since
    for start in range(0, x.size, _TILE):
        stop = min(start + _TILE, x.size)
        for t in range(start, stop):
            out[t] = 0.0
        for back in range(1, window):
            for t in range(max(start, back), stop):
                other = x[t - back]
                out[t] += (0.5 if other < x[t] else 0.0) + (0.5 if other <= x[t] else 0.0)
    for t in range(x.size):
        out[t] = out[t] / (window - 1) if row[t] >= window - 1 and t >= window - 1 and lost[t] >= window else np.nan


@compiled
def quantile(x: Column, window: int, level: float, row: Rows, out: Column) -> None:
    """Fill `out` with a quantile of the last rows, interpolated linearly."""
    ordered = np.empty(window, np.float64)
    place = level * (window - 1)
    lower = min(int(place), window - 1)
    share, filled = place - lower, 0
    for t in range(x.size):
        if t >= window and not np.isnan(x[t - window]):
            at = np.searchsorted(ordered[:filled], x[t - window])
            for j in range(at, filled - 1):
                ordered[j] = ordered[j + 1]
            filled -= 1
        if not np.isnan(x[t]):
            at = np.searchsorted(ordered[:filled], x[t])
            for j in range(filled, at, -1):
                ordered[j] = ordered[j - 1]
            ordered[at] = x[t]
            filled += 1
        if filled < window or row[t] < window - 1:
            out[t] = np.nan
        elif share > 0:
            out[t] = ordered[lower] + share * (ordered[lower + 1] - ordered[lower])
        else:
            out[t] = ordered[lower]


@compiled
def moments(x: Column, centre: Column, window: int, m2: Column, m3: Column, m4: Column) -> None:  # noqa: PLR0917 - loops take no names
    """Fill m2, m3 and m4 with the mean second, third and fourth powers of the window's deviations from `centre`."""
    for start in range(0, x.size, _TILE):
        stop = min(start + _TILE, x.size)
        for t in range(start, stop):
            m2[t] = m3[t] = m4[t] = centre[t] - centre[t]
        for back in range(window):
            for t in range(max(start, back), stop):
                d = x[t - back] - centre[t]
                m2[t] += d * d
                m3[t] += d * d * d
                m4[t] += d * d * (d * d)
        for t in range(start, stop):
            m2[t] /= window
            m3[t] /= window
            m4[t] /= window
