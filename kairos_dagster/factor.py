"""`kairos factor NAME`: what one feature said about the returns that followed."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from kairos.errors import NotFoundError
from kairos.features.core import Feature
from kairos.features.registry import FACT_SETS, FEATURE_SETS
from kairos.frames import Frame
from kairos.models.ledger import SEALED
from kairos.settings import Settings, load_settings
from kairos.tables.factors import FACTOR_REPORT, REGIMES, SPLITS
from kairos.tables.models import HOLDOUT_LEDGER
from kairos.warehouse.store import Warehouse
from kairos_dagster.progress import Progress, materialise
from kairos_dagster.show import print_frame, print_json, print_lines

BP = 1e4
SHOWN = ("year", "volatility", "sector")


def factor_step(name: str, *, year: int | None, horizon: int, as_json: bool, picture: Path | None, again: bool) -> None:
    """Show a feature's report; build the universe year's first where it is missing.

    Raises:
        NotFoundError: There is no such feature, universe year or horizon.
    """
    settings = load_settings()
    feature = known_feature(name)
    report = report_of(settings, feature.name, reported_year(settings, year), again=again)
    if picture is not None:
        from kairos.plots.factors import factor_picture

        picture.write_bytes(factor_picture(report, feature=feature.name))
    if as_json:
        print_json(report)
        return
    horizons = report["horizon"].unique().sort().to_list()
    if horizon not in horizons:
        raise NotFoundError(
            f"--horizon {horizon}: the report has {', '.join(map(str, horizons))} sessions; choose one of them."
        )
    _print_report(feature, report, horizon=horizon)


def known_feature(name: str) -> Feature:
    """Return a declared feature.

    Raises:
        NotFoundError: There is none of the name; the message names the nearest.
    """
    known = {feature.name: feature for family in (FEATURE_SETS | FACT_SETS).values() for feature in family.features}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "docs/features.md lists them."
    raise NotFoundError(f"no feature {name!r} among {len(known)}; {hint}")


def reported_year(settings: Settings, year: int | None) -> int:
    """Return a universe year whose holdout is sealed, the newest where none is named.

    Raises:
        NotFoundError: There is none, or not that one.
    """
    ledger = Warehouse(settings.warehouse).read(HOLDOUT_LEDGER)
    years = ledger.filter(event=SEALED)["universe_year"].unique().sort().to_list()
    if not years:
        raise NotFoundError("no universe year has targets yet; run `kairos universe`, `matrix` and `targets --year` first.")
    if year is not None and year not in years:
        raise NotFoundError(f"universe year {year}: no targets; there are {', '.join(map(str, years))}. Run `kairos targets`.")
    return year or int(years[-1])


def report_of(settings: Settings, feature: str, year: int, *, again: bool) -> Frame:
    """Return a feature's rows of `factor_report`; where there are none, or `again`, the universe year's are built.

    Raises:
        NotFoundError: The universe year's report knows nothing of the feature even so.
    """
    warehouse = Warehouse(settings.warehouse)
    chosen = (pl.col("universe_year") == year) & (pl.col("feature") == feature)
    rows = FACTOR_REPORT.empty() if again else warehouse.read(FACTOR_REPORT, where=chosen)
    if not rows.height:
        materialise(settings, [FACTOR_REPORT.name], progress=Progress(), partitions=[str(year)])
        rows = warehouse.read(FACTOR_REPORT, where=chosen)
    if not rows.height:
        raise NotFoundError(
            f"{feature}: no rows of members in universe year {year}; build its feature table, then give --again."
        )
    return rows.sort(FACTOR_REPORT.key)


def _print_report(feature: Feature, report: Frame, *, horizon: int) -> None:
    whole = report.filter(split="all")
    year, sessions = whole.select("universe_year", pl.col("sessions").max()).row(0)
    print_lines([f"[bold]{feature.name}[/]  {_plain(feature.description)}"])
    print_frame(
        whole.select(*_ics(pl.col("horizon").alias("h")), *_quantiles(), *_turnover()),
        title=f"Universe {year}, {sessions} sessions before the holdout, by sessions ahead",
        caption="q1 to q5: mean return over all names', bp. top, bottom: share of a quantile that is new after h sessions.",
    )
    chosen = report.filter((pl.col("horizon") == horizon) & pl.col("split").is_in(SHOWN))
    parts = chosen.sort(_place("split", SPLITS), _place("part", REGIMES), "part")
    spread = (BP * pl.col("spread")).round(1).alias("q5-q1")
    columns = ("split", "part", "sessions", pl.col("names").round(0))
    print_frame(parts.select(*_ics(*columns), spread), title=f"In parts, {horizon} session(s) ahead")


def _place(column: str, order: Sequence[str]) -> pl.Expr:
    return pl.col(column).replace_strict(list(order), range(len(order)), default=len(order), return_dtype=pl.Int32)


def _ics(*first: str | pl.Expr) -> list[str | pl.Expr]:
    return [
        *first,
        pl.col("ic").round(4).alias("IC"),
        pl.col("rank_ic").round(4).alias("RankIC"),
        pl.col("rank_ic_t").round(1).alias("t"),
        pl.col("rank_icir").round(3).alias("ICIR"),
    ]


def _quantiles() -> list[pl.Expr]:
    names = ("q1", "q2", "q3", "q4", "q5", "spread")
    return [(BP * pl.col(name)).round(1).alias({"spread": "q5-q1"}.get(name, name)) for name in names]


def _turnover() -> list[pl.Expr]:
    return [
        pl.col("turnover_top").round(2).alias("top"),
        pl.col("turnover_bottom").round(2).alias("bottom"),
        pl.col("rank_autocorrelation").round(2).alias("rank ac"),
    ]


def _plain(text: str) -> str:
    """Return text whose brackets are not taken for markup."""
    return text.replace("[", "\\[")
