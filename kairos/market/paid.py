"""Dividends as they were paid: the vendor's values turned back from the share count of the day they were fetched."""

import polars as pl

from kairos.frames import Frame
from kairos.market.identity import SAME_PULL

CASH = ("dividend", "spinoffdividend")
SPLITS = ("split", "adrratiosplit")
_ROUNDED = 6  # decimals of a dividend per share
_INFORMATIVE = 0.01  # a share count that changed by less cannot tell the two readings apart
_EXACT = 0.01  # the product of recorded splits stands for the observed factor within this
_VALUE_STEP = 0.0006  # vendors round values to three decimals
_SAME_SHARES = 1e-3


def as_paid(dividends: Frame, splits: Frame, versions: Frame) -> Frame:
    """Return `dividends` with `value` in USD per share held before the ex-date.

    Whether the vendor's values are adjusted for later splits is found per security by comparing each with the drop of
    closeadj / close on its ex-date; where nothing tells, they are taken as adjusted.

    Args:
        dividends: permaticker, session, fetched_at, value.
        splits: permaticker, session, fetched_at, value of the splits; they turn rounded factors into exact ones.
        versions: Rows of `sep_versions` around the sessions.
    """
    seen = _with_prices(dividends.with_row_index("_row"), versions)
    seen = _with_exact_factor(seen, splits)
    readings = seen.group_by("permaticker").agg(
        pl.col("miss_adjusted").median(), pl.col("miss_raw").median()
    )  # fmt: skip
    raw = pl.col("miss_raw") < pl.col("miss_adjusted") / 2
    paid = (
        pl.when(raw.fill_null(False) | pl.col("factor").is_null()).then("value").otherwise(pl.col("value") / pl.col("factor"))
    )
    seen = seen.drop("miss_adjusted", "miss_raw").join(readings, on="permaticker", how="left", maintain_order="left")
    return seen.with_columns(paid.round(_ROUNDED).alias("value")).sort("_row").select(*dividends.columns, "factor")


def _with_prices(dividends: Frame, versions: Frame) -> Frame:
    """Add factor (adjusted per as-traded share on the eve) and how far each reading misses the drop of closeadj."""
    eves = versions.select("permaticker", "session").unique().sort("permaticker", "session")
    eves = eves.with_columns(pl.col("session").shift(1).over("permaticker").alias("eve"))
    rows = dividends.join(eves, on=["permaticker", "session"], how="left", maintain_order="left")
    rows = _in_force(rows, versions, "session", "")
    rows = _in_force(rows, versions, "eve", "_eve")
    drop = 1 - (pl.col("closeadj_eve") / pl.col("close_eve")) / (pl.col("closeadj") / pl.col("close"))
    factor = pl.coalesce(pl.col("close_eve") / pl.col("closeunadj_eve"), pl.col("close") / pl.col("closeunadj"))
    telling = (pl.col("close_eve") / pl.col("closeunadj_eve") - 1).abs() > _INFORMATIVE
    miss = {"miss_adjusted": pl.col("value") / pl.col("close_eve"), "miss_raw": pl.col("value") / pl.col("closeunadj_eve")}
    return rows.with_columns(
        factor.alias("factor"), *(pl.when(telling).then((drop - implied).abs()).alias(name) for name, implied in miss.items())
    ).drop("eve", *(f"{name}{end}" for name in ("close", "closeadj", "closeunadj") for end in ("", "_eve")))


def _in_force(rows: Frame, versions: Frame, session: str, suffix: str) -> Frame:
    """Add the closes of `session` as delivered last before each row's receipt, or first after it."""
    prices = versions.select(
        "permaticker", pl.col("session").alias(session), "fetched_at",
        *(pl.col(name).alias(f"{name}{suffix}") for name in ("close", "closeadj", "closeunadj")),
    ).sort("fetched_at")  # fmt: skip
    by = ["permaticker", session]
    ordered = rows.sort("fetched_at")
    found = ordered.join_asof(prices, on="fetched_at", by=by, strategy="backward", check_sortedness=False)
    known = found.filter(pl.col(f"close{suffix}").is_not_null())
    missing = found.filter(pl.col(f"close{suffix}").is_null()).select(rows.columns)
    later = missing.join_asof(prices, on="fetched_at", by=by, strategy="forward", check_sortedness=False)
    return pl.concat([known, later]).sort("_row")


def _with_exact_factor(rows: Frame, splits: Frame) -> Frame:
    """Replace factors by the product of the splits from the ex-date to the receipt, where the two agree.

    A split that was told of after the receipt does not count: what is made of a delivery never changes.
    """
    later = rows.select("_row", "permaticker", "session", "fetched_at").join(_as_told(splits), on="permaticker")
    later = later.filter(
        pl.col("_split").is_between(pl.col("session"), pl.col("fetched_at").dt.date())
        & (pl.col("_told") <= pl.col("fetched_at") + SAME_PULL)
    )
    later = later.sort("_row", "_split", "_told").unique(["_row", "_split"], keep="last", maintain_order=True)
    product = later.group_by("_row").agg((1 / pl.col("value").product()).alias("_exact"))
    joined = rows.join(product, on="_row", how="left", maintain_order="left")
    exact = pl.col("_exact").fill_null(1.0)
    agrees = (exact / pl.col("factor") - 1).abs() < _EXACT
    return joined.with_columns(pl.when(agrees).then(exact).otherwise("factor").alias("factor")).drop("_exact")


def _as_told(splits: Frame) -> Frame:
    """Return each split's ratio with when it was told: permaticker, _split, value, _told; what only repeats it left out."""
    told = splits.select("permaticker", pl.col("session").alias("_split"), "value", pl.col("fetched_at").alias("_told"))
    once = told.sort("permaticker", "_split", "_told", "value").unique(
        ["permaticker", "_split", "_told"], keep="last", maintain_order=True
    )
    repeats = pl.col("value") == pl.col("value").shift(1).over("permaticker", "_split")
    return once.filter(~repeats.fill_null(False))


def same_payment() -> pl.Expr:
    """Tell whether a later delivery (`value`, `factor`) repeats the first one (`first_value`, `first_factor`).

    A later split changes what the vendor sends, and with it the rounding; that is no new dividend. Nor is it one where a
    split told late has only made the factor exact.
    """
    drift = (pl.col("factor") / pl.col("first_factor") - 1).abs()
    inexact = pl.when(drift > 0).then(2 * 10.0**-_ROUNDED + 2 * drift * pl.col("first_value")).otherwise(1e-9)
    step = pl.when(drift < _SAME_SHARES).then(inexact).otherwise(_VALUE_STEP / pl.min_horizontal("factor", "first_factor"))
    return (pl.col("value") - pl.col("first_value")).abs() <= step
