"""A factor against the returns that followed, session by session, on date-major arrays. Averages over them are in `factor`.

D sessions, N names, H horizons, Q quantiles. A session has no figure (NaN) where fewer than three names have both value and
return, or where all values or all returns are the same. Tied names share their mean rank and are in the same quantile: with
k of n names strictly lower, a name is in quantile max(1, ceil(Q k / (n - 1))), which for distinct values is that of the
interpolated percentiles. Quantiles are formed of all names with a value, whatever is known of their returns later.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kairos.errors import ContractError
from kairos.evaluation.ic import MIN_NAMES, Array

QUANTILES = 5
Values = NDArray[np.float32] | NDArray[np.float64]
Ints = NDArray[np.int32]
Small = NDArray[np.int16]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Ranked:
    """Values put in order within each session; `ranked` makes it.

    Attributes:
        orders: (..., D, N) names by value within their group, ascending; undefined from the count on.
        ranks: (..., D, N) twice the mean rank less its centre; a fixed low number where there is no value.
        counts: (..., D, G) names with a value.
        tied: (..., D, G) whether any two names share a value.
        edges: (G + 1,) first column of each group of names, and N; all names are one group at first.
    """

    orders: Small
    ranks: Small
    counts: Ints
    tied: Flags
    edges: NDArray[np.int64]

    @property
    def parts(self) -> tuple[Small, Small, Ints, Flags]:
        """The arrays, as the compiled loops take them."""
        return self.orders, self.ranks, self.counts, self.tied


@dataclass(frozen=True)
class Forward:
    """Forward returns with their ranks, which all factors share.

    Attributes:
        values: (H, D, N) returns, NaN where unknown.
        ranked: The same in order.
    """

    values: Array
    ranked: Ranked


def forward_returns(values: Array) -> Forward:
    """Return the (H, D, N) returns, NaN where unknown, ready to be held against any number of factors."""
    known = np.where(np.isfinite(values), values, np.nan)
    horizons, sessions, names = known.shape
    flat = ranked(known.reshape(horizons * sessions, names))
    return Forward(known, _shaped(flat, (horizons, sessions)))


def ranked(values: Values) -> Ranked:
    """Return the values (D, N) in order; NaN and infinite ones are none.

    Raises:
        ContractError: There are more names than ranks.
    """
    from kairos.evaluation.factor_order import MOST_NAMES, rank_values

    rows, names = values.shape
    if names > MOST_NAMES:
        raise ContractError(f"factor report: {names} names; expected at most {MOST_NAMES}. Report on a smaller universe.")
    made = Ranked(
        orders=np.empty((rows, names), dtype=np.int16),
        ranks=np.empty((rows, names), dtype=np.int16),
        counts=np.empty((rows, 1), dtype=np.int32),
        tied=np.empty((rows, 1), dtype=np.bool_),
        edges=np.array([0, names]),
    )
    rank_values(np.ascontiguousarray(values), *made.parts)
    return made


def quantiles_of(factor: Ranked, *, quantiles: int = QUANTILES) -> Codes:
    """Return each name's quantile (D, N): 1 for the lowest values, 0 for none."""
    from kairos.evaluation.factor_order import quantile_codes

    codes = np.empty(factor.ranks.shape, dtype=np.int8)
    quantile_codes(factor.parts, quantiles, codes)
    return codes


def grouped(whole: Ranked, edges: NDArray[np.int64]) -> Ranked:
    """Return the same values in order within each group of names.

    Args:
        whole: Values in order among all names, with any leading axes.
        edges: (G + 1,) first column of each group, and N.
    """
    from kairos.evaluation.factor_order import split_groups

    leading, groups = whole.ranks.shape[:-1], edges.size - 1
    flat = _shaped(whole, (-1,))
    rows = flat.ranks.shape[0]
    made = Ranked(
        orders=np.empty_like(flat.orders),
        ranks=np.empty_like(flat.ranks),
        counts=np.empty((rows, groups), dtype=np.int32),
        tied=np.empty((rows, groups), dtype=np.bool_),
        edges=edges,
    )
    split_groups(flat.parts, edges, *made.parts)
    return _shaped(made, leading)


def rank_ics(factor: Ranked, forward: Ranked, *, min_names: int = MIN_NAMES) -> tuple[Array, Ints]:
    """Return the Spearman correlation of a factor with each return in each group (G, H, D), and how many names have both.

    Raises:
        ContractError: The two are not in the same groups.
    """
    from kairos.evaluation.factor_kernels import rank_correlations

    if not np.array_equal(factor.edges, forward.edges):
        raise ContractError(f"rank IC: factor in groups {factor.edges}, returns in {forward.edges}. Group both alike.")
    shape = (factor.edges.size - 1, *forward.ranks.shape[:2])
    pairs, found = np.empty(shape, dtype=np.int32), np.empty(shape)
    rank_correlations(factor.parts, forward.parts, factor.edges, min_names, pairs, found)
    return found, pairs


def linear_ics(values: Values, forward: Forward, *, min_names: int = MIN_NAMES) -> Array:
    """Return the Pearson correlation of a factor (D, N) with each return (H, D)."""
    from kairos.evaluation.factor_kernels import linear_correlations

    found = np.empty(forward.values.shape[:2])
    linear_correlations(np.ascontiguousarray(values), forward.values, min_names, found)
    return found


def quantile_means(codes: Codes, forward: Forward, *, quantiles: int = QUANTILES) -> tuple[Array, Array]:
    """Return the mean return of each quantile (H, D, Q), and of all names that have a quantile and a return (H, D)."""
    from kairos.evaluation.factor_kernels import bucket_means

    horizons, sessions, _ = forward.values.shape
    means, average = np.empty((horizons, sessions, quantiles)), np.empty((horizons, sessions))
    bucket_means(codes, forward.values, means, average)
    return means, average


def turnover(codes: Codes, *, quantile: int, lag: int) -> Array:
    """Return the share of a quantile's names (D,) that were not in it `lag` sessions before; NaN where it was or is empty."""
    from kairos.evaluation.factor_kernels import newcomers

    found = np.empty(codes.shape[0])
    newcomers(codes, quantile, lag, found)
    return found


def rank_autocorrelation(factor: Ranked, *, lag: int, min_names: int = MIN_NAMES) -> Array:
    """Return the correlation (D,) of a session's ranks with those `lag` sessions before, over the names ranked in both.

    The ranks are those of each session's own cross-section.
    """
    from kairos.evaluation.factor_kernels import rank_persistence

    found = np.empty(factor.ranks.shape[0])
    rank_persistence(factor.ranks, lag, min_names, found)
    return found


def _shaped(held: Ranked, leading: tuple[int, ...]) -> Ranked:
    groups, names = held.counts.shape[-1], held.ranks.shape[-1]
    return Ranked(
        orders=held.orders.reshape(*leading, names),
        ranks=held.ranks.reshape(*leading, names),
        counts=held.counts.reshape(*leading, groups),
        tied=held.tied.reshape(*leading, groups),
        edges=held.edges,
    )
