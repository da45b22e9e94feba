"""Two states of the tables side by side: every value and row in which they differ, bit by bit."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import polars as pl

from kairos.frames import Frame, stack
from kairos.market.dates import session_table
from kairos.tables.matrix import HORIZONS

ROW = "(row)"
SCHEMA = {"table": pl.String, "permaticker": pl.Int64, "session": pl.Date, "reach": pl.Date, "column": pl.String}
KEYS: Mapping[str, tuple[str, ...]] = {
    "sep_versions": ("permaticker", "session", "known_at"),
    "tickers": ("permaticker", "valid_from"),
    "actions": ("permaticker", "session", "action", "row"),
    "mid_cap_xx": ("universe_year", "permaticker"),
    "midcap_universe": ("universe_year", "permaticker"),
    "feat_matrix_complete": ("universe_year", "permaticker", "session"),
    "feat_matrix_targets": ("universe_year", "permaticker", "session"),
}
DAILY = ("permaticker", "session")


def until(tables: Mapping[str, Frame], last: date, received: datetime) -> dict[str, Frame]:
    """Return what the tables say of sessions up to `last`: versions received, names begun and labels ended by then."""
    return {name: _until(name, frame, last, received) for name, frame in tables.items()}


def _until(name: str, frame: Frame, last: date, received: datetime) -> Frame:
    if name == "tickers":
        return frame.filter(pl.col("valid_from") <= last)
    if "session" not in frame.columns:
        return frame
    inside = frame.filter(pl.col("session") <= last)
    if name == "sep_versions":
        return inside.filter(pl.col("known_at") <= received)
    for horizon in HORIZONS:
        labels = [label for label in (f"ret_{horizon}d_f", f"ret_{horizon}d_f_xs") if label in frame.columns]
        ended = pl.col("session") <= _shifted(last, -horizon)
        inside = inside.with_columns(pl.when(ended).then(label).alias(label) for label in labels)
    return inside


def _shifted(session: date, sessions: int) -> date:
    known = session_table()["session"]
    return known[int(known.search_sorted(session)) + sessions]


def differences(known: Mapping[str, Frame], later: Mapping[str, Frame]) -> Frame:
    """Return one row per difference: table, permaticker, session, reach and column.

    `reach` is the last session that the value speaks of: for a label its end, else the session itself.
    """
    return stack(pl.DataFrame(schema=SCHEMA), *(_of_table(name, known[name], later[name]) for name in known))


def _of_table(name: str, known: Frame, later: Frame) -> Frame:
    key = KEYS.get(name, DAILY)
    values = [column for column in known.columns if column not in key]
    joined = known.with_columns(_known=True).join(
        later.with_columns(_later=True), on=key, how="full", coalesce=True, suffix=" later"
    )  # fmt: skip
    both = pl.col("_known").is_not_null() & pl.col("_later").is_not_null()
    alone, paired = joined.filter(~both), joined.filter(both)
    parts = [_as_differences(alone, name, ROW)]
    for column in values:
        changed = _bits(paired[column]).ne_missing(_bits(paired[f"{column} later"]))
        parts.append(_as_differences(paired.filter(changed), name, column))
    return stack(*parts)


def _bits(values: pl.Series) -> pl.Series:
    if not values.dtype.is_float():
        return values
    wide = values.cast(pl.Float64).to_numpy(writable=True)
    return pl.select(pl.when(values.is_not_null()).then(pl.Series(wide.view("int64")))).to_series()


def _as_differences(rows: Frame, table: str, column: str) -> Frame:
    session = pl.col("session") if "session" in rows.columns else pl.lit(None, dtype=pl.Date)
    found = rows.select(pl.lit(table).alias("table"), "permaticker", session.alias("session"))
    horizon = int(column.split("_")[1].removesuffix("d")) if column.endswith(("d_f", "d_f_xs")) else 0
    ends = session_table().select("session", reach=pl.col("session").shift(-horizon))
    reached = found.join(ends, on="session", how="left") if found.height else found.with_columns(reach="session")
    return reached.with_columns(column=pl.lit(column)).select(list(SCHEMA))


def summary(found: Frame, *, rows: int = 12) -> Sequence[object]:
    """Return counts by table and column with an example each, for a failing test's message."""
    grouped = found.group_by("table", "column", maintain_order=True).agg(
        pl.len(), pl.col("permaticker").first(), pl.col("session").first()
    )
    return grouped.head(rows).rows()
