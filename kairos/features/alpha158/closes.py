"""The features of closes alone, by Qlib's names: ROC, MA, STD, BETA, RSQR, RESI, QTLU, QTLD, RANK."""

import numpy as np

from kairos.features.alpha158 import moments, order
from kairos.features.alpha158.counts import count_ages, window_counts
from kairos.features.alpha158.scratch import (
    AGE_SPREAD,
    AGED,
    AGES,
    BACK,
    BETA,
    COUNT,
    FIRST_WINDOW,
    FLAT_C,
    INV,
    INV_AGE_SPREAD,
    INV_C,
    INV_PAIRS,
    MA,
    QTLD,
    QTLU,
    RANK,
    RANKS,
    RESI,
    ROC,
    RSQR,
    SLOPE,
    SPREAD,
    SQUARE,
    STD,
    SUM,
    WINDOWS,
    Array,
    C,
    column,
    jit,
)
from kairos.features.alpha158.sums import aged_totals, totals

_WINDOWS = np.array(WINDOWS)


@jit
def closes(f: Array, d: Array, whole: bool, full: Array, made: Array, out: Array, at: int, n: int) -> None:
    """Write them all for the rows of a tile; the arguments are those of `kernel`."""
    moments.stream(d[SUM, :n], d[SQUARE, :n], f[C, :n])
    totals(d, SUM, n)
    totals(d, SQUARE, n)
    aged_totals(d, AGED, SUM, n)
    order.sort_windows(f, C, n)
    order.ranks(f, C, RANKS, n)
    for q in range(5):
        counts = window_counts(f[C], q, whole, full, made, n)
        if not whole:
            count_ages(f[C], _WINDOWS[q], made, n)
        _deviations(f, d, q, counts, out, at, n)
        _lines(f, d, q, counts, out, at, n)
        _orders(f, q, whole, counts, out, at, n)


@jit
def _deviations(f: Array, d: Array, q: int, counts: Array, out: Array, at: int, n: int) -> None:
    k, rows, window = FIRST_WINDOW + q, n - BACK, _WINDOWS[q]
    inv_c, total, square, spread = f[INV_C, BACK:n], d[SUM + k, BACK:n], d[SQUARE + k, BACK:n], d[SPREAD, BACK:n]
    moments.times(column(out, ROC, q, at, rows), f[C, BACK - window : n - window], inv_c)
    moments.spread(spread, counts[COUNT, BACK:n], total, square)
    moments.flat(f[FLAT_C + q, BACK:n], spread, counts[INV_PAIRS, BACK:n])
    moments.mean_times(column(out, MA, q, at, rows), total, counts[INV, BACK:n], inv_c)
    moments.deviation_times(column(out, STD, q, at, rows), spread, counts[INV_PAIRS, BACK:n], inv_c)


@jit
def _lines(f: Array, d: Array, q: int, counts: Array, out: Array, at: int, n: int) -> None:
    k, rows = FIRST_WINDOW + q, n - BACK
    inv_c, total, spread, slope = f[INV_C, BACK:n], d[SUM + k, BACK:n], d[SPREAD, BACK:n], d[SLOPE, BACK:n]
    count, inv, ages = counts[COUNT, BACK:n], counts[INV, BACK:n], counts[AGES, BACK:n]
    moments.slope(slope, total, d[AGED + k, BACK:n], count, ages, counts[INV_AGE_SPREAD, BACK:n])
    moments.times(column(out, BETA, q, at, rows), slope, inv_c)
    moments.explained(column(out, RSQR, q, at, rows), slope, spread, counts[AGE_SPREAD, BACK:n], f[FLAT_C + q, BACK:n])
    moments.line_end(spread, slope, total, ages, inv)
    moments.above_times(column(out, RESI, q, at, rows), f[C, BACK:n], spread, inv_c)


@jit
def _orders(f: Array, q: int, whole: bool, counts: Array, out: Array, at: int, n: int) -> None:
    rows, inv_c = n - BACK, f[INV_C, BACK:n]
    high, low = column(out, QTLU, q, at, rows), column(out, QTLD, q, at, rows)
    order.quantile(f, q, order.HIGH, inv_c, high, n)
    order.quantile(f, q, order.LOW, inv_c, low, n)
    if not whole:
        order.mend_quantiles(f[C, :n], counts[COUNT, :n], _WINDOWS[q], inv_c, high, low)
    _ranked(column(out, RANK, q, at, rows), f[RANKS + q, BACK:n], f[C, BACK:n], counts[INV, BACK:n])


@jit
def _ranked(to: Array, rank: Array, values: Array, inv: Array) -> None:
    for i in range(len(to)):
        to[i] = rank[i] * np.float32(inv[i]) + (values[i] - values[i])
