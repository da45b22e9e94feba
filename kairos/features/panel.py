"""Prices as features may see them: rebuilt from each session's own return, never read off an adjusted price level.

A vendor's `close` and `closeadj` are rewritten by later splits and dividends, so their levels know the future. The
panel chains `ret_cc` forward inside the frame from 1.0; only ratios of its prices mean anything.
"""

from datetime import date

import polars as pl

from kairos.errors import ContractError
from kairos.frames import Frame, require_columns

PANEL_COLUMNS = ("permaticker", "session", "row", "R", "C", "O", "H", "L", "DV", "V", "P")
"""What a feature may read."""
CHAINED = ("C", "O", "H", "L", "V")
"""Columns on the scale of the index, whose last bits depend on every return since it began."""

INPUTS = (
    "permaticker",
    "session",
    "ret_cc",
    "ret_oc",
    "high_to_close",
    "low_to_close",
    "dollar_volume",
    "closeunadj",
    "is_delisting",
)
"""What is read of `daily_returns`."""


def price_panel(daily_returns: Frame, *, first_session: date) -> Frame:
    """Return one row per name and session from `first_session` on, sorted by name and session, delisting rows left out.

    Columns: `R` close to close total return (fraction); `C` total-return index, 1.0 on the first row; `O`, `H`, `L` on
    the scale of `C`; `DV` dollar volume (USD); `V` = DV / C, adjusted shares on an arbitrary scale of their own per name;
    `P` close as traded (USD); `row` number of rows before this one. A row without a return breaks the chain: after it
    `C` starts at 1.0 and `row` at 0 again, so no window reaches across. What the source did not deliver stays null.

    Args:
        daily_returns: Rows of the `daily_returns` table, in any order.
        first_session: Earlier rows are left out.
    """
    require_columns(daily_returns, INPUTS, where="daily_returns")
    rows = (
        daily_returns.lazy()
        .select(INPUTS)
        .filter(~pl.col("is_delisting"), pl.col("session") >= first_session)
        .with_columns(pl.selectors.float().fill_nan(None))
        .sort("permaticker", "session")
        .with_columns(starts=_starts())
        .with_columns(chain=pl.col("starts").cum_sum(), R=pl.col("ret_cc"), DV=pl.col("dollar_volume"), P=pl.col("closeunadj"))
    )
    return _prices(rows).select(PANEL_COLUMNS).collect()


def _starts() -> pl.Expr:
    new_name = pl.col("permaticker").ne_missing(pl.col("permaticker").shift(1))
    return new_name | pl.col("ret_cc").is_null()


def _prices(rows: pl.LazyFrame) -> pl.LazyFrame:
    growth = pl.when(pl.col("starts")).then(1.0).otherwise(1 + pl.col("ret_cc"))
    return rows.with_columns(
        C=growth.cum_prod().over("chain"),
        row=pl.int_range(pl.len(), dtype=pl.Int32).over("chain"),
    ).with_columns(
        O=pl.when(pl.col("ret_oc") > -1).then(pl.col("C") / (1 + pl.col("ret_oc"))),
        H=pl.col("C") * (1 + pl.col("high_to_close")),
        L=pl.col("C") * (1 + pl.col("low_to_close")),
        V=pl.when(pl.col("C") > 0).then(pl.col("DV") / pl.col("C")),
    )


def require_ordered(panel: Frame, *, where: str) -> None:
    """Raise unless the rows ascend by permaticker and session, none twice.

    Args:
        panel: Has permaticker and session.
        where: What the panel is, for the message.

    Raises:
        ContractError: Rows out of order, or a key that occurs twice or is null.
    """
    names, sessions = (panel[name] for name in ("permaticker", "session"))
    same = names == names.shift(1)
    rises = (names > names.shift(1)) | (same & (sessions > sessions.shift(1)))
    wrong = (~rises.fill_null(value=False)).slice(1)
    if names.null_count() or sessions.null_count() or wrong.any():
        at = (wrong.arg_max() or 0) + 1
        raise ContractError(
            f"{where}: row {at} (permaticker {names[at]}, session {sessions[at]}) does not come after the row before it; "
            "expected one row per permaticker and session, sorted by both. Drop the duplicates and sort."
        )
