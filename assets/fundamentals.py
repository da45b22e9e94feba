"""Fundamental assets: what the feeds' payloads say of each security, every version from the instant it was known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from assets.recipe import Proof
from assets.table_asset import Work, table_asset
from kairos.features.core import FeatureSet
from kairos.features.leaks.gate import prove_year
from kairos.features.leaks.subject import Subject, Tables
from kairos.features.registry import FACT_SETS
from kairos.frames import Frame, stack
from kairos.fundamentals.checks import NOTHING_FROM_THE_FUTURE
from kairos.fundamentals.factors import factors
from kairos.fundamentals.features import build_fundamentals, build_revisions
from kairos.fundamentals.panel import Facts
from kairos.fundamentals.revisions import revisions_cs
from kairos.fundamentals.social import social_features
from kairos.fundamentals.surprises import NOT_BEFORE_ITS_RELEASE
from kairos.fundamentals.versions import (
    estimate_versions,
    news_versions,
    profile_versions,
    rating_versions,
    statement_versions,
    surprise_versions,
)
from kairos.fundamentals.years import of_year
from kairos.market.waivers import read_waivers
from kairos.plots.tables import missingness
from kairos.quality.gate import require_fit
from kairos.tables import features, market, quality
from kairos.tables import fundamentals as tables
from kairos.tables.archives import RAW_ARCHIVES
from kairos.tables.core import Check, Cleaned, Table
from kairos.tables.feeds import RAW_FEEDS, RAW_FEEDS_BULK
from resources.table_io import ALL_DAYS, Read

PROVEN = (NOTHING_FROM_THE_FUTURE,)
YEARS_BACK = 4  # a year-ago sum of four quarters goes back over two years, and a late filer's further
METRICS = (tables.FMP_KEY_METRICS, tables.FMP_RATIOS)
STATEMENTS = (tables.FMP_INCOME_STATEMENT, tables.FMP_BALANCE_SHEET, tables.FMP_CASH_FLOW)


def _received(*datasets: str) -> tuple[Read, ...]:
    """Whole deliveries: what a version says depends on every one before it."""
    return tuple(Read(raw[name], neighbour_days=ALL_DAYS) for name in datasets for raw in (RAW_FEEDS, RAW_FEEDS_BULK))


@dataclass
class _Whole:
    """All versions of a table, made once for all years of a run."""

    make: Callable[..., Cleaned]
    _made: dict[tuple[str, tuple[tuple[str, int], ...]], Cleaned] = field(default_factory=dict)

    def year(self, work: Work, frames: dict[str, Frame]) -> Cleaned:
        """Return the rows of the year, and what was set aside of it."""
        run = (work.context.run_id, tuple(work.reads.items()))
        if run not in self._made:
            self._made = {run: self.make(frames)}
        return of_year(self._made[run], work.year)


def _versions_asset(
    table: Table,
    datasets: tuple[str, ...],
    make: Callable[[dict[str, Frame]], Cleaned],
    *,
    archives: tuple[str, ...] = (),
    checks: tuple[Check, ...] = (),
) -> dg.AssetsDefinition:
    whole = _Whole(make)

    def fill(work: Work, **received: Frame) -> Cleaned:
        """Every version stays visible from its own known_at on; what no security bears goes to `quarantine`."""
        return whole.year(work, received)

    files = tuple(Read(RAW_ARCHIVES[name], neighbour_days=ALL_DAYS) for name in archives)
    return table_asset(table, reads=(*_received(*datasets), *files, Read(market.TICKERS)), checks=checks)(fill)


def _both(frames: dict[str, Frame], dataset: str) -> Frame:
    return stack(frames[f"raw_{dataset}"], frames[f"raw_{dataset}_bulk"])


def _statement_asset(table: Table, *, stamped: bool) -> dg.AssetsDefinition:
    def make(frames: dict[str, Frame]) -> Cleaned:
        income = None if stamped else _both(frames, "fmp_income_statement")
        sf1 = _both(frames, "sf1")
        return statement_versions(table, _both(frames, table.name), sf1, frames["tickers"], raw_income=income)

    datasets = (table.name, "sf1") if stamped else (table.name, "fmp_income_statement", "sf1")
    return _versions_asset(table, datasets, make)


def _snapshot_asset(table: Table, dataset: str, versions: Callable[[Frame, Frame], Cleaned]) -> dg.AssetsDefinition:
    return _versions_asset(table, (dataset,), lambda frames: versions(_both(frames, dataset), frames["tickers"]))


STATEMENT_ASSETS = [
    *(_statement_asset(table, stamped=True) for table in STATEMENTS),
    *(_statement_asset(table, stamped=False) for table in METRICS),
]
SNAPSHOT_ASSETS = [
    _snapshot_asset(tables.FMP_ANALYST_ESTIMATES, "fmp_analyst_estimates", estimate_versions),
    _snapshot_asset(tables.FMP_RATING, "fmp_rating", rating_versions),
    _snapshot_asset(tables.DIM_COMPANY_PROFILE, "fmp_profile", profile_versions),
    _snapshot_asset(tables.FMP_NEWS, "fmp_news", news_versions),
]
SOCIAL = _versions_asset(
    tables.SOCIAL_FEATURES,
    ("fmp_social", "quiver_social"),
    lambda frames: social_features(
        _both(frames, "fmp_social"),
        _both(frames, "quiver_social"),
        frames["tickers"],
        raw_posts=frames["raw_social_posts_bulk"],
    ),
    archives=("social_posts",),
    checks=PROVEN,
)
SURPRISES = _versions_asset(
    tables.EARNINGS_SURPRISES,
    (),
    lambda frames: surprise_versions(frames["raw_earnings_surprises_bulk"], frames["tickers"]),
    archives=("earnings_surprises",),
    checks=(NOT_BEFORE_ITS_RELEASE,),
)


def _fit(work: Work) -> None:
    """Hold up a year of which `quality_results` says that its data are wrong."""
    judged = quality.QUALITY_RESULTS
    results = work.platform.warehouse.read(judged, version=work.reads.get(judged.name))
    require_fit(results, year=work.year, waivers=read_waivers(work.platform.settings.home))


def _splits(work: Work) -> Frame:
    """All splits, those after the year too: a share count fetched later stands on a later basis."""
    return work.platform.warehouse.read(market.ACTIONS, version=work.reads.get(market.ACTIONS.name))


def _proof(feature_set: FeatureSet, build: Callable[..., Frame]) -> Proof:
    """The leak prover's work on a set over facts; splits are no part of it, since they only undo the vendor's rebasing."""

    def proof(work: Work, tables: Tables) -> Frame:
        splits = _splits(work)

        def make(changed: Tables) -> Frame:
            return build(changed["daily_returns"], _facts(changed, splits), year=work.year)

        return prove_year(Subject(feature_set.name, feature_set.names, make, per_name=True), tables, year=work.year)

    return proof


def _facts(frames: Tables, splits: Frame) -> Facts:
    """The facts of a year's features."""
    return Facts(
        income=frames["fmp_income_statement"],
        balance=frames["fmp_balance_sheet"],
        cash_flow=frames["fmp_cash_flow"],
        estimates=frames["fmp_analyst_estimates"],
        ratings=frames["fmp_rating"],
        daily_metrics=frames["daily_metrics"],
        actions=splits,
    )


FACTS = (
    *(Read(table, years_back=YEARS_BACK) for table in (*STATEMENTS, tables.FMP_ANALYST_ESTIMATES, tables.FMP_RATING)),
    Read(market.DAILY_METRICS, years_back=1),
    Read(market.DAILY_RETURNS),
)
BESIDE = (Read(market.ACTIONS), Read(quality.QUALITY_RESULTS))


@table_asset(
    features.FEAT_FUNDAMENTALS,
    reads=FACTS,
    deps=BESIDE,
    checks=PROVEN,
    plot=missingness,
    proof=_proof(FACT_SETS["feat_fundamentals"], build_fundamentals),
)
def feat_fundamentals(work: Work, daily_returns: Frame, **facts: Frame) -> Frame:
    """Of every fact the newest version that was known at the session's close, and of periods the newest that was."""
    _fit(work)
    return build_fundamentals(daily_returns, _facts(facts, _splits(work)), year=work.year)


@table_asset(
    features.FEAT_REVISIONS,
    reads=FACTS,
    deps=BESIDE,
    checks=PROVEN,
    plot=missingness,
    proof=_proof(FACT_SETS["feat_revisions"], build_revisions),
)
def feat_revisions(work: Work, daily_returns: Frame, **facts: Frame) -> Frame:
    """Estimates and ratings as the snapshots of the time showed them; none before the first snapshot."""
    _fit(work)
    return build_revisions(daily_returns, _facts(facts, _splits(work)), year=work.year)


@table_asset(tables.FMP_REVISIONS_CS, reads=(Read(features.FEAT_REVISIONS),), checks=PROVEN)
def fmp_revisions_cs(work: Work, feat_revisions: Frame) -> Frame:
    """Each revision beside the others of its session."""
    return revisions_cs(feat_revisions)


@table_asset(
    tables.FUNDAMENTALS_FACTORS_V1,
    reads=(
        Read(features.FEAT_FUNDAMENTALS),
        Read(market.MV_LIQUIDITY_60D),
        Read(tables.DIM_COMPANY_PROFILE, years_back=YEARS_BACK),
        Read(market.TICKERS),
    ),
    checks=PROVEN,
    plot=missingness,
)
def fundamentals_factors_v1(
    work: Work, *, feat_fundamentals: Frame, mv_liquidity_60d: Frame, dim_company_profile: Frame, tickers: Frame
) -> Frame:
    """Z-scores within the session's sector; debt enters quality with a minus."""
    return factors(feat_fundamentals, mv_liquidity_60d=mv_liquidity_60d, profiles=dim_company_profile, tickers=tickers)
