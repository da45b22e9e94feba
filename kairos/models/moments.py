"""Sums from which a ridge regression of any window follows: rows are read once, windows add up sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kairos.models.transform import Array, Starts, Values


@dataclass(frozen=True)
class Moments:
    """Sums over rows with a label. In `session_moments` every field has a leading axis of sessions.

    Attributes:
        n: Rows.
        x: (terms,) sum of inputs.
        y: Sum of labels.
        xx: (terms, terms) sum of products of inputs.
        xy: (terms,) sum of inputs times label.
        yy: Sum of squared labels.
    """

    n: Array
    x: Array
    y: Array
    xx: Array
    xy: Array
    yy: Array

    def over(self, sessions: slice) -> "Moments":
        """Return the sums over some sessions."""
        fields = (self.n, self.x, self.y, self.xx, self.xy, self.yy)
        return Moments(*(np.asarray(values[sessions].sum(axis=0)) for values in fields))

    def scaling(self) -> tuple[Array, Array]:
        """Return mean and deviation of the inputs (terms,); the deviation is 1 where an input does not vary."""
        mean = self.x / self.n
        variance = np.diag(self.xx) / self.n - mean**2
        constant = variance <= np.finfo(np.float64).eps * np.diag(self.xx) / self.n
        return mean, np.where(constant, 1.0, np.sqrt(np.where(constant, 1.0, variance)))

    def centred(self, mean: Array, deviation: Array) -> tuple[Array, Array]:
        """Return Z'Z (terms, terms) and Z'(y - mean y) (terms,) of inputs scaled by their own mean and a deviation."""
        gram = (self.xx - self.n * np.outer(mean, mean)) / np.outer(deviation, deviation)
        return gram, (self.xy - mean * self.y) / deviation

    def squared_error(self, intercept: float, weights: Array) -> float:
        """Return the sum of (y - intercept - x'weights)^2."""
        cross = intercept * self.y + weights @ self.xy
        square = self.n * intercept**2 + 2 * intercept * (weights @ self.x) + weights @ self.xx @ weights
        return float(self.yy - 2 * cross + square)


def session_moments(values: Values, labels: Array, starts: Starts) -> Moments:
    """Return the sums of each session.

    Args:
        values: (rows, terms) inputs.
        labels: (rows,) labels, NaN where unknown.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.
    """
    found = [
        _moments(values[first:end], labels[first:end])
        for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return Moments(*(_stack([sums[part] for sums in found]) for part in range(6)))


def _moments(values: Values, labels: Array) -> tuple[Array, ...]:
    known = np.isfinite(labels)
    x, y = values[known].astype(np.float64), labels[known]
    parts = (float(y.size), x.sum(axis=0), y.sum(), x.T @ x, y @ x, y @ y)
    return tuple(np.asarray(part, dtype=np.float64) for part in parts)


def _stack(parts: Sequence[Array]) -> Array:
    return np.stack(parts)
