"""Forward returns: what a holder earned from this close to the close h sessions later, death included."""

from collections.abc import Sequence

import polars as pl

from kairos.errors import CalendarError, ContractError
from kairos.frames import Frame, require_columns
from kairos.market.dates import session_table
from kairos.tables.matrix import HORIZONS

KEY = ("permaticker", "session")
_DEATHS = ("merger", "performance")


def with_forward_returns(matrix: Frame, daily_returns: Frame, *, tickers: Frame, horizons: Sequence[int] = HORIZONS) -> Frame:
    """Return `matrix` with `ret_{h}d_f` and `ret_{h}d_f_xs` for each horizon, sorted by name and session.

    `ret_{h}d_f` is the simple total return from the close of t to the close of the market's h-th session after t. The
    delisting return is part of it, cash at 0 % comes after; a name halted at t+h counts at its last price before.
    It is null where t+h is beyond the last loaded session, beyond the end of a series that ended for no known reason, or
    across a session whose return is not known. `_xs` is minus the mean over the session's rows that have the label.

    Args:
        matrix: Rows with permaticker and session, each a session with a price of that name.
        daily_returns: Rows of the `daily_returns` table from the matrix's first session to the last loaded.
        tickers: Rows of the `tickers` table, for who is known to be dead.
        horizons: Sessions ahead.

    Raises:
        ContractError: A matrix row has no price row.
        CalendarError: A price row falls on no session.
    """
    require_columns(matrix, KEY, where="matrix")
    rows = matrix.sort(KEY)
    wealth = _wealth(daily_returns, rows)
    start = _starting_points(rows, wealth)
    ends = _ends(wealth, daily_returns, tickers)
    last = _last_loaded(daily_returns)
    labels = [_label(start, wealth, ends, horizon=h, last=last) for h in horizons]
    demeaned = [
        (pl.col(f"ret_{h}d_f") - pl.col(f"ret_{h}d_f").mean().over("session")).alias(f"ret_{h}d_f_xs") for h in horizons
    ]
    return rows.with_columns(labels).with_columns(demeaned)


def _wealth(daily_returns: Frame, rows: Frame) -> Frame:
    """Wealth per name from the matrix's first session on: permaticker, session, index, wealth, breaks."""
    growth = pl.when(pl.int_range(pl.len()).over("permaticker") > 0).then(1 + pl.col("ret_cc")).otherwise(1.0)
    inside = daily_returns.filter(pl.col("session") >= rows["session"].min()) if rows.height else daily_returns.clear()
    wealth = (
        inside.join(rows.select("permaticker").unique(), on="permaticker", how="semi")
        .sort(KEY)
        .with_columns(growth=growth)
        .with_columns(
            wealth=pl.col("growth").fill_null(1.0).cum_prod().over("permaticker"),
            breaks=pl.col("growth").is_null().cum_sum().over("permaticker"),
        )
    )
    return _indexed(wealth).select("permaticker", "session", "index", "wealth", "breaks")


def _indexed(frame: Frame) -> Frame:
    calendar = session_table().select("session", index=pl.col("session_index").cast(pl.Int64))
    indexed = frame.join(calendar, on="session", how="left", maintain_order="left")
    strange = indexed.filter(pl.col("index").is_null())
    if strange.height:
        raise CalendarError(
            f"daily_returns: {strange.height} row(s) on days that are no NYSE session, first {strange['session'][0]}. "
            "Rebuild daily_returns; it holds sessions only."
        )
    return indexed


def _starting_points(rows: Frame, wealth: Frame) -> Frame:
    start = rows.select(KEY).join(wealth, on=KEY, how="left", maintain_order="left")
    lost = start.filter(pl.col("index").is_null())
    if lost.height:
        name, session = lost.row(0)[:2]
        raise ContractError(
            f"matrix: {lost.height} row(s) without a row in daily_returns, first permaticker {name} on {session}. "
            "Rebuild the matrix, or hand in daily_returns of every year it covers."
        )
    return start


def _ends(wealth: Frame, daily_returns: Frame, tickers: Frame) -> Frame:
    """Last index of each name's series, and whether the name is known to have died there."""
    delisted = daily_returns.filter("is_delisting")["permaticker"]
    ended = tickers.filter(pl.col("delisting_reason").is_in(_DEATHS))["permaticker"]
    dead = pl.concat([delisted.cast(pl.Int64), ended.cast(pl.Int64)]).unique()
    return (
        wealth.group_by("permaticker")
        .agg(pl.col("index").max().alias("end"))
        .with_columns(dead=pl.col("permaticker").is_in(dead.implode()))
    )


def _last_loaded(daily_returns: Frame) -> int:
    traded = daily_returns.filter(~pl.col("is_delisting")).select(pl.col("session").max())
    return int(_indexed(traded)["index"][0]) if traded["session"][0] is not None else 0


def _label(start: Frame, wealth: Frame, ends: Frame, *, horizon: int, last: int) -> pl.Series:
    later = wealth.select("permaticker", target="index", wealth_then="wealth", breaks_then="breaks").sort("target")
    reached = (
        start.with_columns(target=pl.col("index") + horizon, row=pl.int_range(pl.len()))
        .sort("target")
        .join_asof(later, on="target", by="permaticker", check_sortedness=False)
        .join(ends, on="permaticker", how="left")
        .sort("row")
    )
    known = (
        (pl.col("target") <= last)
        & ((pl.col("target") <= pl.col("end")) | pl.col("dead"))
        & (pl.col("breaks_then") == pl.col("breaks"))
    )
    value = pl.when(known).then(pl.col("wealth_then") / pl.col("wealth") - 1).fill_nan(None)
    return reached.select(value.alias(f"ret_{horizon}d_f")).to_series()
