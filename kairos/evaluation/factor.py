"""The factor report: IC and RankIC of every feature with their decay, quantile returns, turnover, and all that in parts.

Each session gives one figure, across its names alone (`factor_days`); the report's are means over the sessions that have one.
A figure that cannot be computed is null, and `sessions` and `names` say of how much it is made. t is Newey-West's over the
sessions of the part, one after the other, even where they were not neighbours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.evaluation.factor_days import (
    QUANTILES,
    Forward,
    Ranked,
    Values,
    forward_returns,
    grouped,
    linear_ics,
    quantile_means,
    quantiles_of,
    rank_autocorrelation,
    rank_ics,
    ranked,
    turnover,
)
from kairos.evaluation.factor_panel import FactorPanel, factor_panel
from kairos.evaluation.hac import hac_lag, mean_ts
from kairos.evaluation.ic import Array
from kairos.frames import Frame
from kairos.tables.factors import FACTOR_HORIZONS, FACTOR_REPORT, REGIMES

MONTH = "month"
BATCH = 16  # features whose daily figures are held at once
Flags = NDArray[np.bool_]
TESTED = ("rank_ic", "ic", "spread")
Named = tuple[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Daily:
    """Daily figures of F features, each (F, H, D), NaN where a session has none.

    Attributes:
        rank_ic: Spearman correlation of value and return.
        pairs: Names with both.
        more: The other figures, by column of `factor_report`.
    """

    rank_ic: Array
    pairs: Array
    more: dict[str, Array]

    @property
    def figures(self) -> dict[str, Array]:
        """All but the counts, by name."""
        return {"rank_ic": self.rank_ic, **self.more}

    def over(self, chosen: Flags) -> "Daily":
        """Return those of some sessions."""
        rest = {name: values[:, :, chosen] for name, values in self.more.items()}
        return Daily(self.rank_ic[:, :, chosen], self.pairs[:, :, chosen], rest)

    def ranks_alone(self) -> "Daily":
        """Return the RankIC without the other figures."""
        return Daily(self.rank_ic, self.pairs, {})


def factor_report(
    midcap_universe: Frame,
    features: Sequence[Frame],
    daily_returns: Frame,
    *,
    tickers: Frame,
    universe_year: int,
    holdout_first: date,
    horizons: Sequence[int] = FACTOR_HORIZONS,
) -> Frame:
    """Return rows of `factor_report` for one universe year; nothing from the sealed holdout on is used.

    Args:
        midcap_universe: Rows of that table.
        features: One frame per feature table, covering the universe year and later.
        daily_returns: Rows of that table; those before the universe year serve the market's volatility.
        tickers: Rows of that table.
        universe_year: First year of the universe.
        holdout_first: First sealed session.
        horizons: Sessions ahead.
    """
    panel = factor_panel(
        midcap_universe,
        features,
        daily_returns,
        tickers=tickers,
        universe_year=universe_year,
        holdout_first=holdout_first,
        horizons=horizons,
    )
    if panel is None:
        return FACTOR_REPORT.empty()
    forward = forward_returns(panel.returns)
    inside = grouped(forward.ranked, panel.edges)
    parts = [
        part for batch in _batches(panel.features()) for part in _batch_parts(batch, panel, forward, inside, horizons=horizons)
    ]
    return _frame(parts, universe_year=universe_year)


def daily_figures(values: Values, forward: Forward, horizons: Sequence[int], *, order: Ranked | None = None) -> Daily:
    """Return every daily figure of one feature (D, N); F is 1."""
    order = order or ranked(values)
    codes = quantiles_of(order)
    rank_ic, pairs = rank_ics(order, forward.ranked)
    means, average = quantile_means(codes, forward)
    more = {
        "ic": linear_ics(values, forward),
        **{f"q{number + 1}": means[:, :, number] - average for number in range(QUANTILES)},
        "spread": means[:, :, -1] - means[:, :, 0],
        "turnover_top": np.stack([turnover(codes, quantile=QUANTILES, lag=lag) for lag in horizons]),
        "turnover_bottom": np.stack([turnover(codes, quantile=1, lag=lag) for lag in horizons]),
        "rank_autocorrelation": np.stack([rank_autocorrelation(order, lag=lag) for lag in horizons]),
    }
    return Daily(rank_ic, pairs.astype(np.float64), {name: series[None] for name, series in more.items()})


def part_figures(daily: Daily, horizons: Sequence[int], *, with_t: bool = True) -> dict[str, Array]:
    """Return the means, deviations and t of daily figures over their sessions, each (F, H)."""
    known = np.isfinite(daily.rank_ic)
    found = {"sessions": known.sum(axis=2), "names": _mean(np.where(known, daily.pairs, np.nan))}
    for name, series in daily.figures.items():
        found[name] = _mean(series)
        if name in {"rank_ic", "ic"}:
            found[f"{name}_sd"] = _deviation(series)
            found[f"{name.removesuffix('ic')}icir"] = found[name] / found[f"{name}_sd"]
    if with_t:
        tested = {name: series for name, series in daily.figures.items() if name in TESTED}
        found |= {f"{name}_t": values for name, values in _ts(tested, horizons).items()}
    return found


def _ts(series: dict[str, Array], horizons: Sequence[int]) -> dict[str, Array]:
    """Return the t of the mean of each (F, H, D) series, (F, H)."""
    features = len(next(iter(series.values())))
    found = np.empty((len(series) * features, len(horizons)))
    for place, horizon in enumerate(horizons):
        found[:, place] = mean_ts(np.concatenate([values[:, place] for values in series.values()]), lag=hac_lag(horizon))
    return dict(zip(series, np.split(found, len(series)), strict=True))


def _batches(features: Iterator[Named]) -> Iterator[list[Named]]:
    while batch := list(islice(features, BATCH)):
        yield batch


@dataclass(frozen=True)
class _Part:
    """Figures of some features in one part, each (F, H)."""

    split: str
    part: str
    features: tuple[str, ...]
    horizons: tuple[int, ...]
    figures: dict[str, Array]

    def column(self, name: str) -> Array:
        shape = (len(self.features), len(self.horizons))
        return self.figures.get(name, np.full(shape, np.nan)).ravel()


def _batch_parts(
    batch: Sequence[Named], panel: FactorPanel, forward: Forward, inside: Ranked, *, horizons: Sequence[int]
) -> Iterator[_Part]:
    names, ahead = tuple(name for name, _ in batch), tuple(horizons)
    orders = [ranked(values) for _, values in batch]
    whole = _stacked(
        [daily_figures(values, forward, horizons, order=order) for (_, values), order in zip(batch, orders, strict=True)]
    )
    for split, part, chosen in _session_parts(panel):
        daily = whole.ranks_alone() if split == MONTH else whole
        yield _Part(split, part, names, ahead, part_figures(daily.over(chosen), horizons, with_t=split != MONTH))
    found = [rank_ics(grouped(order, panel.edges), inside) for order in orders]
    for place, sector in enumerate(panel.sectors):
        rank_ic, pairs = (np.stack([each[place] for each in several]) for several in zip(*found, strict=True))
        yield _Part("sector", sector, names, ahead, part_figures(Daily(rank_ic, pairs.astype(np.float64), {}), horizons))


def _frame(parts: Sequence[_Part], *, universe_year: int) -> Frame:
    place = {
        "universe_year": pl.repeat(universe_year, sum(len(part.features) * len(part.horizons) for part in parts), eager=True),
        "feature": [name for part in parts for name in part.features for _ in part.horizons],
        "horizon": [horizon for part in parts for _ in part.features for horizon in part.horizons],
        "split": [part.split for part in parts for _ in part.features for _ in part.horizons],
        "part": [part.part for part in parts for _ in part.features for _ in part.horizons],
    }
    figures = {
        name: np.concatenate([part.column(name) for part in parts]) for name in FACTOR_REPORT.columns if name not in place
    }
    rows = pl.DataFrame({**place, **figures}).with_columns(pl.selectors.float().fill_nan(None))
    return FACTOR_REPORT.conform(rows).sort(FACTOR_REPORT.key)


def _session_parts(panel: FactorPanel) -> Iterator[tuple[str, str, Flags]]:
    days = np.array(panel.sessions, dtype="datetime64[D]")
    yield "all", "all", np.ones(days.size, dtype=np.bool_)
    for split, unit in (("year", "Y"), (MONTH, "M")):
        periods = days.astype(f"datetime64[{unit}]")
        for period in np.unique(periods):
            yield split, str(period), periods == period
    for number, regime in enumerate(REGIMES):
        yield "volatility", regime, panel.regimes == number


def _stacked(parts: Sequence[Daily]) -> Daily:
    return Daily(
        np.concatenate([part.rank_ic for part in parts]),
        np.concatenate([part.pairs for part in parts]),
        {name: np.concatenate([part.more[name] for part in parts]) for name in parts[0].more},
    )


def _mean(series: Array) -> Array:
    known = np.isfinite(series)
    count = known.sum(axis=-1)
    total = np.where(known, series, 0.0).sum(axis=-1)
    return np.asarray(np.divide(total, count, where=count > 0, out=np.full(count.shape, np.nan)))


def _deviation(series: Array) -> Array:
    """Return the sample deviation; NaN where it has fewer than two values, or all are the same."""
    known = np.isfinite(series)
    count = known.sum(axis=-1)
    centred = np.where(known, series - _mean(series)[..., None], 0.0)
    power = (centred**2).sum(axis=-1)
    most = np.where(known, series, -np.inf).max(axis=-1, initial=-np.inf)
    least = np.where(known, series, np.inf).min(axis=-1, initial=np.inf)
    variance = np.divide(power, count - 1, where=(count > 1) & (most > least), out=np.full(count.shape, np.nan))
    return np.asarray(np.sqrt(variance))
