"""The features of volume and of its company with the close: CORR, CORD, VMA, VSTD, WVMA."""

from kairos.features.alpha158 import moments
from kairos.features.alpha158.counts import window_counts
from kairos.features.alpha158.scratch import (
    BACK,
    COUNT,
    FIRST_WINDOW,
    FLAT_A,
    FLAT_B,
    INV,
    INV_PAIRS,
    INV_V,
    KEY,
    PRODUCT,
    SLOPE,
    SPREAD,
    SPREAD_B,
    SQUARE,
    SQUARE_B,
    SUM,
    SUM_B,
    TINY,
    VMA,
    VSTD,
    WVMA,
    Array,
    V,
    W,
    column,
    jit,
)
from kairos.features.alpha158.sums import totals


@jit
def correlations(
    f: Array,
    d: Array,
    a: int,
    b: int,
    known: bool,
    flat_known: int,
    feature: int,
    whole: bool,
    full: Array,
    made: Array,
    out: Array,
    at: int,
    n: int,
) -> None:
    """Write the correlation of rows a and b of the scratch in all five windows.

    Args:
        f: Scratch of float32.
        d: Scratch of float64.
        a: Row of `f`.
        b: Row of `f`.
        known: Whether the sums of a are in `d` already, as they are if nothing is missing.
        flat_known: First of five rows of `f` that say where a is flat, or a negative number.
        feature: What is written.
        whole: Whether nothing is missing in the tile.
        full: Counts of full windows.
        made: Room for counts.
        out: Columns of all features.
        at: First row to write.
        n: Rows of the tile with those before it.
    """
    flat_a = flat_known if flat_known >= 0 else FLAT_A
    if not whole:
        if flat_known < 0:
            _flat_windows(f, d, a, FLAT_A, full, made, n)
        _flat_windows(f, d, b, FLAT_B, full, made, n)
        _join(f[KEY, :n], f[a, :n], f[b, :n])
    _pair(f, d, a, b, known and whole, n)
    for q in range(5):
        counts = window_counts(f[KEY], q, whole, full, made, n)
        _window(d, FIRST_WINDOW + q, counts, n)
        if whole:
            if flat_known < 0:
                moments.flat(f[FLAT_A + q, BACK:n], d[SPREAD, BACK:n], counts[INV_PAIRS, BACK:n])
            moments.flat(f[FLAT_B + q, BACK:n], d[SPREAD_B, BACK:n], counts[INV_PAIRS, BACK:n])
        to = column(out, feature, q, at, n - BACK)
        one, other = d[SPREAD, BACK:n], d[SPREAD_B, BACK:n]
        moments.correlation(to, d[SLOPE, BACK:n], one, other, f[flat_a + q, BACK:n], f[FLAT_B + q, BACK:n])


@jit
def _join(to: Array, one: Array, other: Array) -> None:
    for i in range(len(to)):
        to[i] = one[i] + other[i]


@jit
def _pair(f: Array, d: Array, a: int, b: int, known: bool, n: int) -> None:
    moments.common(d[SUM, :n], d[SUM_B, :n], f[a, :n], f[b, :n])
    moments.products(d[SQUARE, :n], d[SUM, :n], d[SUM, :n])
    moments.products(d[SQUARE_B, :n], d[SUM_B, :n], d[SUM_B, :n])
    moments.products(d[PRODUCT, :n], d[SUM, :n], d[SUM_B, :n])
    if not known:
        totals(d, SUM, n)
        totals(d, SQUARE, n)
    totals(d, SUM_B, n)
    totals(d, SQUARE_B, n)
    totals(d, PRODUCT, n)


@jit
def _window(d: Array, k: int, counts: Array, n: int) -> None:
    count, total, other = counts[COUNT, BACK:n], d[SUM + k, BACK:n], d[SUM_B + k, BACK:n]
    moments.spread(d[SPREAD, BACK:n], count, total, d[SQUARE + k, BACK:n])
    moments.spread(d[SPREAD_B, BACK:n], count, other, d[SQUARE_B + k, BACK:n])
    moments.covariance(d[SLOPE, BACK:n], count, d[PRODUCT + k, BACK:n], total, other)


@jit
def _flat_windows(f: Array, d: Array, row: int, flat: int, full: Array, made: Array, n: int) -> None:
    """Say where a row is flat by its own values, whether or not the other of the pair is there."""
    moments.stream(d[SUM_B, :n], d[SQUARE_B, :n], f[row, :n])
    totals(d, SUM_B, n)
    totals(d, SQUARE_B, n)
    for q in range(5):
        k = FIRST_WINDOW + q
        counts = window_counts(f[row], q, False, full, made, n)
        moments.spread(d[SPREAD_B, BACK:n], counts[COUNT, BACK:n], d[SUM_B + k, BACK:n], d[SQUARE_B + k, BACK:n])
        moments.flat(f[flat + q, BACK:n], d[SPREAD_B, BACK:n], counts[INV_PAIRS, BACK:n])


@jit
def volumes(f: Array, d: Array, whole: bool, full: Array, made: Array, out: Array, at: int, n: int) -> None:
    """Write VMA, VSTD and WVMA."""
    moments.stream(d[SUM, :n], d[SQUARE, :n], f[V, :n])
    moments.stream(d[SUM_B, :n], d[SQUARE_B, :n], f[W, :n])
    for row in (SUM, SQUARE, SUM_B, SQUARE_B):
        totals(d, row, n)
    spread, rows, inv_v, inv_mean = d[SPREAD, BACK:n], n - BACK, f[INV_V, BACK:n], f[KEY, BACK:n]
    for q in range(5):
        k = FIRST_WINDOW + q
        counts = window_counts(f[V], q, whole, full, made, n)
        moments.spread(spread, counts[COUNT, BACK:n], d[SUM + k, BACK:n], d[SQUARE + k, BACK:n])
        moments.mean_times(column(out, VMA, q, at, rows), d[SUM + k, BACK:n], counts[INV, BACK:n], inv_v)
        moments.deviation_times(column(out, VSTD, q, at, rows), spread, counts[INV_PAIRS, BACK:n], inv_v)
        counts = window_counts(f[W], q, whole, full, made, n)
        moments.spread(spread, counts[COUNT, BACK:n], d[SUM_B + k, BACK:n], d[SQUARE_B + k, BACK:n])
        moments.inverse_mean(inv_mean, d[SUM_B + k, BACK:n], counts[INV, BACK:n], TINY)
        moments.deviation_times(column(out, WVMA, q, at, rows), spread, counts[INV_PAIRS, BACK:n], inv_mean)
