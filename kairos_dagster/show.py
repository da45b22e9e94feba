"""Results in the terminal: tables for people on stdout, JSON where it was asked for."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from kairos.frames import Frame
from kairos.settings import Settings, load_settings
from kairos.tables.plugins import load_plugins
from kairos.warehouse.query import run_sql
from kairos.warehouse.store import Warehouse

if TYPE_CHECKING:
    from dagster import AssetCheckEvaluation

    from kairos.warehouse.golden import Merged

MAX_ROWS = 200
NARROW = 14  # columns that fit without being wrapped
WIDTH = 118  # of a table where the terminal does not say how wide it is
STRATEGIES = """
WITH shown AS (SELECT * FROM strategy_stats WHERE tag = '{tag}'),
base AS (SELECT * FROM shown QUALIFY row_number() OVER (
  PARTITION BY universe_year, model_id, horizon, k ORDER BY abs(cost_bps - {cost}), cost_bps) = 1),
costs AS (SELECT universe_year, model_id, horizon, k,
  string_agg(format('{{:.2f}}', sharpe_net_validation), ' ' ORDER BY cost_bps) AS net FROM shown GROUP BY ALL)
SELECT replace(model_id, '_' || universe_year, '') || ' ' || horizon || 'd' AS model,
  {net_sharpe} AS "net Sharpe", {gross_sharpe} AS "gross Sharpe", {net_cagr} AS "net CAGR", {drawdown} AS "max DD",
  format('{{:.0f}}%', 100 * turnover_validation) AS traded, costs.net AS "net at {grid}", format('{{:.2f}}', dsr) AS DSR
FROM base JOIN costs USING (universe_year, model_id, horizon, k) ORDER BY sharpe_net_validation DESC NULLS LAST
"""
FACTS = """
SELECT array_to_string(list_transform(list_sort(list(DISTINCT cost_bps)), lambda cost: format('{{:g}}', cost)), '/') AS grid,
  max(n_trials) AS trials, max(holdout_spends) AS spends FROM strategy_stats WHERE tag = '{tag}'
"""
METRICS = """
SELECT model_id AS model, horizon AS h, segment, sessions, rows, format('{{:.4f}}', rank_ic) AS RankIC,
  format('{{:.1f}}', rank_ic_t) AS "HAC t", format('{{:.4f}}', ic) AS IC, format('{{:.2f}}', icir) AS ICIR,
  format('{{:.2f}}%', 100 * r2) AS R2,
  format('{{:.1f}}%', 100 * accuracy) AS accuracy, format('{{:.1f}}%', 100 * coverage) AS "in 90%"
FROM model_metrics WHERE year = 0 AND {condition} ORDER BY horizon, segment DESC, rank_ic DESC NULLS LAST
"""


SURVIVORSHIP = """
SELECT dead, names, cagr_net_survivors AS seeming, cagr_net AS true FROM survivorship_bias
"""
IN_TURN = "AND cagr_net_bias IS NOT NULL ORDER BY horizon, segment DESC LIMIT 2"


def print_sql(statement: str, *, as_json: bool) -> None:
    """Print the result of one SQL statement."""
    settings = load_settings()
    load_plugins(settings.home)  # their tables are read like any other
    frame = run_sql(Warehouse(settings.warehouse), statement)
    if as_json:
        print_json(frame)
        return
    print_frame(frame)


def print_json(frame: Frame) -> None:
    """Print a list of row objects; sums of integers as numbers, dates and instants as ISO text."""
    print(json.dumps(frame.to_dicts(), default=_plain))  # noqa: T201 - the result itself


def print_frame(frame: Frame, *, title: str = "", caption: str = "") -> None:
    """Print a frame as a table, at most 200 rows, and say when there are more."""
    shown = RichTable(
        title=title or None,
        title_justify="left",
        caption=caption or None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1),
    )
    for column in frame.columns:
        shown.add_column(column, justify="right" if frame[column].dtype.is_numeric() else "left", no_wrap=frame.width <= NARROW)
    for row in frame.head(MAX_ROWS).iter_rows():
        shown.add_row(*map(_cell, row))
    console = _console()
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
    chosen = frame.select(
        "rank", "universe_year", "tag", "model_id", "horizon", "k", "cost_bps", "sharpe_net_validation", "sharpe_net_holdout",
        "sharpe_gross_validation", "rank_ic_validation", "rank_ic_t_validation", "dsr", "pbo", "n_trials",
    )  # fmt: skip
    print_frame(chosen.rename({"universe_year": "year", "sharpe_net_validation": "net", "sharpe_net_holdout": "net holdout",
        "sharpe_gross_validation": "gross", "rank_ic_validation": "RankIC", "rank_ic_t_validation": "t", "cost_bps": "bp",
        "n_trials": "trials", "horizon": "h"}), title="Leaderboard, Sharpe ratios of the validation")  # fmt: skip


def print_strategies(settings: Settings, *, tag: str) -> None:
    """Print the strategies of one tag, validation and holdout side by side."""
    warehouse = Warehouse(settings.warehouse)
    facts = run_sql(warehouse, FACTS.format(tag=tag)).row(0, named=True)
    statement = STRATEGIES.format(
        tag=tag,
        cost=settings.cost_bps,
        grid=facts["grid"],
        net_sharpe=_pair("sharpe_net", "{:.2f}"),
        gross_sharpe=_pair("sharpe_gross", "{:.2f}"),
        net_cagr=_pair("cagr_net", "{:.1f}%", times=100),
        drawdown=_pair("max_drawdown_net", "{:.0f}%", times=100),
    )
    print_frame(
        run_sql(warehouse, statement),
        title=f"Strategies of {tag}: validation | holdout, net of {settings.cost_bps:g} bp a side",
        caption=f"traded: share of equity a session. net at {facts['grid']}: net Sharpe of the validation at these costs, bp. "
        f"DSR: net Sharpe deflated for {facts['trials']} trials. {facts['spends']} trials have read the holdout.",
    )


def print_metrics(settings: Settings, model_id: str) -> None:
    """Print a model's metrics over validation and holdout."""
    _print_metrics(settings, f"model_id = '{model_id}'")


def print_all_metrics(settings: Settings, universe_year: int) -> None:
    """Print the metrics of every model of a universe year."""
    _print_metrics(settings, f"universe_year = {universe_year}")


def _print_metrics(settings: Settings, condition: str) -> None:
    frame = run_sql(Warehouse(settings.warehouse), METRICS.format(condition=condition))
    print_frame(frame, title="Out-of-sample forecasts")


def _pair(name: str, pattern: str, *, times: int = 1) -> str:
    """Return SQL that shows validation and holdout side by side."""
    sides = (f"coalesce(format('{pattern}', {times} * {name}_{segment}), '-')" for segment in ("validation", "holdout"))
    return " || ' | ' || ".join(sides)


def known_answer_lines(evaluations: Sequence["AssetCheckEvaluation"], *, alpha: bool) -> list[str]:
    """Say what share of the embedded market's planted alpha each model found, validation and holdout side by side.

    Args:
        evaluations: Checks of the run that trained them.
        alpha: Whether alpha is planted; where it is not, the t of what they found all the same.
    """
    known = {
        check.asset_key.path[-1].removeprefix("model_metrics_"): {name: value.value for name, value in check.metadata.items()}
        for check in sorted(evaluations, key=lambda check: check.asset_key.path[-1])
        if check.check_name == "known_answer"
    }
    if not known:
        return []
    if not alpha:
        found = ", ".join(f"{model} {_figures(figures, 'rank_ic_t', '{:.1f}')}" for model, figures in known.items())
        return [f"No alpha is planted; t of what was found all the same: {found}."]
    first = next(iter(known.values()))
    prices, every = (_figures(first, name, "{:.3f}") for name in ("oracle_prices", "oracle"))
    found = ", ".join(f"{model} {_figures(figures, 'found', '{:.0%}')}" for model, figures in known.items())
    return [f"Known answer: prices tell of a RankIC of {prices} (all that is planted: {every}). Found of it: {found}."]


def _figures(figures: Mapping[str, object], name: str, pattern: str) -> str:
    """Return a figure of the first horizon, validation and holdout side by side."""
    sides = []
    for segment in ("validation", "holdout"):
        found = [value for label, value in figures.items() if label.startswith(segment) and label.split()[-1] == name]
        sides.append(pattern.format(found[0]) if found else "-")
    return " | ".join(sides)


def survivorship_lines(settings: Settings, *, tag: str, universe_year: int) -> list[str]:
    """Say what the whole universe would seem to have earned without the names that died."""
    chosen = f"tag = '{tag}' AND universe_year = {universe_year} AND model_id = 'universe' AND segment <> 'whole'"
    rows = run_sql(Warehouse(settings.warehouse), f"{SURVIVORSHIP} WHERE {chosen} {IN_TURN}").to_dicts()
    if not rows:
        return []
    seeming, true = (" | ".join(f"{100 * row[name]:.1f}%" for row in rows) for name in ("seeming", "true"))
    dead, names = rows[0]["dead"], rows[0]["names"]
    without = f"without the {dead} of {names} names that died, holding all names alike"
    return [f"Survivorship: {without} would seem to have earned {seeming} a year, not {true}."]


def print_counts(counts: Mapping[str, int], what: str) -> None:
    """Print rows per table."""
    console = _console()
    for name, rows in counts.items():
        if rows:
            console.print(f"{name:<24} {rows:>14,}")
    console.print(what)


def print_merged(merged: "Mapping[str, Merged]", what: str) -> None:
    """Print the rows of each table before and after a merge, those that gained or lost rows first."""
    grid = RichTable(box=SIMPLE_HEAD, padding=(0, 1))
    grid.add_column("table")
    for heading in ("rows before", "rows after", "change"):
        grid.add_column(heading, justify="right")
    shown = [(name, rows) for name, rows in merged.items() if rows.before or rows.after]
    for name, rows in sorted(shown, key=lambda one: one[1].before == one[1].after):
        change = rows.after - rows.before
        grid.add_row(name, f"{rows.before:,}", f"{rows.after:,}", f"{change:+,}" if change else "")
    console = _console()
    console.print(grid)
    console.print(what)


def print_lines(lines: Sequence[str]) -> None:
    """Print lines of advice."""
    console = _console()
    for line in lines:
        console.print(line, soft_wrap=True)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _plain(value: object) -> int | float | str:
    if isinstance(value, Decimal):  # DuckDB sums whole numbers into 128 bits
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
