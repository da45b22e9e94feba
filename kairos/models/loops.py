"""Inner loops over groups of rows, compiled; a group is a session, or a sector on one. `transform` and `steps` call them.

Sums run over the rows in their order, so that a group gives the same bits wherever it lies.
"""

from typing import Any

import numpy as np

from kairos.features.compiled import compiled

FLAT = 1e-12  # what is left of a column that others explain, over what it was: rounding


@compiled
def zscore_lines(lines: Any, starts: Any, limit: float, scored: Any) -> None:  # noqa: ANN401 - arrays, typed by the compiler
    """Write (value - mean) / deviation within each group, within +-limit; 0 where unknown or where nothing varies.

    Args:
        lines: (features, rows) float32, NaN where unknown.
        starts: (groups + 1,) row each group starts at, and the number of rows.
        limit: Largest score.
        scored: (features, rows) float32, written.
    """
    for feature in range(lines.shape[0]):
        for group in range(starts.size - 1):
            line, out = lines[feature, starts[group] : starts[group + 1]], scored[feature, starts[group] : starts[group + 1]]
            count, mean, spread = 0, 0.0, 0.0
            for row in range(line.size):
                known = np.isfinite(line[row])
                count += known
                mean += line[row] if known else 0.0
            mean /= max(count, 1)
            for row in range(line.size):
                spread += (line[row] - mean) ** 2 if np.isfinite(line[row]) else 0.0
            spread = np.sqrt(spread / max(count, 1))
            spread = spread if spread > 0 else 1.0
            for row in range(line.size):
                score = (line[row] - mean) / spread if np.isfinite(line[row]) else 0.0
                out[row] = min(max(score, -limit), limit)


@compiled
def _less_means(line: Any, groups: Any, known: Any, counts: Any, means: Any) -> None:  # noqa: ANN401
    """Take each group's mean over the known places from a line; the others become 0."""
    means[:] = 0.0
    for place in range(line.size):
        means[groups[place]] += line[place] if known[place] else 0.0
    for place in range(line.size):
        line[place] = line[place] - means[groups[place]] / counts[groups[place]] if known[place] else 0.0


@compiled
def _along(line: Any, basis: Any, size: int) -> None:  # noqa: ANN401
    """Take from a line what lies along the first rows of an orthonormal basis, twice, for rounding."""
    for _ in range(2):
        for number in range(size):
            weight = 0.0
            for place in range(line.size):
                weight += line[place] * basis[number, place]
            for place in range(line.size):
                line[place] -= weight * basis[number, place]


@compiled
def _length(line: Any, found: Any) -> None:  # noqa: ANN401
    total = 0.0
    for place in range(line.size):
        total += line[place] * line[place]
    found[0] = np.sqrt(total)


@compiled
def _basis_of(exposures: Any, groups: Any, known: Any, counts: Any, basis: Any, spare: Any) -> None:  # noqa: ANN401, PLR0917
    """Write an orthonormal basis of what exposures have beside group means, its size, and the known names by group."""
    line, means, length, found = spare
    counts[:] = 0.0
    for place in range(known.size):
        counts[groups[place]] += known[place]
    size = 0
    for number in range(exposures.shape[0]):
        for place in range(known.size):
            line[place] = exposures[number, place] if known[place] else 0.0
        _length(line, length)
        full = length[0]
        _less_means(line, groups, known, counts, means)
        _along(line, basis, size)
        _length(line, length)
        if length[0] > FLAT * full:
            for place in range(known.size):
                basis[size, place] = line[place] / length[0]
            size += 1
    found[0] = size


@compiled
def residual_lines(lines: Any, exposures: Any, groups: Any, left: Any) -> None:  # noqa: ANN401
    """Write what least squares on group means and exposures leaves of each line; NaN where unknown or names are too few.

    A line is regressed over its own known names. Names must be more than what groups and exposures tell apart.

    Args:
        lines: (features, names), NaN where unknown.
        exposures: (exposures, names) without gaps.
        groups: (names,) number of each name's group, from 0; all 0 for a common mean.
        left: (features, names), written.
    """
    names, largest = lines.shape[1], groups.max() + 1
    known, before = np.zeros(names, np.bool_), np.zeros(names, np.bool_)
    basis, counts, size = np.empty((exposures.shape[0], names)), np.zeros(largest), 0
    line, means, length, found = np.empty(names), np.zeros(largest), np.empty(1), np.zeros(1, np.int64)
    for feature in range(lines.shape[0]):
        known[:] = np.isfinite(lines[feature])
        if feature == 0 or (known != before).any():  # neighbours mostly lack the same names
            _basis_of(exposures, groups, known, counts, basis, (line, means, length, found))
            size = found[0]
            before[:] = known
        for place in range(names):
            line[place] = lines[feature, place] if known[place] else 0.0
        _length(line, length)
        full = length[0]
        _less_means(line, groups, known, counts, means)
        _along(line, basis, size)
        _length(line, length)
        share = 1.0 if length[0] > FLAT * full else 0.0  # rounding must not be ranked
        enough = known.sum() > size + (counts > 0).sum()
        for place in range(names):
            left[feature, place] = line[place] * share if known[place] and enough else np.nan
