"""Windows of a few rows alone, such as the newest of each name: what `windows` and `ordered` give there, to the bit.

A window is gone through once for each row that is asked for, where the loops for all rows share work between rows. Blocks
of 1, 2, 4, ... rows are joined in the same order.
"""

import numpy as np

from kairos.features.compiled import Column, Columns, Rows, compiled


@compiled
def totals(x: Column, windows: Rows, decay: float, row: Rows, out: Columns, places: Rows, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill out[places[j]] at the rows `at` with sum over i < windows[j] of decay**i * x[t-i]."""
    held = np.empty(windows[windows.size - 1], np.float64)
    behind, last = np.zeros(windows.size, np.int64), windows[windows.size - 1]
    for t in at:
        behind[:] = 0
        size = 1
        while size <= last:
            for j in range(windows.size):
                if windows[j] & size and _reaches(windows[j], row[t], t):
                    _join(x, t - behind[j], size, decay, held)
                    total = out[places[j], t] + decay ** behind[j] * held[0] if behind[j] else held[0]
                    out[places[j], t] = total
                    behind[j] += size
            size *= 2
    _settle(windows, row, out, places, at)


@compiled
def aged_totals(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill out[places[j]] at the rows `at` with sum over i < windows[j] of i * x[t-i]."""
    last = windows[windows.size - 1]
    held, aged, behind = np.empty(last, np.float64), np.empty(last, np.float64), np.zeros(windows.size, np.int64)
    for t in at:
        behind[:] = 0
        size = 1
        while size <= last:
            for j in range(windows.size):
                if windows[j] & size and _reaches(windows[j], row[t], t):
                    _join_aged(x, t - behind[j], size, held, aged)
                    total = out[places[j], t] + (aged[0] + behind[j] * held[0]) if behind[j] else aged[0]
                    out[places[j], t] = total
                    behind[j] += size
            size *= 2
    _settle(windows, row, out, places, at)


@compiled
def products(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill out[places[j]] at the rows `at` with the product of the last windows[j] rows."""
    last = windows[windows.size - 1]
    held, behind = np.empty(last, np.float64), np.zeros(windows.size, np.int64)
    for t in at:
        behind[:] = 0
        size = 1
        while size <= last:
            for j in range(windows.size):
                if windows[j] & size and _reaches(windows[j], row[t], t):
                    _multiply(x, t - behind[j], size, held)
                    out[places[j], t] = out[places[j], t] * held[0] if behind[j] else held[0]
                    behind[j] += size
            size *= 2
    _settle(windows, row, out, places, at)


@compiled
def highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill out[places[j]] at the rows `at` with the maximum of the last windows[j] rows."""
    for j in range(windows.size):
        for t in at:
            if not _reaches(windows[j], row[t], t):
                continue
            largest, lost = x[t], 0.0
            for back in range(windows[j]):
                lost += x[t - back] - x[t - back]
                largest = max(largest, x[t - back])
            out[places[j], t] = largest + lost
    _settle(windows, row, out, places, at)


@compiled
def ages_of_highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill out[places[j]] at the rows `at` with how many rows ago the maximum of the last windows[j] rows was."""
    for j in range(windows.size):
        for t in at:
            if not _reaches(windows[j], row[t], t):
                continue
            largest, age, lost = x[t], 0, 0.0
            for back in range(windows[j]):
                lost += x[t - back] - x[t - back]
                if x[t - back] > largest:
                    largest, age = x[t - back], back
            out[places[j], t] = age + lost
    _settle(windows, row, out, places, at)


@compiled
def rank(x: Column, window: int, row: Rows, out: Column, at: Rows) -> None:
    """Fill `out` at the rows `at` with the share of the window's other rows below x[t], ties counting half."""
    for t in at:
        out[t] = np.nan
        if row[t] < window - 1 or t < window - 1:
            continue
        below, lost = 0.0, x[t] - x[t]
        for back in range(1, window):
            other = x[t - back]
            lost += other - other
            below += (0.5 if other < x[t] else 0.0) + (0.5 if other <= x[t] else 0.0)
        out[t] = below / (window - 1) + lost


@compiled
def quantile(x: Column, window: int, level: float, row: Rows, out: Column, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill `out` at the rows `at` with a quantile of the last rows, interpolated linearly."""
    place = level * (window - 1)
    lower = min(int(place), window - 1)
    share = place - lower
    for t in at:
        out[t] = np.nan
        if row[t] < window - 1 or t < window - 1:
            continue
        ordered = np.sort(x[t - window + 1 : t + 1])
        if np.isnan(ordered[window - 1]):
            continue
        out[t] = ordered[lower]
        if share > 0:
            out[t] = ordered[lower] + share * (ordered[lower + 1] - ordered[lower])


@compiled
def moments(x: Column, centre: Column, window: int, m2: Column, m3: Column, m4: Column, at: Rows) -> None:  # noqa: PLR0917 - loops take no names
    """Fill m2, m3 and m4 at the rows `at` with the mean powers of the window's deviations from `centre`."""
    for t in at:
        second = third = fourth = centre[t] - centre[t]
        for back in range(min(window, t + 1)):
            d = x[t - back] - centre[t]
            second += d * d
            third += d * d * d
            fourth += d * d * (d * d)
        m2[t], m3[t], m4[t] = second / window, third / window, fourth / window


@compiled
def _join(x: Column, last: int, size: int, decay: float, held: Column) -> None:
    """Sum the rows up to `last` in pairs, pairs of pairs and so on, into held[0]."""
    for i in range(size):
        held[i] = x[last - size + 1 + i]
    half = 1
    while half < size:
        weight = decay**half
        for i in range(size // (2 * half)):
            held[i] = held[2 * i + 1] + weight * held[2 * i]
        half *= 2


@compiled
def _join_aged(x: Column, last: int, size: int, held: Column, aged: Column) -> None:
    """The same with each row times its age into aged[0], and the plain sum into held[0]."""
    for i in range(size):
        held[i] = x[last - size + 1 + i]
        aged[i] = held[i] - held[i]
    half = 1
    while half < size:
        for i in range(size // (2 * half)):
            aged[i] = aged[2 * i + 1] + (aged[2 * i] + half * held[2 * i])
            held[i] = held[2 * i + 1] + 1.0 * held[2 * i]
        half *= 2


@compiled
def _multiply(x: Column, last: int, size: int, held: Column) -> None:
    """The product of the rows up to `last`, in pairs, into held[0]."""
    for i in range(size):
        held[i] = x[last - size + 1 + i]
    half = 1
    while half < size:
        for i in range(size // (2 * half)):
            held[i] = held[2 * i + 1] * held[2 * i]
        half *= 2


@compiled
def _reaches(window: int, row: int, t: int) -> bool:
    """Tell whether a window lies within its chain."""
    return row >= window - 1 and t >= window - 1


@compiled
def _settle(windows: Rows, row: Rows, out: Columns, places: Rows, at: Rows) -> None:
    """Make missing what reaches back beyond its chain, or is not finite."""
    for j in range(windows.size):
        for t in at:
            v = out[places[j], t]
            out[places[j], t] = v + (v - v) if _reaches(windows[j], row[t], t) else np.nan
