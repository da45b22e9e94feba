"""`kairos demo`: the whole path on the embedded market, from a vendor's HTTP answers to a table of strategies."""

import time
from datetime import date, datetime, timedelta

from kairos.calendar import prices_known_at, session_offset
from kairos.errors import SettingsError
from kairos.sandbox.sizes import SIZES
from kairos.settings import Settings, load_settings, write_settings_file
from kairos_dagster.progress import Progress, materialise
from kairos_dagster.steps import (
    CAPTURES,
    CORE_FEATURES,
    MARKET,
    RAW_DAILY,
    SIMULATION,
    UNIVERSE,
    bring_in,
    pull_feeds,
    refresh_fundamentals,
    years_with_raw_prices,
)

LIVE_SESSIONS = 5  # pulled one by one after the bulk export, as on ordinary evenings
CAPTURE_YEARS = 1  # how long before the last session the collector began; SF1 tells of the time before
RAW_BULK = ("raw_payloads_bulk", "raw_tickers_bulk", "raw_actions_bulk", "raw_sep_bulk", "raw_daily_bulk")
MATRIX = ("feat_matrix_complete", "feat_matrix_targets", "holdout_ledger")
TOP_K = {"tiny": 5, "demo": 20, "full": 50}
MIN_YEARS_TO_TRAIN = 4


def run_demo(*, seed: int, size: str) -> None:
    """Generate the market, ingest it over HTTP, build every table, train, simulate and show the strategies.

    Raises:
        SettingsError: The home holds data that is not of the embedded market, or the size is unknown.
    """
    if size not in SIZES:
        raise SettingsError(f"--size {size!r}: expected one of {', '.join(SIZES)}.")
    shown, began = Progress(), time.monotonic()
    settings = load_settings()
    _refuse_foreign_home(settings, seed=seed, size=size)
    sessions = SIZES[size].sessions
    last = sessions[-1]
    live_from = session_offset(last, -LIVE_SESSIONS)
    settings = _set_up(settings, seed=seed, size=size, now=evening(live_from))
    shown.heading(f"Embedded market: {SIZES[size].names:,} names, {sessions[0]} to {last}, seed {seed}")
    shown.line("bulk export over HTTP, as on the first day with a vendor")
    materialise(settings, RAW_BULK, progress=shown)
    _feeds(settings, shown, live_from)
    settings = _set_up(settings, seed=seed, size=size, now=evening(last))
    days = [day.isoformat() for day in sessions if day > live_from]
    shown.heading(f"Daily ingest, {days[0]} to {days[-1]}")
    materialise(settings, RAW_DAILY, progress=shown, partitions=days)
    years = years_with_raw_prices(settings)
    shown.heading(f"Market and features, {years[0]} to {years[-1]}")
    materialise(settings, (*MARKET, *CORE_FEATURES), progress=shown, partitions=years)
    refresh_fundamentals(settings, shown)
    _model_and_simulate(settings, shown, years)
    shown.line(f"{time.monotonic() - began:.0f} s in all; everything lies in {settings.home}")


def _feeds(settings: Settings, shown: Progress, live: date) -> None:
    """Bring in what a collector would have kept of the feeds, then ask them over HTTP, as on an ordinary evening."""
    from kairos.sandbox.captures import write_captures
    from resources.vendor import captures_folder, embedded_market

    folder, began = captures_folder(settings), date(live.year - CAPTURE_YEARS, 1, 1)
    write_captures(embedded_market(settings), folder, evening(session_offset(live, -1)), since=began, monthly=True)
    shown.heading(f"Feeds: captures since {began.year}, SF1 for the time before; then the session {live} over HTTP")
    bring_in([folder], dataset=CAPTURES, progress=shown)
    materialise(settings, ["tickers"], progress=shown)
    pull_feeds(settings, [live], shown)


def _model_and_simulate(settings: Settings, shown: Progress, years: list[str]) -> None:
    """Build the second simulated year's universe, train every model and simulate it; show what came out."""
    from kairos.models.catalogue import model_configs
    from kairos_dagster.show import (
        known_answer_lines,
        print_all_metrics,
        print_lines,
        print_strategies,
        survivorship_lines,
    )

    if len(years) < MIN_YEARS_TO_TRAIN:
        shown.line(f"{len(years)} year(s) of prices are too few to train on; the demo ends with the features.")
        return
    key = years[1]
    shown.heading(f"Universe year {key}: universe, matrix, targets, models, strategies")
    trained = [
        f"{kind}_{config.name}"
        for config in model_configs(settings)
        for kind in ("model", "predictions", "model_metrics", "shap_importance")
    ]
    done = materialise(settings, (*UNIVERSE, *MATRIX, *trained, *SIMULATION), progress=shown, partitions=[key])
    print_all_metrics(settings, int(key))
    print_lines(known_answer_lines(done.get_asset_check_evaluations(), alpha=settings.sandbox_alpha))
    print_strategies(settings, tag=f"top{settings.top_k}")
    print_lines(survivorship_lines(settings, tag=f"top{settings.top_k}", universe_year=int(key)))
    print_lines(_advice(settings, key))


def _set_up(settings: Settings, *, seed: int, size: str, now: datetime) -> Settings:
    """Write the settings of the embedded market into the home, so that the UI and later commands use it too."""
    values = {
        "KAIROS_VENDOR": "sandbox",
        "KAIROS_SANDBOX_SIZE": size,
        "KAIROS_SANDBOX_SEED": str(seed),
        "KAIROS_SANDBOX_ALPHA": str(settings.sandbox_alpha).lower(),
        "KAIROS_NOW": now.isoformat(),
        "STRAT_TOP_K": str(TOP_K[size]),
        "ENABLE_FMP": "true",
        "ENABLE_FMP_SOCIAL": "true",
        "ENABLE_SF1": "true",
        "ENABLE_SP500": "true",
        "QUIVER_API_KEY": "embedded",  # switches the feed on; the embedded market has a key of its own
    }
    write_settings_file(settings.home, values)
    return load_settings(home=settings.home)


def _refuse_foreign_home(settings: Settings, *, seed: int, size: str) -> None:
    """Never mix the embedded market with real data, or with another seed's."""
    from resources.vendor import market_folder

    if not years_with_raw_prices(settings):
        return
    same = (settings.vendor, settings.sandbox_size, settings.sandbox_seed) == ("sandbox", size, seed)
    if not (same and market_folder(settings).is_dir()):
        alpha = "with" if settings.sandbox_alpha else "without"
        raise SettingsError(
            f"{settings.home} holds prices that are not of the embedded market (size {size}, seed {seed}, {alpha} alpha). "
            "Set KAIROS_HOME to an empty folder for the demo."
        )


def evening(session: date) -> datetime:
    """Two hours after a session's prices are published."""
    return prices_known_at(session) + timedelta(hours=2)


def _advice(settings: Settings, key: str) -> list[str]:
    return [
        "",
        "[bold]What next[/]",
        "  make ui                                    every table above as an asset, with lineage, checks and plots",
        '  .venv/bin/kairos sql "SELECT * FROM strategy_stats"',
        f"  .venv/bin/kairos simulate --year {key} --model ridge --k 10 --tag narrow",
        f'  .venv/bin/kairos sql "FROM mid_cap_{key} SELECT reason, count(*) GROUP BY 1 ORDER BY 2 DESC"',
        "  .venv/bin/kairos import prices.parquet --dataset sep --map closeadj=adj_close   (with KAIROS_HOME elsewhere)",
        "  mlflow: " + f".venv/bin/mlflow ui --backend-store-uri sqlite:///{settings.home / 'mlflow.db'}",
    ]
