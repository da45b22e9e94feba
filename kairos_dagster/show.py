"""Results in the terminal: tables for people on stdout, JSON where it was asked for."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from kairos.frames import Frame
from kairos.settings import Settings, load_settings
from kairos.warehouse.query import run_sql
from kairos.warehouse.store import Warehouse

MAX_ROWS = 200
STRATEGY_COLUMNS = {
    "tag": "tag",
    "model_id": "model",
    "horizon": "h",
    "k": "K",
    "cost_bps": "bp",
    "sharpe_net_validation": "net Sharpe valid.",
    "sharpe_net_holdout": "net Sharpe holdout",
    "sharpe_gross_validation": "gross Sharpe valid.",
    "sharpe_gross_holdout": "gross Sharpe holdout",
    "cagr_net_validation": "net CAGR valid.",
    "cagr_net_holdout": "net CAGR holdout",
    "max_drawdown_net_holdout": "max DD holdout",
    "turnover_validation": "turnover",
    "dsr": "DSR",
    "n_trials": "trials",
    "holdout_spends": "spends",
}
PERCENT = ("cagr", "max_drawdown", "turnover", "hit_rate")


def print_sql(statement: str, *, as_json: bool) -> None:
    """Print the result of one SQL statement."""
    settings = load_settings()
    frame = run_sql(Warehouse(settings.warehouse), statement)
    if as_json:
        print_json(frame)
        return
    print_frame(frame)


def print_json(frame: Frame) -> None:
    """Print a list of row objects; dates and instants as ISO text."""
    print(json.dumps(frame.to_dicts(), default=str))  # noqa: T201 - the result itself


def print_frame(frame: Frame, *, title: str = "", names: Mapping[str, str] | None = None) -> None:
    """Print a frame as a table, at most 200 rows, and say when there are more."""
    shown = RichTable(title=title or None, title_justify="left")
    for column in frame.columns:
        shown.add_column((names or {}).get(column, column), justify="right" if frame[column].dtype.is_numeric() else "left")
    for row in frame.head(MAX_ROWS).iter_rows(named=True):
        shown.add_row(*(_cell(name, value) for name, value in row.items()))
    console = Console()
    console.print(shown)
    if frame.height > MAX_ROWS:
        console.print(f"{frame.height - MAX_ROWS:,} more rows; add a LIMIT or --json.")


def print_leaderboard(*, as_json: bool) -> None:
    """Print every strategy, best net validation Sharpe first."""
    settings = load_settings()
    frame = run_sql(Warehouse(settings.warehouse), "SELECT * FROM leaderboard ORDER BY rank")
    if as_json:
        print_json(frame)
        return
    print_frame(frame, title="Leaderboard")


def print_strategies(settings: Settings, *, tag: str) -> None:
    """Print the strategies of one tag."""
    listed = ", ".join(STRATEGY_COLUMNS)
    statement = f"SELECT {listed} FROM strategy_stats WHERE tag = '{tag}' ORDER BY sharpe_net_validation DESC NULLS LAST"  # noqa: S608 - tags are checked names
    print_frame(run_sql(Warehouse(settings.warehouse), statement), title="Strategies, net of costs", names=STRATEGY_COLUMNS)


def print_metrics(settings: Settings, model_id: str) -> None:
    """Print a model's metrics over validation and holdout."""
    _print_metrics(settings, f"model_id = '{model_id}'")


def print_all_metrics(settings: Settings, universe_year: int) -> None:
    """Print the metrics of every model of a universe year."""
    _print_metrics(settings, f"universe_year = {universe_year}")


def _print_metrics(settings: Settings, condition: str) -> None:
    statement = (
        "SELECT model_id, horizon, segment, sessions, rows, rank_ic, rank_ic_t, ic, icir, r2, accuracy, sharpe, coverage "  # noqa: S608 - conditions are made of checked names
        f"FROM model_metrics WHERE year = 0 AND {condition} ORDER BY model_id, horizon, segment DESC"
    )
    print_frame(
        run_sql(Warehouse(settings.warehouse), statement), title="Out-of-sample forecasts", names={"rank_ic_t": "HAC t"}
    )


def print_counts(counts: Mapping[str, int], what: str) -> None:
    """Print rows per table."""
    console = Console()
    for name, rows in counts.items():
        if rows:
            console.print(f"{name:<24} {rows:>14,}")
    console.print(what)


def print_lines(lines: Sequence[str]) -> None:
    """Print lines of advice."""
    console = Console(highlight=False)
    for line in lines:
        console.print(line)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401 - a cell holds any type
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1%}" if name.startswith(PERCENT) else f"{value:.4g}"
    return str(value)
