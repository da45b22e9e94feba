"""The feature matrix: every member of a universe year on every session of its membership, with all feature sets beside it."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from kairos.errors import ContractError
from kairos.features.core import KEY
from kairos.features.registry import ALL_FEATURES, BASE_FEATURES
from kairos.frames import Frame, require_columns

Variant = Literal["base", "full"]
"""Which features the matrix holds: the three of the base, or all."""


def complete(
    midcap_universe: Frame, features: Sequence[Frame], *, tickers: Frame, universe_year: int, variant: Variant
) -> Frame:
    """Return one row per member and session from entry to exit, with universe_year, ticker and every feature column.

    Args:
        midcap_universe: Rows of the `midcap_universe` table.
        features: One frame per feature table, covering the universe year and all later years.
        tickers: The `tickers` table; each row bears the ticker of its own session.
        universe_year: First year of the universe.
        variant: `base` fills `BASE_FEATURES` only and leaves the other columns null; `full` fills all.

    Raises:
        ContractError: A feature to be filled is in none of the frames, or the frames disagree about the rows.
    """
    members = midcap_universe.filter(pl.col("universe_year") == universe_year)
    wanted = BASE_FEATURES if variant == "base" else tuple(feature.name for feature in ALL_FEATURES)
    rows = _side_by_side([member_rows(members, frame, wanted) for frame in features if set(wanted) & set(frame.columns)])
    require_columns(rows, wanted, where=f"feature tables for the {variant} matrix of {universe_year}")
    absent = [pl.lit(None, pl.Float32).alias(feature.name) for feature in ALL_FEATURES if feature.name not in wanted]
    return _named(rows.with_columns(absent), members, tickers).select(
        pl.lit(universe_year, pl.Int32).alias("universe_year"),
        "permaticker",
        "ticker",
        "session",
        *(feature.name for feature in ALL_FEATURES),
    )


def _named(rows: Frame, members: Frame, tickers: Frame) -> Frame:
    """Add the ticker that each security bore on the session; before any known one, that of the decision."""
    names = tickers.select("permaticker", "valid_from", "ticker").sort("valid_from")
    borne = rows.select(KEY).sort("session").join_asof(
        names, left_on="session", right_on="valid_from", by="permaticker", strategy="backward", check_sortedness=False
    )  # fmt: skip
    decided = members.select("permaticker", pl.col("ticker").alias("_decided"))
    named = rows.join(borne.select(*KEY, "ticker"), on=KEY, how="left", maintain_order="left")
    return named.join(decided, on="permaticker", how="left", maintain_order="left").with_columns(
        pl.coalesce("ticker", "_decided").alias("ticker")
    )


def member_rows(members: Frame, features: Frame, wanted: Sequence[str]) -> Frame:
    """Return the rows of `features` that belong to a member between entry and exit: the key and the wanted columns, sorted."""
    term = members.select("permaticker", "entry", "exit")
    inside = (pl.col("session") >= pl.col("entry")) & (pl.col("session") <= pl.col("exit")).fill_null(True)
    names = [name for name in wanted if name in features.columns]
    return features.select(*KEY, *names).join(term, on="permaticker").filter(inside).select(*KEY, *names).sort(KEY)


def _side_by_side(parts: Sequence[Frame]) -> Frame:
    """Put frames of the same keys beside one another, or say which rows one of them lacks."""
    if not parts:
        return pl.DataFrame(schema={"permaticker": pl.Int64, "session": pl.Date})
    first, *others = parts
    for part in others:
        if not part.select(KEY).equals(first.select(KEY)):
            raise ContractError(_disagreement(first, part))
    return pl.concat([first, *(part.drop(KEY) for part in others)], how="horizontal")


def _disagreement(first: Frame, other: Frame) -> str:
    lacking = first.join(other, on=KEY, how="anti").height
    surplus = other.join(first, on=KEY, how="anti").height
    return (
        f"feature tables: the one with {other.columns[2]} lacks {lacking} member row(s) that the one with {first.columns[2]} "
        f"has, and has {surplus} more; expected the same rows. Rebuild the feature tables of these years together."
    )
