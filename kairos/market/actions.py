"""Corporate actions keyed by security: the newest delivery of each, with values of their own day."""

import polars as pl

from kairos.frames import Frame
from kairos.market.bearers import with_bearer
from kairos.market.cleaned import ROW_REJECTED, VALUE_NULLED, Cleaned, set_aside
from kairos.market.dates import on_or_after, session_table
from kairos.market.paid import CASH, SPLITS, as_paid, same_payment
from kairos.tables.market import ACTIONS

WRITER = "actions"
MILLION = 1e6
# the vendor states these in USD millions
DEALS = (
    "listed", "delisted", "acquisitionby", "acquisitionof", "mergerfrom", "mergerto", "acquisitioncash", "acquisitionstock",
    "acquisitionelectcash", "acquisitionelectstock", "spacmerger",
)  # fmt: skip
_EVENT = ["permaticker", "session", "action"]
_PLACE = ("payload_id", "raw_row")
_DETAILS = ("ticker", "date", "action", "value", "contraticker")


def corporate_actions(raw_actions: Frame, tickers: Frame, versions: Frame, *, year: int) -> Cleaned:
    """Return a year's corporate actions.

    An action takes effect on its date, or on the next session. Its newest delivery stands; a dividend keeps the value of
    its first delivery as long as later ones say the same at another share count. A row names the payload that said it
    first: vendors send their actions again every evening. Kinds that nobody knows are kept.

    Args:
        raw_actions: All deliveries of raw ACTIONS.
        tickers: The `tickers` table.
        versions: Rows of `sep_versions` of `year` and the year before it.
        year: Calendar year of the sessions handed back.
    """
    rows = on_or_after(raw_actions.drop("received_year"), "date").with_columns(
        pl.when(pl.col("contraticker") != "N/A").then("contraticker").alias("contraticker")
    )
    mapped = with_bearer(rows, tickers, versions)
    splits = _positive(mapped.filter(pl.col("action").is_in(SPLITS) & pl.col("permaticker").is_not_null()))
    of_year = mapped.filter(pl.coalesce(pl.col("session").dt.year(), pl.col("date").dt.year()) == year)
    reason = (
        pl.when(pl.col("session").is_null())
        .then(pl.lit("not_a_session"))
        .when(pl.col("permaticker").is_null())
        .then(pl.lit("unknown_ticker"))
        .alias("reason")
    )
    judged = of_year.with_columns(reason, pl.lit(year).alias("year"))
    rejected = judged.filter(pl.col("reason").is_not_null()).sort("fetched_at", "payload_id", "row")
    lost = rejected.unique(["source", "reason", *_DETAILS], keep="first", maintain_order=True)
    good = judged.filter(pl.col("reason").is_null())
    newest, repeated = _newest(_ordered(good), splits, versions)
    newest, useless = _without_useless(newest)
    repeated += rejected.height - lost.height
    stamped = newest.join(session_table().select("session", "known_at"), on="session", how="left")
    kept = ACTIONS.conform(stamped.with_columns(pl.lit("assumed").alias("known_source"))).sort(*_EVENT, "row")
    return Cleaned(kept, pl.concat([_lines(lost, ROW_REJECTED), _lines(useless, VALUE_NULLED)]), repeated=repeated)


def _positive(rows: Frame) -> Frame:
    return rows.filter(pl.col("value").is_finite() & (pl.col("value") > 0))


def _lines(rows: Frame, action: str) -> Frame:
    return set_aside(rows, _DETAILS, writer=WRITER, dataset="actions", action=action)


def _ordered(rows: Frame) -> Frame:
    """Number the equal actions of a session within each delivery; rows that say the same twice count once."""
    rows = rows.rename({"row": "raw_row"}).sort(*_EVENT, "fetched_at", "contraticker", "value", "payload_id", "raw_row")
    once = rows.unique([*_EVENT, "fetched_at", "contraticker", "value"], keep="first", maintain_order=True)
    return once.with_columns(pl.int_range(pl.len()).over(*_EVENT, "fetched_at").alias("row"))


def _newest(rows: Frame, splits: Frame, versions: Frame) -> tuple[Frame, int]:
    cash = pl.col("action").is_in(CASH) & pl.col("value").is_finite() & (pl.col("value") > 0)
    paid = as_paid(rows.filter(cash.fill_null(False)), splits, versions)
    deals = pl.when(pl.col("action").is_in(DEALS)).then(pl.col("value") * MILLION).otherwise("value")
    others = rows.filter(~cash.fill_null(False)).with_columns(deals, pl.lit(None, dtype=pl.Float64).alias("factor"))
    every = pl.concat([paid, others]).sort(*_EVENT, "fetched_at", "row")
    every = every.with_columns(pl.col(name).first().over(*_EVENT, "row", "value", "contraticker") for name in _PLACE)
    newest = every.filter(pl.col("fetched_at") == pl.col("fetched_at").max().over(_EVENT))
    first = every.unique([*_EVENT, "row"], keep="first", maintain_order=True).select(
        *_EVENT, "row", *(pl.col(name).alias(f"first_{name}") for name in ("value", "factor", *_PLACE))
    )
    joined = newest.join(first, on=[*_EVENT, "row"], how="left", maintain_order="left")
    same = same_payment().fill_null(False)
    said_first = [pl.when(same).then(f"first_{name}").otherwise(name).alias(name) for name in ("value", *_PLACE)]
    return joined.with_columns(said_first), rows.height - newest.height


def _without_useless(rows: Frame) -> tuple[Frame, Frame]:
    """Set aside the values of splits and dividends that no return can be computed with."""
    needs = pl.col("action").is_in([*SPLITS, *CASH])
    bad = (needs & ~(pl.col("value").is_finite() & (pl.col("value") > 0)) & pl.col("value").is_not_null()).fill_null(True)
    useless = rows.filter(bad).with_columns(pl.lit("nonpositive_value").alias("reason"))
    mended = rows.with_columns(pl.when(~bad).then("value").alias("value"))
    return mended, useless.drop("row").rename({"raw_row": "row"})
