"""What becomes of names after a cut, and what is made of the past by then: deaths, listings, splits, restatements, labels."""

import re
from datetime import timedelta

import polars as pl

from kairos.calendar import session_offset
from kairos.features.leaks.cuts import NAME, Cut, clock
from kairos.features.leaks.subject import Tables
from kairos.frames import Frame

LABEL = re.compile(r"ret_(\d+)d_f(_xs)?")
PRICES = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "closeadj": 1.0, "volume": -1.0}
"""Columns that a later split rewrites, with the power of 1 / ratio that they are multiplied by."""
RATIOS = (2.0, 0.5, 4.0, 8.0)  # powers of two: a ratio of two rescaled prices stays the same to the bit
PAYOUTS = (0.97, 0.94, 0.99)
_DIED = {"isdelisted": True, "delisting_reason": "performance", "reason": "performance"}
_LIVES_ON = {"isdelisted": False, "delisting_reason": None, "reason": "trading"}
_ENDS = ("lastpricedate", "valid_to", "exit")
_BEGINS = ("firstpricedate", "valid_from", "entry")


def with_other_fates(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Let names that live at the cut die after it and those that die after it live on; take later listings away."""
    return {name: _other_fates(name, frame, cut) for name, frame in tables.items()}


def with_unknown_fates(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Let every name that lives at the cut live on, as it seemed then; take later listings away."""
    return {name: _other_fates(name, frame, cut, swap=False) for name, frame in tables.items()}


def with_other_labels(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Garble the forward returns that end after the cut."""
    return {name: _labels(frame, cut, emptied=False) for name, frame in tables.items()}


def without_open_labels(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Take the forward returns away that end after the cut."""
    return {name: _labels(frame, cut, emptied=True) for name, frame in tables.items()}


def readjusted(tables: Tables, cut: Cut) -> dict[str, Frame]:  # noqa: ARG001 - one form for all changes
    """Let every name split and pay after all rows there are: its whole adjusted history is rewritten."""
    return {name: _readjusted(frame) for name, frame in tables.items()}


def restated(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Let every fact known at the cut be restated after it."""
    return {name: _restated(name, frame, cut) for name, frame in tables.items()}


def _other_fates(table: str, frame: Frame, cut: Cut, *, swap: bool = True) -> Frame:
    if clock(table, frame) is not None or not {*_ENDS, *_BEGINS} & set(frame.columns):
        return frame
    ends = [name for name in _ENDS if name in frame.columns]
    later = [pl.col(name) > pl.col("_cut") for name in _BEGINS if name in frame.columns and name != "firstpricedate"]
    known = cut.with_cut(frame).filter(~pl.any_horizontal(later).fill_null(False) if later else pl.lit(value=True))
    alive = pl.all_horizontal((pl.col(name) > pl.col("_cut")).fill_null(True) for name in ends)
    turns = (pl.col(NAME).rank("dense") % 2 == 0) if swap else pl.lit(value=False)
    end = pl.col("_cut").dt.offset_by("40d")
    changed = [pl.when(alive & turns).then(end).when(alive).then(None).otherwise(name).alias(name) for name in ends]
    changed += [
        pl.when(alive & turns).then(pl.lit(_DIED[name])).when(alive).then(pl.lit(_LIVES_ON[name])).otherwise(name).alias(name)
        for name in _DIED
        if name in frame.columns
    ]
    return known.with_columns(changed).select(frame.columns).cast(dict(frame.schema))  # type: ignore[arg-type]


def _labels(frame: Frame, cut: Cut, *, emptied: bool) -> Frame:
    found = {name: match for name in frame.columns if (match := LABEL.fullmatch(name))}
    if not found or "session" not in frame.columns:
        return frame
    dated = cut.with_cut(frame)
    cuts = dated["_cut"].unique().to_list()
    for horizon in {int(match[1]) for match in found.values()}:
        starts = [session_offset(day, -horizon) for day in cuts]
        dated = dated.with_columns(pl.col("_cut").replace_strict(cuts, starts, return_dtype=pl.Date).alias(f"_{horizon}"))
    return dated.with_columns(
        pl.when(pl.col("session") > pl.col(f"_{match[1]}"))
        .then(None if emptied else 0.013 - 0.7 * pl.col(name).fill_null(0.02))
        .otherwise(name)
        .alias(name)
        for name, match in found.items()
    ).select(frame.columns)


def _readjusted(frame: Frame) -> Frame:
    if not {"closeadj", "close"} & set(frame.columns) or NAME not in frame.columns:
        return frame
    turn = (pl.col(NAME).rank("dense") - 1).cast(pl.Int64)
    ratio = (turn % len(RATIOS)).replace_strict(range(len(RATIOS)), RATIOS, return_dtype=pl.Float64)
    paid = (turn % len(PAYOUTS)).replace_strict(range(len(PAYOUTS)), PAYOUTS, return_dtype=pl.Float64)
    factor = {name: (1 / ratio) ** power * (paid if name == "closeadj" else 1.0) for name, power in PRICES.items()}
    return frame.with_columns((pl.col(name) * by).alias(name) for name, by in factor.items() if name in frame.columns)


def _restated(table: str, frame: Frame, cut: Cut) -> Frame:
    if clock(table, frame) != "known_at" or "period_end" not in frame.columns or frame.is_empty():
        return frame
    key = [name for name in (NAME, "period_end", "period") if name in frame.columns]
    known = frame.filter(~cut.after(table, frame)).sort("known_at").unique(key, keep="last", maintain_order=True)
    later = (pl.col("_cut").cast(pl.Datetime("us")) + timedelta(days=2)).dt.replace_time_zone("UTC")
    again = cut.with_cut(known).with_columns(
        later.cast(frame.schema["known_at"]).alias("known_at"),
        *(pl.col(name) * 1.37 + 1 for name, dtype in frame.schema.items() if dtype.is_float()),
    )
    return pl.concat([frame, again.drop("_cut")])
