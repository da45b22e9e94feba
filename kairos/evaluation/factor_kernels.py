"""Inner loops of the factor report, compiled; a row is a session, a column a name. Who calls them is in `factor_days`."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from kairos.evaluation.factor_order import ABSENT, compiled

F = TypeVar("F", bound=Callable[..., Any])


def _compiled_sums(function: F) -> F:
    """Compile a loop whose sums may be added up in any order; NaN and infinity keep their meaning."""
    made: F = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})(function)
    return made


@compiled
def _squares(rank: Any, tied: bool, count: int) -> float:  # noqa: ANN401, FBT001
    """Return the sum of squares of a row's own ranks."""
    if not tied:
        return count * (float(count) * count - 1) / 3
    total = 0.0
    for column in range(rank.size):
        total += 0.0 if rank[column] == ABSENT else float(rank[column]) ** 2
    return total


@compiled
def _rank_among(order: Any, rank: Any, paired: Any, tied: bool, count: int, members: Any, out: Any) -> float:  # noqa: ANN401, PLR0917, FBT001
    """Rank the `count` paired names of a row among themselves; return the sum of squares. `out` is written where paired."""
    size = 0
    for place in range(order.size):
        members[size] = order[place]
        size += paired[order[place]]
    if not tied:
        for place in range(count):
            out[members[place]] = 2 * place + 1 - count
        return count * (float(count) * count - 1) / 3
    total, first = 0.0, 0
    while first < count:
        end = first + 1
        while end < count and rank[members[end]] == rank[members[first]]:
            end += 1
        for place in range(first, end):
            out[members[place]] = first + end - count
        total += (end - first) * float(first + end - count) ** 2
        first = end
    return total


@compiled
def _pairs(one: Any, other: Any, paired: Any) -> int:  # noqa: ANN401
    total = 0
    for column in range(one.size):
        both = (one[column] != ABSENT) & (other[column] != ABSENT)
        paired[column] = both
        total += both
    return total


@_compiled_sums
def _dot(one: Any, other: Any, paired: Any) -> float:  # noqa: ANN401
    total = 0.0  # sums of whole numbers below 2^53: exact in any order
    for column in range(one.size):
        total += float(one[column]) * float(other[column]) if paired[column] else 0.0
    return total


@compiled
def rank_correlations(factor: Any, forward: Any, edges: Any, min_names: int, pairs: Any, found: Any) -> None:  # noqa: ANN401, PLR0917
    """Write Spearman correlations over the names that have both, group by group.

    Args:
        factor: (orders, ranks, counts, tied) of rows.
        forward: The same with a leading axis of horizons.
        edges: (groups + 1,) first column of each group, and the number of names.
        min_names: Fewer pairs have no correlation.
        pairs: (groups, horizons, rows) int32, written.
        found: (groups, horizons, rows) float64, written; NaN where there is no correlation.
    """
    orders, ranks, counts, tied = factor
    their_orders, their_ranks, their_counts, their_tied = forward
    names = ranks.shape[1]
    spare = np.empty(names, np.bool_), np.empty(names + 1, np.int16), np.empty(names, np.int16), np.empty(names, np.int16)
    paired, members, mine, theirs = spare
    for row in range(ranks.shape[0]):
        for group in range(edges.size - 1):
            start, end = edges[group], edges[group + 1]
            full, order = counts[row, group], orders[row, start : start + counts[row, group]]
            squares = _squares(ranks[row, start:end], tied[row, group], full)
            for horizon in range(their_ranks.shape[0]):
                one, other = ranks[row, start:end], their_ranks[horizon, row, start:end]
                count, their_full = _pairs(one, other, paired), their_counts[horizon, row, group]
                pairs[group, horizon, row], found[group, horizon, row] = count, np.nan
                if count < min_names:
                    continue
                power, their_power = squares, _squares(other, their_tied[horizon, row, group], their_full)
                if count < full:
                    power = _rank_among(order, one, paired, tied[row, group], count, members, mine)
                    one = mine[: end - start]
                if count < their_full:
                    line = their_orders[horizon, row, start : start + their_full]
                    their_power = _rank_among(line, other, paired, their_tied[horizon, row, group], count, members, theirs)
                    other = theirs[: end - start]
                if power > 0 and their_power > 0:
                    found[group, horizon, row] = _dot(one, other, paired) / np.sqrt(power * their_power)


@compiled
def bucket_means(codes: Any, returns: Any, means: Any, average: Any) -> None:  # noqa: ANN401
    """Write each quantile's mean return and that of all quantiles together.

    Args:
        codes: (rows, names) int8, 1 to Q, 0 for none.
        returns: (horizons, rows, names) float64, NaN where unknown.
        means: (horizons, rows, Q) float64, written; NaN where no name of the quantile has a return.
        average: (horizons, rows) float64, written likewise.
    """
    quantiles = means.shape[2]
    sums, counts = np.empty(quantiles + 1), np.empty(quantiles + 1)
    for horizon in range(returns.shape[0]):
        for row in range(codes.shape[0]):
            sums[:], counts[:] = 0.0, 0.0
            for column in range(codes.shape[1]):
                value = returns[horizon, row, column]
                known = value == value  # noqa: PLR0124 - NaN differs from itself
                sums[codes[row, column]] += value if known else 0.0
                counts[codes[row, column]] += known
            for quantile in range(quantiles):
                means[horizon, row, quantile] = sums[quantile + 1] / counts[quantile + 1]
            average[horizon, row] = sums[1:].sum() / counts[1:].sum()


@_compiled_sums
def linear_correlations(values: Any, returns: Any, min_names: int, found: Any) -> None:  # noqa: ANN401
    """Write Pearson correlations (horizons, rows) over the names that have both, NaN where there is none.

    Args:
        values: (rows, names) float32; NaN or infinite where unknown.
        returns: (horizons, rows, names) float64, NaN where unknown.
        min_names: Fewer pairs have no correlation.
        found: (horizons, rows) float64, written.
    """
    for horizon in range(returns.shape[0]):
        for row in range(values.shape[0]):
            one, other = values[row], returns[horizon, row]
            count, a, b = 0, 0.0, 0.0
            low, high, low_r, high_r = np.inf, -np.inf, np.inf, -np.inf
            for column in range(one.size):
                x, y = float(one[column]), other[column]
                if np.isfinite(x) and np.isfinite(y):
                    count, a, b = count + 1, a + x, b + y
                    low, high, low_r, high_r = min(low, x), max(high, x), min(low_r, y), max(high_r, y)
            found[horizon, row] = np.nan
            if count < min_names or low == high or low_r == high_r:
                continue
            a, b, aa, bb, ab = a / count, b / count, 0.0, 0.0, 0.0
            for column in range(one.size):
                x, y = float(one[column]), other[column]
                if np.isfinite(x) and np.isfinite(y):
                    aa, bb, ab = aa + (x - a) * (x - a), bb + (y - b) * (y - b), ab + (x - a) * (y - b)
            if aa > 0 and bb > 0:
                found[horizon, row] = max(-1.0, min(1.0, ab / np.sqrt(aa * bb)))


@compiled
def rank_persistence(ranks: Any, lag: int, min_names: int, found: Any) -> None:  # noqa: ANN401
    """Write the correlation of each session's ranks with those of `lag` rows before, over the names ranked in both."""
    for row in range(ranks.shape[0]):
        found[row] = np.nan
        if row < lag:
            continue
        count, a, b, aa, bb, ab = 0, 0, 0, 0, 0, 0
        for column in range(ranks.shape[1]):
            x, y = np.int64(ranks[row, column]), np.int64(ranks[row - lag, column])
            both = (x != ABSENT) & (y != ABSENT)
            x, y = x * both, y * both
            count, a, b, aa, bb, ab = count + both, a + x, b + y, aa + x * x, bb + y * y, ab + x * y
        power, other = float(count * aa - a * a), float(count * bb - b * b)
        if count >= min_names and power > 0 and other > 0:
            found[row] = float(count * ab - a * b) / np.sqrt(power * other)


@compiled
def newcomers(codes: Any, quantile: int, lag: int, found: Any) -> None:  # noqa: ANN401
    """Write the share of a quantile's names that were not in it `lag` rows before; NaN where it was or is empty."""
    for row in range(codes.shape[0]):
        found[row] = np.nan
        if row < lag:
            continue
        now, before, new = 0, 0, 0
        for column in range(codes.shape[1]):
            inside, was = codes[row, column] == quantile, codes[row - lag, column] == quantile
            now, before, new = now + inside, before + was, new + (inside & ~was)
        if now > 0 and before > 0:
            found[row] = new / now
