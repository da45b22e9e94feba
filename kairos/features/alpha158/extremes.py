"""Highest and lowest values of all five windows, and where the oldest of them lies, by doubling."""

import numpy as np

from kairos.features.alpha158.scratch import WINDOWS, Array, jit

_SPANS = np.array([(w, k, w - (1 << k)) for w, k in zip(WINDOWS, (2, 3, 4, 4, 5), strict=True)])


@jit
def _higher(to: Array, at: Array, first: Array, first_at: Array, shift: int, n: int) -> None:
    head, head_at, back, back_at = first[shift:n], first_at[shift:n], first[: n - shift], first_at[: n - shift]
    target, target_at = to[shift:n], at[shift:n]
    for i in range(n - shift):
        older = back[i] >= head[i]
        target[i] = back[i] if older else head[i]
        target_at[i] = back_at[i] if older else head_at[i]


@jit
def _highest(to: Array, first: Array, shift: int, n: int) -> None:
    head, back, target = first[shift:n], first[: n - shift], to[shift:n]
    for i in range(n - shift):
        target[i] = max(back[i], head[i])


@jit
def highest_and_where(scratch: Array, key: int, values: int, places: int, found: int, found_at: int, n: int) -> None:
    """Fill the highest keys of the five windows and the row of the tile in which each stands first.

    Args:
        scratch: Rows of float32; `key` is the row compared, of which nothing is NaN.
        key: What is compared.
        values: First of six rows for the doublings.
        places: First of six rows for their places; it holds 0, 1, 2 and so on.
        found: First of the five rows for the highest keys.
        found_at: First of the five rows for their places.
        n: Rows of the tile with those before it.
    """
    scratch[values, :n] = scratch[key, :n]
    for k in range(5):
        _higher(scratch[values + k + 1], scratch[places + k + 1], scratch[values + k], scratch[places + k], 1 << k, n)
    for q in range(5):
        _, k, shift = _SPANS[q]
        _higher(scratch[found + q], scratch[found_at + q], scratch[values + k], scratch[places + k], shift, n)


@jit
def highest(scratch: Array, key: int, values: int, found: int, n: int) -> None:
    """Fill the highest keys of the five windows alone."""
    scratch[values, :n] = scratch[key, :n]
    for k in range(5):
        _highest(scratch[values + k + 1], scratch[values + k], 1 << k, n)
    for q in range(5):
        _, k, shift = _SPANS[q]
        _highest(scratch[found + q], scratch[values + k], shift, n)
