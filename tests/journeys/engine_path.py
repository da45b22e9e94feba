"""The path from raw rows to forecasts as the assets walk it: the same functions in the same order with the same years read.

Raw rows come from the embedded vendor's views, as bulk deliveries (everything as it stands) and daily ones (the session,
and what was touched lately).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import polars as pl

from kairos.calendar import FIRST_DATE, sessions_between
from kairos.features.core import FeatureSet, build
from kairos.features.matrix import complete
from kairos.features.registry import FEATURE_SETS
from kairos.frames import Frame, stack
from kairos.market.actions import corporate_actions
from kairos.market.base import latest_versions
from kairos.market.cleaned import no_waivers
from kairos.market.liquidity import liquidity_60d
from kairos.market.metrics import daily_metrics
from kairos.market.returns import daily_returns
from kairos.market.tickers import securities
from kairos.market.versions import build_versions
from kairos.models.config import ModelConfig
from kairos.models.folds import Holdout
from kairos.models.walkforward import train_walk_forward
from kairos.sandbox.market import Market
from kairos.settings import Settings
from kairos.sources.datasets import DATASETS
from kairos.sources.ingest import ACTIONS_SWEEP_DAYS, SWEEP_DAYS
from kairos.sources.parse import parse
from kairos.targets.forward import with_forward_returns
from kairos.universe.midcap import candidates, members
from tests.journeys.view_client import ViewClient

PULLED = timedelta(hours=3)  # the daily ingest runs at 20:30 New York, three hours after the prices are out
SWEEPS = {"sep": SWEEP_DAYS, "daily": SWEEP_DAYS, "tickers": SWEEP_DAYS, "actions": ACTIONS_SWEEP_DAYS}

Tables = dict[str, Frame]
Steps = Mapping[str, Callable[..., Frame]]


@dataclass(frozen=True)
class Raw:
    """Rows of the four raw tables, all deliveries."""

    sep: Frame
    tickers: Frame
    actions: Frame
    daily: Frame

    def parts(self) -> dict[str, Frame]:
        return {name: getattr(self, name) for name in DATASETS}

    def mapped(self, change: Callable[[Frame], Frame]) -> "Raw":
        return Raw(**{name: change(frame) for name, frame in self.parts().items()})

    def known_at(self, instant: datetime) -> "Raw":
        """What had been received by `instant`."""
        return self.mapped(lambda frame: frame.filter(pl.col("fetched_at") <= instant))

    def changed(self, dataset: str, change: Callable[[Frame], Frame]) -> "Raw":
        return replace(self, **{dataset: change(self.parts()[dataset])})


def gathered(deliveries: Iterable[Raw]) -> Raw:
    found = list(deliveries)
    return Raw(**{name: stack(*(part.parts()[name] for part in found)) for name in DATASETS})


def bulk(market: Market, session: date) -> Raw:
    """Every table as it stands once the session's prices are out."""
    client = ViewClient(market, session)
    return Raw(**{name: parse(client.export(name)).rows for name in DATASETS})


def daily(market: Market, session: date) -> Raw:
    """What the vendor touched within the days that the ingest sweeps, the session's own rows among it."""
    client = ViewClient(market, session)
    swept = {name: client.updated_since(name, session - timedelta(days=days)) for name, days in SWEEPS.items()}
    return Raw(**{name: stack(*(parse(payload).rows for payload in payloads)) for name, payloads in swept.items()})


def _near(rows: Frame, year: int, *, days: int = 15) -> Frame:
    margin = timedelta(days=days)
    return rows.filter(pl.col("date").is_between(date(year, 1, 1) - margin, date(year, 12, 31) + margin))


def _span(rows: Frame, first: int, last: int = 9999) -> Frame:
    return rows.filter(pl.col("session").dt.year().is_between(first, last))


def market_tables(
    raw: Raw,
    *,
    years: Sequence[int],
    steps: Steps | None = None,
    made: Tables | None = None,
    sets: Sequence[FeatureSet] = tuple(FEATURE_SETS.values()),
) -> Tables:
    """Return the market and feature tables with the partitions of the given calendar years built anew.

    Args:
        raw: What has been received.
        years: Calendar years, ascending.
        steps: Stand-ins for a step's result, by table name: functions of the tables made so far, the result and the year.
        made: The tables as they stand; none by default.
        sets: Feature tables to build.
    """
    tables = dict(made or {}) | {"tickers": securities(raw.tickers, raw.actions, _spans(raw.sep))}
    for year in years:
        _build_year(tables, raw, year=year, steps=steps or {}, sets=sets)
    return tables | {"sep_base": latest_versions(tables["sep_versions"])}


def _spans(sep: Frame) -> Frame:
    return sep.group_by("source", "ticker").agg(
        pl.col("date").min().alias("first_date"), pl.col("date").max().alias("last_date")
    )


def _build_year(made: Tables, raw: Raw, *, year: int, steps: Steps, sets: Sequence[FeatureSet]) -> None:
    def put(name: str, rows: Frame) -> None:
        chosen = steps[name](made, rows, year) if name in steps else rows
        others = [made[name].filter(pl.col("session").dt.year() != year)] if name in made else []
        made[name] = stack(*others, chosen)

    def recent(name: str, back: int) -> Frame:
        return _span(made[name], year - back, year)

    put("sep_versions", build_versions(_near(raw.sep, year), raw.tickers, year=year, waivers=no_waivers()).rows)
    put("actions", corporate_actions(raw.actions, made["tickers"], recent("sep_versions", 1), year=year).rows)
    put("daily_metrics", daily_metrics(_near(raw.daily, year), raw.tickers, year=year).rows)
    returns = daily_returns(
        recent("sep_versions", 1),
        recent("actions", 1),
        made["tickers"],
        year=year,
        sessions_loaded=sessions_between(FIRST_DATE, raw.sep["date"].max()),
    )
    put("daily_returns", returns.rows)
    put("mv_liquidity_60d", liquidity_60d(recent("daily_returns", 1), year=year))
    for feature_set in sets:
        put(feature_set.name, build(feature_set, recent("daily_returns", 2), year=year))


def universe_tables(made: Tables, *, universe_years: Sequence[int], settings: Settings, steps: Steps | None = None) -> Tables:
    """Return the universes, the matrices and the targets of some universe years."""
    parts = [_universe_year(made, year=year, settings=settings, steps=steps or {}) for year in universe_years]
    return {name: stack(*(part[name] for part in parts)) for name in parts[0]}


def _universe_year(made: Tables, *, year: int, settings: Settings, steps: Steps) -> Tables:
    metrics = _span(made["daily_metrics"], year - 1)
    chosen = candidates(
        made["tickers"],
        _span(made["daily_returns"], year - 2),
        steps["marketcaps"](made, metrics, year) if "marketcaps" in steps else metrics,
        _span(made["mv_liquidity_60d"], year - 1),
        universe_year=year,
        settings=settings,
    )
    returns = _span(made["daily_returns"], year)
    universe = members(chosen, made["tickers"], returns)
    universe = steps["members"](made, universe, year) if "members" in steps else universe
    built = [name for name in FEATURE_SETS if name in made]
    features, variant = [_span(made[name], year) for name in built], "full" if set(built) == set(FEATURE_SETS) else "core"
    matrix = complete(universe, features, tickers=made["tickers"], universe_year=year, variant=variant)
    targets = with_forward_returns(matrix, returns, tickers=made["tickers"])
    return {"mid_cap_xx": chosen, "midcap_universe": universe, "feat_matrix_complete": matrix, "feat_matrix_targets": targets}


def forecasts(targets: Frame, config: ModelConfig, holdout: Holdout) -> Frame:
    """Return the predictions of one configuration."""
    return train_walk_forward(targets, config, holdout=holdout, model_id=config.name).predictions
