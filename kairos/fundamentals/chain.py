"""Deliveries of facts made into versions: what changed, and since when each version was known."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from kairos.frames import Frame

ORDER = ("fetched_at", "stamp", "payload_id", "row")
CONFLICT = "conflicting_duplicate"


def chained(rows: Frame, key: Sequence[str], facts: Sequence[str]) -> tuple[Frame, Frame]:
    """Return the versions, with known_at and known_source, and the deliveries that contradict themselves, with reason.

    The rows may come in any order. A delivery whose facts are those of the one before it makes no
    version. The first version is known from its stamp, and so is one under a later stamp than any served before; other
    facts under the same or an older stamp are known from their receipt (`observed`), as is all that arrives ahead of its
    stamp or has none.

    Args:
        rows: Has `key`, `facts`, fetched_at, payload_id, row, stamp (UTC) and stamp_source.
        key: What a fact is about.
        facts: Columns whose change makes a version.
    """
    ordered = rows.sort(*key, *ORDER, nulls_last=False)
    served = pl.coalesce("stamp", "fetched_at").cum_max().shift(1).over(key)
    ordered, torn = _consistent(ordered.with_columns(served.alias("_served")), [*key, "fetched_at", "stamp"], facts)
    same = _repeats([pl.col(name) for name in (*key, *facts)])
    first = ~_repeats([pl.col(name) for name in key])
    versions = ordered.with_columns(first.alias("_first")).filter(~same)
    return _known(versions, key).drop("_first", "_served", "stamp", "stamp_source"), torn.drop("_served")


def _repeats(columns: Sequence[pl.Expr]) -> pl.Expr:
    return (pl.int_range(pl.len()) > 0) & pl.all_horizontal(column.eq_missing(column.shift(1)) for column in columns)


def _consistent(ordered: Frame, delivery: Sequence[str], facts: Sequence[str]) -> tuple[Frame, Frame]:
    """Keep no row of a delivery that says two things of one key under one stamp."""
    several = pl.struct(delivery).is_duplicated()
    judged = ordered.filter(several)
    if judged.is_empty():
        return ordered, ordered.clear().with_columns(pl.lit(CONFLICT).alias("reason"))
    agree = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first()).all() for name in facts).over(delivery)
    torn = judged.filter(~agree).with_columns(pl.lit(CONFLICT).alias("reason"))
    kept = ordered.join(torn.select("payload_id", "row"), on=["payload_id", "row"], how="anti", maintain_order="left")
    return kept, torn


def _known(versions: Frame, key: Sequence[str]) -> Frame:
    newer = pl.col("_first") | (pl.col("stamp") > pl.col("_served"))
    trusted = (newer & (pl.col("stamp") < pl.col("fetched_at"))).fill_null(False)
    known = versions.with_columns(
        pl.when(trusted).then("stamp").otherwise("fetched_at").alias("known_at"),
        pl.when(trusted).then("stamp_source").otherwise(pl.lit("observed")).alias("known_source"),
    )
    # two versions of one instant, such as two filings fetched together ahead of their stamps, follow each other closely
    tied = pl.int_range(pl.len()).over([*key, "known_at"])
    if known.select(*key, "known_at").is_duplicated().any():
        return known.with_columns(pl.col("known_at") + timedelta(microseconds=1) * tied)
    return known
