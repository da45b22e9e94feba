"""Total returns appended once: made from what was first seen, so that later splits and dividends rewrite nothing.

Delisting returns are in `delistings`, the choice of versions in `firstsight`, unexplained breaks in `breaks`.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.market.breaks import WAIVER, without_breaks
from kairos.market.cleaned import VALUE_NULLED, Cleaned, no_waivers, set_aside
from kairos.market.delistings import delisting_returns
from kairos.market.firstsight import first_sight
from kairos.market.paid import CASH, SPLITS
from kairos.market.tickers import MINTED
from kairos.tables.market import DAILY_RETURNS

WRITER = "daily_returns"
DISAGREE = 1e-4  # returns by actions and by closeadj that differ by more, rounding apart, tell of an action not delivered
PRICE_STEP = 0.001  # vendors round prices to three decimals: half a step on each side of a ratio
FACTOR_STEP = 0.01  # files round closeadj to two

__all__ = ["WAIVER", "daily_returns"]


def daily_returns(
    versions: Frame,
    actions: Frame,
    tickers: Frame,
    *,
    year: int,
    sessions_loaded: Sequence[date],
    waivers: Frame | None = None,
    unknown_delisting_return: float = 0.0,
) -> Cleaned:
    """Return a year's total returns, delisting returns included.

    Args:
        versions: Rows of `sep_versions` of `year` and the year before it.
        actions: Rows of `actions` of the same years.
        tickers: The `tickers` table.
        year: Calendar year of the rows handed back.
        sessions_loaded: Sessions whose prices are loaded; nothing is said beyond the last.
        waivers: Columns ticker, session and reason (scale_break): jumps that are real.
        unknown_delisting_return: Return of a delisting whose reason nobody states; -0.3 is the cautious reading.
    """
    rows = _with_actions(first_sight(versions), actions)
    numbered = tickers.filter(pl.col("source") != MINTED).select("permaticker").unique()
    rows = rows.with_columns(pl.col("permaticker").is_in(numbered["permaticker"].implode()).alias("numbered"))
    rows = rows.with_columns(_by_actions().alias("_actions"), *_by_file())
    rows = _chosen_return(rows)
    rows, broken = without_breaks(rows, no_waivers() if waivers is None else waivers)
    of_year = pl.col("session").dt.year() == year
    dead = delisting_returns(rows, tickers, sessions_loaded=sessions_loaded, unknown=unknown_delisting_return)
    shaped = pl.concat([_shaped(rows.filter(of_year)), DAILY_RETURNS.conform(dead.filter(of_year))])
    return Cleaned(shaped.sort("permaticker", "session"), _lines(broken.filter(of_year), year))


def _lines(broken: Frame, year: int) -> Frame:
    stated = broken.with_columns(pl.lit(year).alias("year"), pl.lit(WAIVER).alias("reason"))
    details = ("ticker", "session", "session_before", "close", "close_before", "ret_cc")
    return set_aside(stated, details, writer=WRITER, dataset="sep", action=VALUE_NULLED)


def _with_actions(rows: Frame, actions: Frame) -> Frame:
    """Add split (new shares per old) and cash (USD per old share) taking effect since the security's row before."""
    days = rows.select("permaticker", "session").sort("session")
    found = actions.filter(pl.col("action").is_in([*SPLITS, *CASH]) & (pl.col("value") > 0)).sort("session")
    placed = found.rename({"session": "effective"}).join_asof(
        days, left_on="effective", right_on="session", by="permaticker", strategy="forward", coalesce=False,
        check_sortedness=False,
    )  # fmt: skip
    value = pl.col("value")
    summed = placed.group_by("permaticker", "session").agg(
        value.filter(pl.col("action").is_in(SPLITS)).product().alias("split"),
        value.filter(pl.col("action").is_in(CASH)).sum().alias("cash"),
    )
    joined = rows.join(summed, on=["permaticker", "session"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("split").fill_null(1.0), pl.col("cash").fill_null(0.0))


def _by_actions() -> pl.Expr:
    """(closeunadj[t] x split + cash) / closeunadj[t-1] - 1."""
    return (pl.col("closeunadj") * pl.col("split") + pl.col("cash")) / pl.col("closeunadj_before") - 1


def _by_file() -> list[pl.Expr]:
    """Returns by closeadj and by close, each where both days lie on one basis."""
    factor, factor_before = pl.col("closeadj") / pl.col("close"), pl.col("closeadj_before") / pl.col("close_before")
    rounding = 1e-5 + FACTOR_STEP / pl.min_horizontal("closeadj", "closeadj_before")
    one_basis = pl.col("same_delivery") | ((factor / factor_before - 1).abs() <= rounding)
    return [
        pl.when(one_basis).then(pl.col("closeadj") / pl.col("closeadj_before") - 1).alias("_closeadj"),
        (pl.col("close") / pl.col("close_before") - 1).alias("_close"),
    ]


def _action_missing() -> pl.Expr:
    """Whether the closeadj that came with the row tells of an action that is not recorded.

    Where a split is recorded, the return nearer to none is believed, since either may be dated wrongly; where a payment is,
    closeadj must show more of them, for one that shows less was sent before the vendor adjusted it.
    """
    rounding = PRICE_STEP * (1 / pl.col("closeadj") + 1 / pl.col("closeadj_before") + 1 / pl.col("closeunadj_before"))
    disagree = (pl.col("_actions") - pl.col("_closeadj")).abs() > DISAGREE + rounding
    nearer = pl.col("_closeadj").log1p().abs() < pl.col("_actions").log1p().abs()
    tells = (
        pl.when(pl.col("split") != 1)
        .then(nearer)
        .when(pl.col("cash") > 0)
        .then(pl.col("_closeadj") > pl.col("_actions"))
        .otherwise(pl.lit(True))
    )
    return (pl.col("same_delivery") & disagree & tells).fill_null(False)


def _chosen_return(rows: Frame) -> Frame:
    """Add ret_cc and ret_source.

    A vendor's security goes by its actions, unless closeadj shows that one is missing; a file's by closeadj, else by close.
    """
    by_actions = pl.col("numbered") & pl.col("_actions").is_not_null() & ~_action_missing()
    source = (
        pl.when(pl.col("session_before").is_null())
        .then(pl.lit("first"))
        .when(by_actions)
        .then(pl.lit("actions"))
        .when(pl.col("_closeadj").is_not_null())
        .then(pl.lit("closeadj"))
        .otherwise(pl.lit("close"))
    )
    rows = rows.with_columns(source.alias("ret_source"))
    ret = [pl.when(pl.col("ret_source") == name).then(f"_{name}") for name in ("actions", "closeadj", "close")]
    return rows.with_columns(pl.coalesce(ret).alias("ret_cc")).drop("_actions", "_closeadj", "_close")


def _shaped(rows: Frame) -> Frame:
    ret_oc = (pl.col("close") / pl.col("open") - 1).fill_null(0.0)
    return DAILY_RETURNS.conform(
        rows.with_columns(
            ret_oc.alias("ret_oc"),
            ((1 + pl.col("ret_cc")) / (1 + ret_oc) - 1).alias("ret_co"),
            (pl.col("high") / pl.col("close") - 1).alias("high_to_close"),
            (pl.col("low") / pl.col("close") - 1).alias("low_to_close"),
            (pl.col("close") * pl.col("volume")).alias("dollar_volume"),
            pl.lit(False).alias("is_delisting"),
        )
    )
