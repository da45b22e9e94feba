"""The features of highs, lows and candles, and of the direction and size of changes."""

import numpy as np

from kairos.features.alpha158 import moments
from kairos.features.alpha158.counts import window_counts
from kairos.features.alpha158.extremes import highest, highest_and_where
from kairos.features.alpha158.scratch import (
    BACK,
    CNTD,
    CNTN,
    CNTP,
    COUNT,
    DOWN,
    EXISTS,
    FIRST_HIGH,
    FIRST_LOW,
    FIRST_WINDOW,
    HIGH0,
    HIGHEST,
    IMAX,
    IMIN,
    IMXD,
    INV,
    INV_C,
    KEY,
    KLEN,
    KLOW,
    KLOW2,
    KMID,
    KMID2,
    KSFT,
    KSFT2,
    KUP,
    KUP2,
    LOW0,
    LOWEST,
    MAX,
    MIN,
    NAN,
    ONE,
    OPEN0,
    PLACES,
    RSV,
    SORTED,
    SUM,
    SUM_B,
    SUMD,
    SUMN,
    SUMP,
    TINY,
    UP,
    VALUES,
    VWAP0,
    Array,
    C,
    H,
    L,
    O,
    column,
    finite,
    jit,
)
from kairos.features.alpha158.sums import totals

INFINITE = np.float32(np.inf)


@jit
def candles(f: Array, out: Array, at: int, n: int) -> None:
    """Write the nine shapes of a candle and the four prices over the close."""
    rows, inv_c = n - BACK, f[INV_C, BACK:n]
    open_, high, low, close = f[O, BACK:n], f[H, BACK:n], f[L, BACK:n], f[C, BACK:n]
    over_open, over_range, part = f[SORTED, BACK:n], f[SORTED + 1, BACK:n], f[SORTED + 2, BACK:n]
    _scales(over_open, over_range, open_, high, low)
    moments.difference(part, close, open_)
    _scaled(out, KMID, KMID2, part, over_open, over_range, at, rows)
    moments.difference(part, high, low)
    moments.times(out[KLEN, at : at + rows], part, over_open)
    _above_body(part, high, open_, close)
    _scaled(out, KUP, KUP2, part, over_open, over_range, at, rows)
    _below_body(part, low, open_, close)
    _scaled(out, KLOW, KLOW2, part, over_open, over_range, at, rows)
    _shift(part, high, low, close)
    _scaled(out, KSFT, KSFT2, part, over_open, over_range, at, rows)
    moments.times(out[OPEN0, at : at + rows], open_, inv_c)
    moments.times(out[HIGH0, at : at + rows], high, inv_c)
    moments.times(out[LOW0, at : at + rows], low, inv_c)
    _typical(part, high, low, close)
    moments.times(out[VWAP0, at : at + rows], part, inv_c)


@jit
def _scaled(out: Array, one: int, other: int, values: Array, over_open: Array, over_range: Array, at: int, rows: int) -> None:
    moments.times(out[one, at : at + rows], values, over_open)
    moments.times(out[other, at : at + rows], values, over_range)


@jit
def _scales(over_open: Array, over_range: Array, open_: Array, high: Array, low: Array) -> None:
    for i in range(len(open_)):
        over_open[i] = ONE / open_[i]
        over_range[i] = ONE / (high[i] - low[i] + TINY)


@jit
def _above_body(to: Array, high: Array, open_: Array, close: Array) -> None:
    for i in range(len(to)):
        top = max(open_[i], close[i])
        to[i] = high[i] - top + (close[i] - close[i]) + (open_[i] - open_[i])  # no body without both


@jit
def _below_body(to: Array, low: Array, open_: Array, close: Array) -> None:
    for i in range(len(to)):
        bottom = min(open_[i], close[i])
        to[i] = bottom - low[i] + (close[i] - close[i]) + (open_[i] - open_[i])


@jit
def _shift(to: Array, high: Array, low: Array, close: Array) -> None:
    for i in range(len(to)):
        to[i] = np.float32(2) * close[i] - high[i] - low[i]


@jit
def _typical(to: Array, high: Array, low: Array, close: Array) -> None:
    for i in range(len(to)):
        to[i] = (high[i] + low[i] + close[i]) / np.float32(3)


@jit
def _keys(to: Array, values: Array, exists: Array, sign: np.float32, missing: np.float32) -> None:
    """Write what is compared: a value times `sign`, `missing` for a row without one, the worst for a row that is not there."""
    for i in range(len(to)):
        none = missing if exists[i] == exists[i] else -INFINITE
        to[i] = sign * values[i] if values[i] == values[i] else none


@jit
def _oldest(f: Array, values: int, sign: np.float32, best: int, first: int, whole: bool, n: int) -> None:
    """Fill the best keys, in which a missing row is the worst, and the place of the first, where it is the best."""
    _keys(f[KEY, :n], f[values, :n], f[EXISTS, :n], sign, INFINITE)
    highest_and_where(f, KEY, VALUES, PLACES, best, first, n)
    if not whole:
        _keys(f[KEY, :n], f[values, :n], f[EXISTS, :n], sign, -INFINITE)
        highest(f, KEY, VALUES, best, n)


@jit
def extremes(f: Array, whole: bool, full: Array, made: Array, out: Array, at: int, n: int) -> None:
    """Write MAX, MIN, RSV, IMAX, IMIN and IMXD."""
    _oldest(f, H, ONE, HIGHEST, FIRST_HIGH, whole, n)
    _oldest(f, L, -ONE, LOWEST, FIRST_LOW, whole, n)
    rows, inv_c, close, place = n - BACK, f[INV_C, BACK:n], f[C, BACK:n], f[PLACES, BACK:n]
    for q in range(5):
        count = window_counts(f[EXISTS], q, whole, full, made, n)[COUNT, BACK:n]
        high, low, share = f[HIGHEST + q, BACK:n], f[LOWEST + q, BACK:n], np.float32(full[q, INV, 0])
        moments.times(column(out, MAX, q, at, rows), high, inv_c)
        _negative_times(column(out, MIN, q, at, rows), low, inv_c)
        _location(column(out, RSV, q, at, rows), high, low, close)
        of_high, of_low = column(out, IMAX, q, at, rows), column(out, IMIN, q, at, rows)
        _place(of_high, f[FIRST_HIGH + q, BACK:n], place, high, count, share)
        _place(of_low, f[FIRST_LOW + q, BACK:n], place, low, count, share)
        moments.difference(column(out, IMXD, q, at, rows), of_high, of_low)


@jit
def _negative_times(to: Array, values: Array, factor: Array) -> None:
    for i in range(len(to)):
        to[i] = finite(-values[i] * factor[i])


@jit
def _location(to: Array, high: Array, minus_low: Array, close: Array) -> None:
    for i in range(len(to)):
        empty = (high[i] - high[i]) + (minus_low[i] - minus_low[i])  # NaN where a window has no high or no low
        to[i] = finite((close[i] + minus_low[i]) / (high[i] + minus_low[i] + TINY) + empty)


@jit
def _place(to: Array, first: Array, now: Array, best: Array, count: Array, share: np.float32) -> None:
    for i in range(len(to)):
        place = (first[i] - now[i] + np.float32(count[i])) * share
        to[i] = place if best[i] > -INFINITE else NAN


@jit
def directions(f: Array, whole: bool, full: Array, made: Array, out: Array, at: int, n: int) -> None:
    """Write CNTP, CNTN and CNTD; a row without a change counts as neither."""
    totals(f, UP, n)
    totals(f, DOWN, n)
    rows = n - BACK
    for q in range(5):
        inv = window_counts(f[EXISTS], q, whole, full, made, n)[INV, BACK:n]
        up, down = column(out, CNTP, q, at, rows), column(out, CNTN, q, at, rows)
        moments.share(up, f[UP + FIRST_WINDOW + q, BACK:n], inv)
        moments.share(down, f[DOWN + FIRST_WINDOW + q, BACK:n], inv)
        moments.difference(column(out, CNTD, q, at, rows), up, down)


@jit
def changes(
    f: Array, d: Array, row: int, shift: int, whole: bool, full: Array, made: Array, out: Array, at: int, n: int
) -> None:
    """Write SUMP, SUMN and SUMD of a row of changes, or the three features `shift` further on."""
    _gains(f[row, :n], d[SUM, :n], d[SUM_B, :n])
    totals(d, SUM, n)
    totals(d, SUM_B, n)
    rows, over = n - BACK, f[SORTED, BACK:n]
    for q in range(5):
        gain, moved = d[SUM + FIRST_WINDOW + q, BACK:n], d[SUM_B + FIRST_WINDOW + q, BACK:n]
        _inverse(over, moved)
        if not whole:
            _blank(over, window_counts(f[row], q, whole, full, made, n)[COUNT, BACK:n])
        gained, lost = column(out, SUMP + shift, q, at, rows), column(out, SUMN + shift, q, at, rows)
        moments.times(gained, gain, over)
        _rest_times(lost, gain, moved, over)
        moments.difference(column(out, SUMD + shift, q, at, rows), gained, lost)


@jit
def _gains(changes_of: Array, gain: Array, moved: Array) -> None:
    for i in range(len(gain)):
        change = np.float64(changes_of[i]) if changes_of[i] == changes_of[i] else 0.0
        gain[i] = max(0.0, change)
        moved[i] = abs(change)


@jit
def _inverse(to: Array, moved: Array) -> None:
    for i in range(len(to)):
        to[i] = ONE / (np.float32(moved[i]) + TINY)


@jit
def _rest_times(to: Array, gain: Array, moved: Array, factor: Array) -> None:
    for i in range(len(to)):
        to[i] = finite(np.float32(moved[i] - gain[i]) * factor[i])


@jit
def _blank(to: Array, count: Array) -> None:
    for i in range(len(to)):
        to[i] = to[i] if count[i] > 0.0 else NAN
