"""Ranks and quantiles of all five windows.

A rank counts the older rows that are lower. A quantile needs two neighbours of the sorted window, and the windows of a whole
tile are sorted side by side, by comparators that exchange two columns: five rows by a network, ten by merging two fives,
twenty two tens, thirty a twenty and a ten; of sixty, the four values needed are picked from two thirties. A window in which
a row is missing is sorted on its own.
"""

import numpy as np

from kairos.features.alpha158.networks import FIVE, KEPT, TEN, TEN_ORDER, THIRTY, THIRTY_ORDER, TWENTY, TWENTY_ORDER, table
from kairos.features.alpha158.scratch import BACK, NAN, SORTED, WINDOWS, Array, finite, jit

_WINDOWS = np.array(WINDOWS)
_FIVE, _TEN, _TWENTY, _THIRTY = table(FIVE), TEN, TWENTY, THIRTY
_TEN_AT, _TWENTY_AT, _THIRTY_AT = np.array(TEN_ORDER), np.array(TWENTY_ORDER), np.array(THIRTY_ORDER)
TENS, TWENTIES, THIRTIES, PICKS = SORTED + 5, SORTED + 15, SORTED + 35, SORTED + 65
HIGH, LOW = 0.8, 0.2
FIVE_ROWS, TEN_ROWS, TWENTY_ROWS, THIRTY_ROWS, _ = WINDOWS
_IN_ORDER = np.arange(5)


@jit
def _exchange(low: Array, high: Array) -> None:
    for i in range(len(low)):
        a, b = low[i], high[i]
        low[i] = min(b, a)
        high[i] = max(a, b)


@jit
def _sort(scratch: Array, base: int, comparators: Array, n: int) -> None:
    for k in range(len(comparators)):
        _exchange(scratch[base + comparators[k, 0], :n], scratch[base + comparators[k, 1], :n])


@jit
def _copy(to: Array, values: Array) -> None:
    for i in range(len(to)):
        to[i] = values[i]


@jit
def _beside(scratch: Array, base: int, first: int, first_at: Array, older: int, older_at: Array, shift: int, n: int) -> None:
    """Lay one sorted window behind the one that ends `shift` rows before it."""
    for k in range(len(first_at)):
        _copy(scratch[base + k, :n], scratch[first + first_at[k], :n])
    for k in range(len(older_at)):
        _copy(scratch[base + len(first_at) + k, shift:n], scratch[older + older_at[k], : n - shift])


@jit
def _least(to: Array, a: Array, b: Array) -> None:
    for i in range(len(to)):
        greater = max(b[i], a[i])
        to[i] = min(to[i], greater)


@jit
def _greatest(to: Array, a: Array, b: Array) -> None:
    for i in range(len(to)):
        lesser = min(b[i], a[i])
        to[i] = max(to[i], lesser)


@jit
def _higher_or_lower(to: Array, a: Array, b: Array, higher: bool) -> None:
    for i in range(len(to)):
        to[i] = (max(b[i], a[i])) if higher else (min(b[i], a[i]))


@jit
def _pick(scratch: Array, to: int, k: int, from_top: bool, n: int) -> None:
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
def sort_windows(scratch: Array, key: int, n: int) -> None:
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
def _sorted_row(q: int, place: int) -> int:
    """Row of the scratch that holds the value `place` places from the bottom of window number q."""
    if _WINDOWS[q] == FIVE_ROWS:
        return SORTED + place
    if _WINDOWS[q] == TEN_ROWS:
        return TENS + int(_TEN_AT[place])
    if _WINDOWS[q] == TWENTY_ROWS:
        return TWENTIES + int(_TWENTY_AT[place])
    if _WINDOWS[q] == THIRTY_ROWS:
        return THIRTIES + int(_THIRTY_AT[place if place < KEPT else place - THIRTY_ROWS + 2 * KEPT])
    return PICKS + (place - (KEPT - 2) if place < THIRTY_ROWS else place - (60 - KEPT - 2))


@jit
def _between(to: Array, low: Array, high: Array, share: np.float32, factor: Array) -> None:
    for i in range(len(to)):
        to[i] = finite((low[i] + share * (high[i] - low[i])) * factor[i])


@jit
def quantile(scratch: Array, q: int, level: float, factor: Array, to: Array, n: int) -> None:
    """Write the quantile of window number q times `factor`; neighbours are joined by a straight line."""
    at = level * (_WINDOWS[q] - 1)
    place = int(at)
    low, high = scratch[_sorted_row(q, place), BACK:n], scratch[_sorted_row(q, place + 1), BACK:n]
    _between(to, low, high, np.float32(at - place), factor)


@jit
def _insert(held: Array, size: int, value: float) -> int:
    at = size
    while at > 0 and held[at - 1] > value:
        held[at] = held[at - 1]
        at -= 1
    held[at] = value
    return size + 1


@jit
def _remove(held: Array, size: int, value: float) -> int:
    at = 0
    while held[at] != value:
        at += 1
    for k in range(at, size - 1):
        held[k] = held[k + 1]
    return size - 1


@jit
def _of_sorted(held: Array, size: int, level: float) -> float:
    at = level * (size - 1)
    place = int(at)
    above = held[min(place + 1, size - 1)]
    value: float = held[place] + np.float32(at - place) * (above - held[place])
    return value


@jit
def mend_quantiles(key: Array, count: Array, window: int, factor: Array, high: Array, low: Array) -> None:
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
def _count_lower(rank: Array, now: Array, older: Array) -> None:
    for i in range(len(rank)):
        rank[i] += np.float32(0.5) * (np.float32(older[i] < now[i]) + np.float32(older[i] <= now[i]))


@jit
def ranks(scratch: Array, key: int, to: int, n: int) -> None:
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
