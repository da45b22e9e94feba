"""One function per step of the path; each materialises the assets that a person would click in the UI."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from kairos.calendar import require_session, sessions_between
from kairos.errors import NotFoundError, SettingsError
from kairos.settings import Settings, load_settings
from kairos_dagster.progress import Progress, materialise

DATASETS = ("sep", "tickers", "actions", "daily")
CAPTURES, BACKFILL = "captures", "fundamentals"  # what may be asked of raw_payloads_bulk beside a dataset's files
MARKET = (
    "tickers", "sep_versions", "sep_base", "sp500", "corrections", "actions", "daily_metrics", "daily_returns",
    "mv_liquidity_60d",
)  # fmt: skip
MEMBERS = ("sp500", "corrections")
PRICES = ("sep_versions", "sep_base", "corrections")
CORE_FEATURES = ("feat_price_action", "feat_trend", "feat_volatility", "feat_volume")  # what models read by default
FEATURES = (
    *CORE_FEATURES,
    *("feat_momentum", "feat_reversal", "feat_liquidity", "feat_market_relative", "feat_seasonality", "feat_cross_section"),
    "feat_alpha158",
)
RAW_DAILY = ("raw_payloads", "raw_tickers", "raw_actions", "raw_sep", "raw_daily")
RAW_FEEDS = (
    "fmp_income_statement", "fmp_balance_sheet", "fmp_cash_flow", "fmp_key_metrics", "fmp_ratios", "fmp_analyst_estimates",
    "fmp_rating", "fmp_profile", "fmp_news", "fmp_social", "sf1", "sp500", "quiver_congress", "quiver_insiders",
    "quiver_social",
)  # fmt: skip
ARCHIVES = ("earnings_surprises", "social_posts")
FEEDS_DAILY = ("raw_payloads_feeds", *(f"raw_{name}" for name in RAW_FEEDS))
FUNDAMENTALS = (
    "fmp_income_statement", "fmp_balance_sheet", "fmp_cash_flow", "fmp_key_metrics", "fmp_ratios", "fmp_analyst_estimates",
    "fmp_rating", "dim_company_profile", "fmp_news", "earnings_surprises", "social_features", "quality_results",
    "feat_fundamentals", "feat_revisions", "fmp_revisions_cs", "fundamentals_factors_v1",
)  # fmt: skip
SIMULATION = (
    "simulation_daily", "simulation_holdings", "simulation_trades", "survivorship_bias", "strategy_stats", "leaderboard"
)  # fmt: skip
UNIVERSE = ("mid_cap_xx", "midcap_universe")


def import_step(paths: Sequence[Path], *, dataset: str, mapping: str, source: str, progress: Progress | None = None) -> None:
    """Bring files in and refresh the tables of every year with prices that follow from them."""
    from kairos.sources.files import parse_mapping
    from kairos.sources.layouts import LAYOUTS

    known = (*DATASETS, *RAW_FEEDS, *ARCHIVES, CAPTURES, *LAYOUTS)
    if dataset not in known:
        raise SettingsError(f"--dataset {dataset!r}: expected one of {', '.join(known)}.")
    settings, shown = load_settings(), progress or Progress()
    shown.heading(f"Importing {dataset}")
    own = parse_mapping([part for part in mapping.split(",") if part])
    inside = LAYOUTS.get(dataset, {dataset: {}})
    for name, columns in inside.items():
        bring_in(paths, dataset=name, mapping={**columns, **own}, source=source, progress=shown)
    datasets = RAW_FEEDS if dataset == CAPTURES else tuple(inside)
    for name in datasets:
        _tell_set_aside(settings, name, source, shown)
    if dataset in ("sp500", CAPTURES) and (years := years_with_raw_prices(settings)):
        materialise(settings, MEMBERS, progress=shown, partitions=years)
    if dataset not in DATASETS:
        refresh_fundamentals(settings, shown)
        return
    if dataset == "sep":
        _hint_at_price_returns(settings, source, shown)
    refresh_market(settings, shown)


def bring_in(
    paths: Sequence[Path], *, dataset: str, progress: Progress, mapping: Mapping[str, str] | None = None, source: str = "file"
) -> None:
    """Take files into the payload store and read their rows."""
    config = {
        "paths": [str(path.resolve()) for path in paths],
        "dataset": dataset,
        "mapping": dict(mapping or {}),
        "source": source,
    }
    parsed = [f"raw_{name}_bulk" for name in (RAW_FEEDS if dataset == CAPTURES else (dataset,))]
    run_config = {"ops": {"raw_payloads_bulk": {"config": config}}}
    materialise(load_settings(), ["raw_payloads_bulk", *parsed], progress=progress, run_config=run_config)


def refresh_fundamentals(settings: Settings, progress: Progress) -> None:
    """Rebuild every fundamental table of every year with prices."""
    years = years_with_raw_prices(settings)
    if not years:
        progress.line("no price rows yet; the fundamental tables follow with the first `--dataset sep`.")
        return
    progress.heading(f"Fundamentals {years[0]} to {years[-1]}")
    materialise(settings, FUNDAMENTALS, progress=progress, partitions=years)


def fundamentals_backfill_step(*, progress: Progress | None = None) -> None:
    """Ask FMP for the whole history of every company that has not been asked about, and rebuild what follows from it."""
    from kairos_dagster.runs import RunFailedError

    settings, shown = load_settings(), progress or Progress()
    shown.heading("Backfill of fundamentals")
    run_config = {"ops": {"raw_payloads_bulk": {"config": {"dataset": BACKFILL}}}}
    ended: RunFailedError | None = None
    try:
        materialise(settings, ["raw_payloads_bulk"], progress=shown, run_config=run_config)
    except RunFailedError as error:  # on a small budget it takes months; the tables hold what each day of it has brought
        ended = error
    materialise(settings, [f"raw_{name}_bulk" for name in RAW_FEEDS if name.startswith("fmp_")], progress=shown)
    refresh_fundamentals(settings, shown)
    if ended is not None:
        raise ended


def _tell_set_aside(settings: Settings, dataset: str, source: str, progress: Progress) -> None:
    """Say how many of a source's rows and values could not even be read as rows."""
    import polars as pl

    from kairos.tables.raw import QUARANTINE
    from kairos.warehouse.store import Warehouse

    lines = Warehouse(settings.warehouse).scan(QUARANTINE).filter(writer=f"raw_{dataset}", source=source)
    counts = lines.group_by("reason").len().sort(pl.col("len"), "reason", descending=[True, False]).collect()
    if counts.height:
        said = ", ".join(f"{reason} {count:,}" for reason, count in counts.iter_rows())
        progress.line(f"set aside so far of {source}: {said}; see the table `quarantine`.")


def _hint_at_price_returns(settings: Settings, source: str, progress: Progress) -> None:
    """Say so when a source has come without adjusted prices: that is a choice, but seldom a wanted one."""
    import polars as pl

    from kairos.tables.raw import RAW_SEP_BULK
    from kairos.warehouse.store import Warehouse

    rows = Warehouse(settings.warehouse).scan(RAW_SEP_BULK).filter(pl.col("source") == source)
    if not rows.select(pl.col("closeadj").count()).collect().item():
        progress.line(
            "no closeadj: returns are price returns, without dividends. If the file has an adjusted close, import it again "
            "with --map closeadj=ITS_COLUMN and another --source."
        )


def daily_download_step(first: str, last: str, *, progress: Progress | None = None) -> None:
    """Pull sessions from the vendor and refresh every year that they brought rows of."""
    from kairos.market.loaded import years_touched
    from kairos.warehouse.store import Warehouse

    settings, shown = load_settings(), progress or Progress()
    begin, end = require_session(_parse_date(first)), require_session(_parse_date(last))
    sessions = sessions_between(begin, end)
    days = [day.isoformat() for day in sessions]
    if not days:
        raise SettingsError(f"--date {first} --through {last}: the range is empty; --through must not be earlier.")
    shown.heading(f"Downloading {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else ""))
    materialise(settings, RAW_DAILY, progress=shown, partitions=days)
    touched = years_touched(Warehouse(settings.warehouse), sessions)
    for years, assets in ((touched.prices, PRICES), (touched.everything, (*MARKET, *features_kept(settings)))):
        if years:
            shown.heading(f"Refreshing {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else ""))
            materialise(settings, assets, progress=shown, partitions=[str(year) for year in years], only_changed=True)
    if settings.feeds_on:
        download_feeds(settings, sessions, shown)


def features_kept(settings: Settings) -> tuple[str, ...]:
    """Return the feature tables that an evening brings up to date: the core, and those that somebody has had built."""
    from kairos.tables.registry import TABLES
    from kairos.warehouse.store import Warehouse

    warehouse = Warehouse(settings.warehouse)
    built = {name for name in FEATURES if warehouse.version(TABLES[name]) is not None}
    return tuple(name for name in FEATURES if name in built or name in CORE_FEATURES)


def download_feeds(settings: Settings, sessions: Sequence[date], progress: Progress) -> None:
    """Pull the feeds of sessions, and rebuild the fundamental tables of the years that they brought news of."""
    from kairos.fundamentals.touched import years_of_news
    from kairos.warehouse.store import Warehouse

    progress.heading("Feeds")
    pull_feeds(settings, sessions, progress)
    years = years_of_news(Warehouse(settings.warehouse), sessions)
    brought = (*FUNDAMENTALS, *MEMBERS)
    materialise(settings, brought, progress=progress, partitions=[str(year) for year in years], only_changed=True)


def pull_feeds(settings: Settings, sessions: Sequence[date], progress: Progress) -> None:
    """Ask the feeds about the companies that are due on each session, and read their rows."""
    materialise(settings, FEEDS_DAILY, progress=progress, partitions=[day.isoformat() for day in sessions])


def refresh_market(settings: Settings, progress: Progress) -> list[str]:
    """Rebuild securities and every yearly market table that has raw rows; return the years."""
    years = years_with_raw_prices(settings)
    if not years:
        progress.line("no price rows yet; the market tables follow with the first `--dataset sep`.")
        return []
    progress.heading(f"Market tables {years[0]} to {years[-1]}")
    materialise(settings, MARKET, progress=progress, partitions=years)
    return years


def universe_step(year: int) -> None:
    """Decide a universe year."""
    settings = load_settings()
    materialise(settings, UNIVERSE, progress=Progress(), partitions=[universe_key(settings, year)])


def features_step(names: Sequence[str] = (), *, progress: Progress | None = None) -> None:
    """Build feature tables, all by default, of every year with prices."""
    settings = load_settings()
    unknown = [name for name in names if name not in FEATURES]
    if unknown:
        raise NotFoundError(f"features: no table {unknown[0]}; expected some of {', '.join(FEATURES)}.")
    years = years_with_raw_prices(settings)
    if not years:
        raise NotFoundError("no prices in the warehouse; import files or download sessions first.")
    materialise(settings, names or FEATURES, progress=progress or Progress(), partitions=years)


def matrix_step(year: int, *, features: str) -> None:
    """Build a universe year's matrix: base, core or full."""
    settings = load_settings()
    config = {"ops": {"feat_matrix_complete": {"config": {"features": features}}}}
    key = universe_key(settings, year)
    materialise(settings, ["feat_matrix_complete"], progress=Progress(), partitions=[key], run_config=config)


def targets_step(year: int) -> None:
    """Add forward returns, and seal the holdout at the first build."""
    settings = load_settings()
    key = universe_key(settings, year)
    materialise(settings, ["feat_matrix_targets", "holdout_ledger"], progress=Progress(), partitions=[key])


def train_step(config: str, year: int) -> None:
    """Train one configuration."""
    from kairos_dagster.configs import adopt_config
    from kairos_dagster.show import print_metrics

    settings = load_settings()
    key = universe_key(settings, year)
    name = adopt_config(settings, config)
    assets = [f"{kind}_{name}" for kind in ("model", "predictions", "model_metrics", "shap_importance")]
    materialise(settings, assets, progress=Progress(), partitions=[key])
    print_metrics(settings, f"{name}_{key}")


def simulate_step(
    year: int, *, tag: str, model: str, pred_file: Path | None, k: int | None, cost_bps: float | None, horizon: int
) -> None:
    """Simulate a model's or a file's scores."""
    from kairos_dagster.show import print_strategies

    settings = load_settings()
    if bool(model) == bool(pred_file):
        raise SettingsError("simulate: give either --model NAME or --pred-file FILE, and not both.")
    config: dict[str, Any] = {
        "tag": tag,
        "models": [model] if model else [],
        "pred_file": str(pred_file.resolve()) if pred_file else "",
        "k": k or settings.top_k,
        "costs_bps": [settings.cost_bps if cost_bps is None else cost_bps],
        "horizon": horizon,
    }
    run_config = {"ops": {"simulation": {"config": config}}}
    materialise(settings, SIMULATION, progress=Progress(), partitions=[universe_key(settings, year)], run_config=run_config)
    print_strategies(settings, tag=tag)


def merge_step(target: Path) -> None:
    """Merge every table into the user's own DuckDB file."""
    from kairos.warehouse.golden import merge_into
    from kairos.warehouse.store import Warehouse
    from kairos_dagster.show import print_merged

    print_merged(merge_into(Warehouse(load_settings().warehouse), target), f"merged into {target}")


def export_step(target: Path) -> None:
    """Write every table into a plain DuckDB file."""
    from kairos.tables.plugins import load_plugins
    from kairos.warehouse.query import export_duckdb
    from kairos.warehouse.store import Warehouse

    settings = load_settings()
    load_plugins(settings.home)  # their tables are written like any other
    _print_counts(export_duckdb(Warehouse(settings.warehouse), target), f"written to {target}")


def years_with_raw_prices(settings: Settings) -> list[str]:
    """Return every calendar year from the first to the last raw price row."""
    from kairos.market.loaded import years_loaded
    from kairos.warehouse.store import Warehouse

    return [str(year) for year in years_loaded(Warehouse(settings.warehouse))]


def universe_key(settings: Settings, year: int) -> str:
    """Return the partition key of a universe year.

    Raises:
        NotFoundError: There are no prices, or none in that year.
    """
    years = years_with_raw_prices(settings)
    if not years:
        raise NotFoundError(f"universe year {year}: the warehouse holds no prices; import files or download sessions first.")
    if str(year) not in years:
        raise NotFoundError(f"universe year {year}: prices cover {years[0]} to {years[-1]}; choose a year after {years[0]}.")
    return str(year)


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--date {text!r}: expected YYYY-MM-DD, for example 2017-06-30.") from None


def _print_counts(counts: dict[str, int], what: str) -> None:
    from kairos_dagster.show import print_counts

    print_counts(counts, what)
