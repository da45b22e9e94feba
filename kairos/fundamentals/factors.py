"""Fundamental factors within sectors: `fundamentals_factors_v1`."""

import polars as pl

from kairos.frames import Frame
from kairos.fundamentals.cross_section import LIMIT, within_tails, z_score
from kairos.fundamentals.instants import with_close
from kairos.tables.fundamentals import FUNDAMENTALS_FACTORS_V1

SOURCES = {
    "z_roe": "roe_ttm",
    "z_roa": "roa_ttm",
    "z_gm": "gross_margin_ttm",
    "z_dta": "debt_to_assets",
    "z_rev": "revenue_growth_ttm",
}
"""Which feature each z-score is of; z_rev is growth of revenue, not revision of estimates."""
VALUE = ("earnings_to_market", "book_to_market", "sales_to_market")
_KEY = ["permaticker", "session"]


def factors(feat_fundamentals: Frame, *, mv_liquidity_60d: Frame, profiles: Frame, tickers: Frame) -> Frame:
    """Return the factors of every row of `feat_fundamentals`, in the form of `fundamentals_factors_v1`.

    Z-scores are taken within the session's sector, or among all names where it has fewer than 5. Debt enters quality with
    a minus. A factor is the mean of those of its parts that are known.

    Args:
        feat_fundamentals: Rows of `feat_fundamentals`, whole sessions.
        mv_liquidity_60d: Rows of `mv_liquidity_60d` of the same sessions.
        profiles: `dim_company_profile`: the sector as known at the session.
        tickers: The `tickers` table: its current sector is assumed where no profile was known.
    """
    rows = with_sector(feat_fundamentals, profiles, tickers)
    traded = mv_liquidity_60d.select(*_KEY, pl.col("avg_dollar_vol_60d").alias("_dollars"))
    rows = rows.join(traded, on=_KEY, how="left", maintain_order="left")
    named = [*SOURCES.values(), *VALUE]
    rows = rows.with_columns(pl.col(named).cast(pl.Float64))
    rows = rows.with_columns(within_tails(name, ["session"]) for name in named)
    rows = rows.with_columns(
        *(_within_sector(feature).alias(name) for name, feature in SOURCES.items()),
        *(_within_sector(feature).alias(f"_{feature}") for feature in VALUE),
        pl.when(pl.col("_dollars") > 0).then(pl.col("_dollars").log()).alias("_log_dollars"),
    )
    quality = pl.mean_horizontal("z_roe", "z_roa", "z_gm", -pl.col("z_dta"))
    made = rows.with_columns(
        pl.mean_horizontal([f"_{feature}" for feature in VALUE]).clip(-LIMIT, LIMIT).alias("value"),
        quality.clip(-LIMIT, LIMIT).alias("quality"),
        z_score("_log_dollars", ["session"]).alias("liquidity"),
    )
    return FUNDAMENTALS_FACTORS_V1.conform(made)


def with_sector(rows: Frame, profiles: Frame, tickers: Frame) -> Frame:
    """Add the sector: of the profile known at the close (its stamp joins facts_known_at), else that of `tickers`."""
    told = profiles.filter(pl.col("sector").is_not_null()).sort("permaticker", "known_at")
    told = told.select("permaticker", pl.col("known_at").alias("_told_at"), "sector")
    known = with_close(rows).join_asof(
        told, left_on="closes_at", right_on="_told_at", by="permaticker", check_sortedness=False, coalesce=False
    )
    named = tickers.sort("permaticker", "valid_from").unique("permaticker", keep="last")
    assumed = named.select("permaticker", pl.col("sector").alias("_assumed"))
    known = known.join(assumed, on="permaticker", how="left", maintain_order="left")
    return known.with_columns(
        pl.coalesce("sector", "_assumed").alias("sector"),
        pl.max_horizontal("facts_known_at", "_told_at").alias("facts_known_at"),
    ).drop("_told_at", "_assumed", "closes_at")


def _within_sector(feature: str) -> pl.Expr:
    inside = pl.when(pl.col("sector").is_not_null()).then(z_score(feature, ["session", "sector"]))
    return pl.coalesce(inside, z_score(feature, ["session"]))
