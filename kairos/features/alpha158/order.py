"""Ranks and quantiles of all five windows.

A rank counts the older rows that are lower. A quantile needs two neighbours of the sorted window, and the windows of a whole
tile are sorted side by side, by comparators that exchange two columns: five rows by a network, ten by merging two fives,
twenty two tens, thirty a twenty and a ten; of sixty, the four values needed are picked from two thirties. A window in which
a row is missing is sorted on its own.
"""

import numpy as np

from kairos.features.alpha158.networks import FIVE, KEPT, TEN, TEN_ORDER, THIRTY, THIRTY_ORDER, TWENTY, TWENTY_ORDER, table
from kairos.features.alpha158.scratch import BACK, NAN, SORTED, WINDOWS, finite, jit

_WINDOWS = np.array(WINDOWS)
_FIVE, _TEN, _TWENTY, _THIRTY = table(FIVE), TEN, TWENTY, THIRTY
_TEN_AT, _TWENTY_AT, _THIRTY_AT = np.array(TEN_ORDER), np.array(TWENTY_ORDER), np.array(THIRTY_ORDER)
TENS, TWENTIES, THIRTIES, PICKS = SORTED + 5, SORTED + 15, SORTED + 35, SORTED + 65
HIGH, LOW = 0.8, 0.2
_IN_ORDER = np.arange(5)


@jit
def _exchange(low, high):
    for i in range(len(low)):
        a, b = low[i], high[i]
        low[i] = a if a < b else b
        high[i] = b if a < b else a


@jit
def _sort(scratch, base, comparators, n):
    for k in range(len(comparators)):
        _exchange(scratch[base + comparators[k, 0], :n], scratch[base + comparators[k, 1], :n])


@jit
def _copy(to, values):
    for i in range(len(to)):
        to[i] = values[i]


@jit
def _beside(scratch, base, first, first_at, older, older_at, shift, n):
    """Lay one sorted window behind the one that ends `shift` rows before it."""
    for k in range(len(first_at)):
        _copy(scratch[base + k, :n], scratch[first + first_at[k], :n])
    for k in range(len(older_at)):
        _copy(scratch[base + len(first_at) + k, shift:n], scratch[older + older_at[k], : n - shift])


@jit
def _least(to, a, b):
    for i in range(len(to)):
        greater = a[i] if a[i] > b[i] else b[i]
        to[i] = greater if greater < to[i] else to[i]


@jit
def _greatest(to, a, b):
    for i in range(len(to)):
        lesser = a[i] if a[i] < b[i] else b[i]
        to[i] = lesser if lesser > to[i] else to[i]


@jit
def _higher_or_lower(to, a, b, higher):
    for i in range(len(to)):
        to[i] = (a[i] if a[i] > b[i] else b[i]) if higher else (a[i] if a[i] < b[i] else b[i])


@jit
def _pick(scratch, to, k, from_top, n):
    """Find the value k places from an end of sixty: the least of the greater ones over all ways to split k."""
    ends = _THIRTY_AT[::-1] if from_top else _THIRTY_AT
    target = scratch[to, BACK:n]
    now, then = scratch[THIRTIES + ends[k], BACK:n], scratch[THIRTIES + ends[k], BACK - 30 : n - 30]
    _higher_or_lower(target, now, then, from_top)
    for j in range(k):
        now, then = scratch[THIRTIES + ends[j], BACK:n], scratch[THIRTIES + ends[k - 1 - j], BACK - 30 : n - 30]
        if from_top:
            _greatest(target, now, then)
        else:
            _least(target, now, then)


@jit
def sort_windows(scratch, key, n):
    """Sort the windows of the row `key`, which may hold NaN: what a window with one holds afterwards means nothing."""
    for k in range(5):
        _copy(scratch[SORTED + k, k:n], scratch[key, : n - k])
    _sort(scratch, SORTED, _FIVE, n)
    _beside(scratch, TENS, SORTED, _IN_ORDER, SORTED, _IN_ORDER, 5, n)
    _sort(scratch, TENS, _TEN, n)
    _beside(scratch, TWENTIES, TENS, _TEN_AT, TENS, _TEN_AT, 10, n)
    _sort(scratch, TWENTIES, _TWENTY, n)
    _beside(scratch, THIRTIES, TWENTIES, _TWENTY_AT, TENS, _TEN_AT, 20, n)
    _sort(scratch, THIRTIES, _THIRTY, n)
    for k in range(2):
        _pick(scratch, PICKS + k, KEPT - 2 + k, False, n)
        _pick(scratch, PICKS + 2 + k, KEPT - 1 - k, True, n)


@jit
def _sorted_row(q, place):
    """Row of the scratch that holds the value `place` places from the bottom of window number q."""
    if q == 0:
        return SORTED + place
    if q == 1:
        return TENS + _TEN_AT[place]
    if q == 2:
        return TWENTIES + _TWENTY_AT[place]
    if q == 3:
        return THIRTIES + _THIRTY_AT[place if place < KEPT else place - 30 + 2 * KEPT]
    return PICKS + (place - (KEPT - 2) if place < 30 else place - 45)


@jit
def _between(to, low, high, share, factor):
    for i in range(len(to)):
        to[i] = finite((low[i] + share * (high[i] - low[i])) * factor[i])


@jit
def quantile(scratch, q, level, factor, to, n):
    """Write the quantile of window number q times `factor`; neighbours are joined by a straight line."""
    at = level * (_WINDOWS[q] - 1)
    place = int(at)
    low, high = scratch[_sorted_row(q, place), BACK:n], scratch[_sorted_row(q, place + 1), BACK:n]
    _between(to, low, high, np.float32(at - place), factor)


@jit
def _insert(held, size, value):
    at = size
    while at > 0 and held[at - 1] > value:
        held[at] = held[at - 1]
        at -= 1
    held[at] = value
    return size + 1


@jit
def _remove(held, size, value):
    at = 0
    while held[at] != value:
        at += 1
    for k in range(at, size - 1):
        held[k] = held[k + 1]
    return size - 1


@jit
def _of_sorted(held, size, level):
    at = level * (size - 1)
    place = int(at)
    above = held[min(place + 1, size - 1)]
    return held[place] + np.float32(at - place) * (above - held[place])


@jit
def mend_quantiles(key, count, window, factor, high, low):
    """Write both quantiles again where the window has less than its full number of values: NaN where it has none."""
    held, size, upto = np.empty(window + 1, np.float32), 0, -1
    for t in range(BACK, len(key)):
        if count[t] >= window:
            continue
        if upto != t - 1:
            size = 0
            for k in range(t - window + 1, t):
                size = _insert(held, size, key[k]) if key[k] == key[k] else size
        elif key[t - window] == key[t - window]:
            size = _remove(held, size, key[t - window])
        size = _insert(held, size, key[t]) if key[t] == key[t] else size
        upto = t
        high[t - BACK] = finite(_of_sorted(held, size, HIGH) * factor[t - BACK]) if size else NAN
        low[t - BACK] = finite(_of_sorted(held, size, LOW) * factor[t - BACK]) if size else NAN


@jit
def _count_lower(rank, now, older):
    for i in range(len(rank)):
        rank[i] += np.float32(0.5) * (np.float32(older[i] < now[i]) + np.float32(older[i] <= now[i]))


@jit
def ranks(scratch, key, to, n):
    """Count for each of the five windows the rows lower than the last one, ties half, plus one; NaN is no row."""
    values = scratch[key]
    begun = 1
    for q in range(5):
        rank = scratch[to + q, BACK:n]
        if q:
            _copy(rank, scratch[to + q - 1, BACK:n])
        else:
            rank[:] = 1.0
        for lag in range(begun, _WINDOWS[q]):
            _count_lower(rank, values[BACK:n], values[BACK - lag : n - lag])
        begun = _WINDOWS[q]
