"""The feature matrix: every member of a universe year on every session of its membership, with all feature sets beside it.

It is put together one calendar year at a time, and no more than one year of rows is held.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import polars as pl

from kairos.errors import SettingsError
from kairos.features.core import KEY
from kairos.features.matrix_years import rows_of_year
from kairos.features.registry import (
    ALL_FEATURES,
    BASE_FEATURES,
    CORE_SETS,
    FACT_SETS,
    FEATURE_SETS,
    SEPARATE_SETS,
    features_of,
)
from kairos.frames import Frame, Parts, require_columns, stack

Variant = Literal["base", "core", "full"]
"""Which features the matrix fills: three, those that models read by default, or all there are."""

FILLED: dict[Variant, tuple[str, ...]] = {
    "base": BASE_FEATURES,
    "core": tuple(feature.name for feature in features_of(CORE_SETS)),
    "full": tuple(feature.name for feature in features_of(FEATURE_SETS)),
}
"""What each variant needs; `full` adds what there is of the features made from facts and of those that nothing needs."""


@dataclass(frozen=True)
class _Source:
    """A feature table and the columns that are taken from it."""

    rows: pl.LazyFrame
    names: tuple[str, ...]
    may_lack_rows: bool


def variant_named(name: str) -> Variant:
    """Return a variant by its name.

    Raises:
        SettingsError: There is none of that name.
    """
    for variant in get_args(Variant):
        if variant == name:
            return variant  # type: ignore[no-any-return]
    raise SettingsError(f"matrix: variant {name!r}; expected one of {', '.join(get_args(Variant))}.")


def complete(
    midcap_universe: Frame, features: Sequence[Frame | pl.LazyFrame], *, tickers: Frame, universe_year: int, variant: Variant
) -> Frame:
    """Return the rows of `complete_by_year` in one frame."""
    parts = complete_by_year(midcap_universe, features, tickers=tickers, universe_year=universe_year, variant=variant)
    return stack(*parts)


def complete_by_year(
    midcap_universe: Frame, features: Sequence[Frame | pl.LazyFrame], *, tickers: Frame, universe_year: int, variant: Variant
) -> Parts:
    """Return one row per member and session from entry to exit, with universe_year, ticker and the variant's features.

    Rows are sorted by session and name; a part is a calendar year, after one without rows.

    Args:
        midcap_universe: Rows of the `midcap_universe` table.
        features: One frame per feature table, covering the universe year and all later years.
        tickers: The `tickers` table; each row bears the ticker of its own session.
        universe_year: First year of the universe.
        variant: `base` has `BASE_FEATURES`, `core` the `CORE_SETS`, `full` every column that the tables hold. A table of
            facts or of a separate set that has no row of a member and session leaves its columns null there.

    Raises:
        ContractError: A feature to be filled is in none of the frames, or tables made from prices disagree about the rows.
    """
    members = midcap_universe.filter(pl.col("universe_year") == universe_year)
    sources = _sources([frame.lazy() for frame in features], variant, universe_year)
    sure, others = ([(each.rows, each.names) for each in sources if each.may_lack_rows is kind] for kind in (False, True))
    filled = {name for each in sources for name in each.names}
    year = pl.lit(universe_year, pl.Int32).alias("universe_year")
    columns: list[str | pl.Expr] = [year, "permaticker", "ticker", "session", *(name for name in _NAMES if name in filled)]

    def make() -> Iterator[Frame]:
        yield _no_rows(filled).select(columns)
        for span in _years(sure[0][0], universe_year) if members.height else []:
            yield _named(rows_of_year(members, sure, others, span=span), members, tickers).select(columns)

    return Parts(make)


_NAMES = tuple(feature.name for feature in ALL_FEATURES)
_MAY_LACK_ROWS = frozenset(feature.name for feature in features_of(FACT_SETS | SEPARATE_SETS))


def _sources(features: Sequence[pl.LazyFrame], variant: Variant, universe_year: int) -> list[_Source]:
    """The tables that are read, those that must agree about the rows first."""
    wanted = {*FILLED[variant], *(_MAY_LACK_ROWS if variant == "full" else ())}
    columns = [frame.collect_schema().names() for frame in features]
    held = dict.fromkeys(name for names in columns for name in names)
    require_columns(
        pl.DataFrame(schema=held), FILLED[variant], where=f"feature tables for the {variant} matrix of {universe_year}"
    )
    chosen = [tuple(name for name in names if name in wanted) for names in columns]
    sources = [
        _Source(frame, names, may_lack_rows=names[0] in _MAY_LACK_ROWS)
        for frame, names in zip(features, chosen, strict=True)
        if names
    ]
    return sorted(sources, key=lambda each: each.may_lack_rows)


def _years(rows: pl.LazyFrame, first: int) -> list[tuple[date, date]]:
    """Calendar years from the first to the last there are rows of."""
    last = rows.select(pl.col("session").max()).collect().item()
    return [(date(year, 1, 1), date(year, 12, 31)) for year in range(first, last.year + 1)] if last else []


def _no_rows(names: Iterable[str]) -> Frame:
    keys = {"permaticker": pl.Int64, "session": pl.Date}
    return pl.DataFrame(schema={**keys, **dict.fromkeys(names, pl.Float32), "ticker": pl.String})


def _named(rows: Frame, members: Frame, tickers: Frame) -> Frame:
    """Add the ticker that each security bore on the session; before any known one, that of the decision."""
    names = tickers.select("permaticker", "valid_from", "ticker").sort("valid_from")
    borne = rows.select(KEY).join_asof(
        names, left_on="session", right_on="valid_from", by="permaticker", strategy="backward", check_sortedness=False
    )  # fmt: skip
    decided = members.select("permaticker", pl.col("ticker").alias("decided"))
    tickers_borne = borne.join(decided, on="permaticker", how="left", maintain_order="left")
    return rows.with_columns(tickers_borne.select(pl.coalesce("ticker", "decided").alias("ticker")).to_series())
