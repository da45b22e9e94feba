"""The `kairos` command: every step of the path, each recorded in the persistent Dagster instance.

Heavy libraries are imported inside the commands, so that `kairos --help` starts at once.
"""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from kairos.errors import KairosError, SettingsError

OBJECTS_BETWEEN_COLLECTIONS = 50_000  # imports make hundreds of thousands that stay; looking them through costs half a second

app = typer.Typer(
    name="kairos",
    help="From raw US equity data to audited strategy statistics. Start with `kairos demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Year = Annotated[int, typer.Option("--year", help="Universe year: the first year of the universe.")]
Json = Annotated[bool, typer.Option("--json", help="Print a list of row objects.")]


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the embedded market.")] = 7,
    size: Annotated[str, typer.Option(help="tiny, demo or full.")] = "demo",
) -> None:
    """Run the whole path on the embedded market: vendor, warehouse, models, strategies."""
    from kairos_dagster.demo import run_demo

    run_demo(seed=seed, size=size)


@app.command("import")
def import_files(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: CSV, zip, gzip, Parquet.")],
    dataset: Annotated[
        str,
        typer.Option(
            help="sep, tickers, actions, daily, a feed, earnings_surprises, social_posts, edgar_reports, or captures."
        ),
    ],
    mapping: Annotated[
        str, typer.Option("--map", help="Our column names to theirs, for example closeadj=adj_close,session=day.")
    ] = "",
    source: Annotated[str, typer.Option(help="Who made the files; part of the ids made from their symbols.")] = "file",
) -> None:
    """Take a vendor's or your own files into the raw store, and bring the market tables up to date."""
    from kairos_dagster.steps import import_step

    import_step(paths, dataset=dataset, mapping=mapping, source=source)


@app.command("daily-download")
def daily_download(
    date: Annotated[str, typer.Option("--date", help="Session, YYYY-MM-DD.")],
    through: Annotated[str, typer.Option("--through", help="Last session of a range; the same session by default.")] = "",
) -> None:
    """Pull a session from the vendor, with its corrections, and bring the year's tables up to date."""
    from kairos_dagster.steps import daily_download_step

    daily_download_step(date, through or date)


@app.command("fundamentals-backfill")
def fundamentals_backfill() -> None:
    """Ask FMP for every company's whole history; where the call budget ends it, the same command goes on the next day."""
    from kairos_dagster.steps import fundamentals_backfill_step

    fundamentals_backfill_step()


@app.command()
def merge(
    update_golden: Annotated[Path, typer.Option("--update-golden", help="Your own DuckDB file.")],
) -> None:
    """Bring every table into your own DuckDB file, adding and replacing rows by key; repeating it changes nothing."""
    from kairos_dagster.steps import merge_step

    merge_step(update_golden)


@app.command()
def universe(year: Year) -> None:
    """Decide who was in the universe of a year, each exclusion with its reason."""
    from kairos_dagster.steps import universe_step

    universe_step(year)


@app.command()
def features(
    names: Annotated[list[str] | None, typer.Argument(metavar="TABLE", help="Feature tables; all by default.")] = None,
) -> None:
    """Build feature tables for every year with prices."""
    from kairos_dagster.steps import features_step

    features_step(names or [])


@app.command()
def matrix(
    year: Year,
    full: Annotated[bool, typer.Option("--full", help="All features; ret_1d, ret_21d, vol_21d without.")] = False,
    core: Annotated[bool, typer.Option("--core", help="The four families that models read by default.")] = False,
) -> None:
    """Build a universe year's feature matrix."""
    from kairos_dagster.steps import matrix_step

    matrix_step(year, features="full" if full else "core" if core else "base")


@app.command()
def targets(year: Year) -> None:
    """Add the forward returns over 1, 5 and 21 sessions to a universe year's matrix."""
    from kairos_dagster.steps import targets_step

    targets_step(year)


@app.command()
def train(
    config: Annotated[str, typer.Option("--config", help="Name of a configuration in configs/models, or a YAML file.")],
    year: Year,
) -> None:
    """Train a model walk-forward, with predictions, metrics, an MLflow run and CSV outputs."""
    from kairos_dagster.steps import train_step

    train_step(config, year)


@app.command()
def simulate(
    year: Year,
    tag: Annotated[str, typer.Option("--tag", help="Name of the simulation.")],
    model: Annotated[str, typer.Option("--model", help="Configuration whose scores are followed.")] = "",
    pred_file: Annotated[
        Path | None, typer.Option("--pred-file", help="CSV with date,ticker,y_pred[,y_true] in place of a model.")
    ] = None,
    k: Annotated[int | None, typer.Option("--k", help="Names held; STRAT_TOP_K by default.")] = None,
    cost_bps: Annotated[float | None, typer.Option("--cost-bps", help="Cost a side; STRAT_COST_BPS by default.")] = None,
    horizon: Annotated[int, typer.Option("--horizon", help="Sessions ahead the scores look.")] = 5,
) -> None:
    """Simulate holding the top K names, net of costs, and write `strategy_stats`."""
    from kairos_dagster.steps import simulate_step

    simulate_step(year, tag=tag, model=model, pred_file=pred_file, k=k, cost_bps=cost_bps, horizon=horizon)


@app.command()
def leaderboard(*, as_json: Json = False) -> None:
    """Show every strategy, net and gross, holdout beside validation."""
    from kairos_dagster.show import print_leaderboard

    print_leaderboard(as_json=as_json)


@app.command()
def factor(
    name: Annotated[str, typer.Argument(help="Feature, as docs/features.md lists them.")],
    year: Annotated[int | None, typer.Option("--year", help="Universe year; the newest with targets by default.")] = None,
    horizon: Annotated[int, typer.Option("--horizon", help="Sessions ahead of the figures in parts.")] = 5,
    picture: Annotated[Path | None, typer.Option("--plot", help="PNG file to draw the feature into.")] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Build the universe year's report anew.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a feature said about the returns that followed: IC, decay, quantiles, turnover, years, sectors, volatility."""
    from kairos_dagster.factor import factor_step

    factor_step(name, year=year, horizon=horizon, as_json=as_json, picture=picture, again=again)


@app.command()
def sql(statement: Annotated[str, typer.Argument(help="One SQL statement.")], *, as_json: Json = False) -> None:
    """Run SQL over the warehouse; no running pipeline can be in the way, nor you in its."""
    from kairos_dagster.show import print_sql

    print_sql(statement, as_json=as_json)


@app.command("export-duckdb")
def export_duckdb(path: Annotated[Path, typer.Argument(help="DuckDB file to write.")]) -> None:
    """Write every table into a plain DuckDB file."""
    from kairos_dagster.steps import export_step

    export_step(path)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open the Dagster UI with its schedules; history stays in KAIROS_HOME."""
    from kairos_dagster.ui import serve_ui

    serve_ui(host=host, port=port)


def main() -> None:
    """Run the command line; what a user can mend is one line on stderr and exit status 1."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    except KairosError as error:
        status = 2 if isinstance(error, SettingsError) else 1
        sys.stderr.write(f"kairos: {error}\n")
        sys.exit(status)
    except OSError as error:  # a disk that is full or may not be written; what was written before is whole
        sys.stderr.write(
            f"kairos: {error.filename or 'the disk'}: {error.strerror or error}. Mend it and run the command again.\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
