"""Corrections: what later deliveries changed of prices that had been delivered before, value by value.

A dividend or a split makes the vendor rewrite a security's history, which says nothing new of its sessions: that is a
readjustment. After a rename the rows of the old ticker are gone at the vendor's and come under the new one: a rename, value
by value or alone. Deliveries that repeat a row, or change its `lastupdated` alone, make no version and stand in no row here.
A row that a later delivery leaves out altogether is not noticed: pulls and files are seldom whole.
"""

import polars as pl

from kairos.frames import Frame
from kairos.market.dates import session_table
from kairos.market.rules import PRICES, VALUES
from kairos.tables.core import Outcome
from kairos.tables.quality import CORRECTION, CORRECTIONS, DISAPPEARED, FILLED, READJUSTMENT, RENAME

CENT = 0.01  # vendors round prices to cents; readjusted ones may be off by one, and by one times the ratio
VOLUME_ROUNDING = 0.01
SEVERAL = 3  # sessions of a security that one delivery moved: a history, not a typing error

UNUSUAL_SHARE = 0.02  # of a session's names with a price corrected; in three months of real drops at most 0.0014
FEW = 5  # so few names are no pattern, however few there are
LARGE = 0.5  # a close so wrong has moved whatever was computed from it
WORST = 3

_KEY = ("permaticker", "session")
_BARS = ("open", "high", "low", "close")


def corrections(versions: Frame) -> Frame:
    """Return one row per changed value, in the form of `corrections`, sorted by its key.

    Args:
        versions: Rows of `sep_versions`, whole sessions; each version is compared with the one known before it.
    """
    marked = _delivered_again(versions)
    if marked.is_empty():
        return CORRECTIONS.empty()
    counted = versions.select(_KEY).join(marked.select("session").unique(), on="session", how="semi")
    names = counted.group_by("session").agg(pl.col("permaticker").n_unique().alias("session_names"))
    judged = _judged(_paired(marked)).join(names, on="session", maintain_order="left")
    rows = pl.concat([*(_of_field(judged, name) for name in VALUES), _renamed(judged)])
    return CORRECTIONS.conform(rows).sort(CORRECTIONS.key)


def _delivered_again(versions: Frame) -> Frame:
    """The versions of sessions that have several, in order, and whether each is a later one: few rows of all."""
    keys = versions.select(*_KEY, "known_at").with_row_index("_at").sort(*_KEY, "known_at")
    again = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _KEY).fill_null(False)
    marked = keys.select("_at", again.alias("again")).filter(pl.col("again") | pl.col("again").shift(-1, fill_value=False))
    return versions[marked["_at"]].with_columns(marked["again"])


def _paired(marked: Frame) -> Frame:
    """Every version but the first of its session, with the values before it and the sessions since the first was known."""
    kept = ("ticker", "known_at", *VALUES)
    instants = session_table()["known_at"]
    first = marked.select(pl.when(~pl.col("again")).then("known_at").forward_fill())["known_at"]
    late = instants.search_sorted(marked["known_at"], "right").cast(pl.Int64) - instants.search_sorted(first, "right").cast(
        pl.Int64
    )
    return marked.with_columns(
        *(pl.col(name).shift(1).alias(f"{name}_before") for name in kept), late.alias("sessions_late")
    ).filter("again")


def _judged(paired: Frame) -> Frame:
    """Add whether the prices moved by one ratio, and whether closeadj moved for a reason of its own."""
    ratio = pl.col("close") / pl.col("close_before")
    room = CENT * pl.max_horizontal(ratio, pl.lit(1.0))
    in_step = pl.all_horizontal(((pl.col(name) - ratio * _before(name)).abs() <= room).fill_null(_same(name)) for name in _BARS)
    shaped = paired.with_columns(
        (in_step & (ratio != 1)).alias("_shaped"),
        ((pl.col("volume") * ratio / _before("volume") - 1).abs() <= VOLUME_ROUNDING).fill_null(False).alias("_inverse"),
    )
    untraded = pl.col("closeunadj").is_null() & _before("closeunadj").is_null()
    several = pl.col("_shaped").sum().over("permaticker", "fetched_at") >= SEVERAL
    rescaled = pl.col("_shaped") & _same("closeunadj") & (~untraded | pl.col("_inverse") | several)
    return shaped.with_columns(rescaled.alias("_rescaled")).with_columns(
        (_same("closeunadj") & (_same("close") | pl.col("_rescaled"))).alias("_readjusted"),
    )


def _before(name: str) -> pl.Expr:
    return pl.col(f"{name}_before")


def _same(name: str) -> pl.Expr:
    return pl.col(name).eq_missing(_before(name))


def _kind(name: str) -> pl.Expr:
    readjusted = {
        "closeadj": pl.col("_readjusted"),
        "closeunadj": pl.lit(False),
        "volume": pl.col("_rescaled") & pl.col("_inverse"),
    }.get(name, pl.col("_rescaled"))
    return (
        pl.when(_before(name).is_null())
        .then(pl.lit(FILLED))
        .when(pl.col(name).is_null())
        .then(pl.lit(DISAPPEARED))
        .when(readjusted)
        .then(pl.lit(READJUSTMENT))
        .otherwise(pl.lit(CORRECTION))
    )


def _of_field(judged: Frame, name: str) -> Frame:
    old, new = _before(name).alias("old_value"), pl.col(name).alias("new_value")
    change = pl.when(_before(name) != 0).then(pl.col(name) / _before(name) - 1).alias("change")
    return _rows(judged.filter(~_same(name)), pl.lit(name).alias("column_name"), _kind(name).alias("kind"), old, new, change)


def _renamed(judged: Frame) -> Frame:
    nothing = (pl.lit(None, dtype=pl.Float64).alias(name) for name in ("old_value", "new_value", "change"))
    moved = judged.filter(~_same("ticker"))
    return _rows(moved, pl.lit("ticker").alias("column_name"), pl.lit(RENAME).alias("kind"), *nothing)


def _rows(found: Frame, *said: pl.Expr) -> Frame:
    kept = [name for name in CORRECTIONS.columns if name in found.columns]
    return found.select(*kept, *said)


def unusual_corrections(rows: Frame) -> Outcome:
    """Few names of a session have a price corrected, and no close by more than half; readjustments count nowhere."""
    wrong = rows.filter(pl.col("kind").is_in([CORRECTION, DISAPPEARED]) & pl.col("column_name").is_in(PRICES))
    large = wrong.filter((pl.col("column_name") == "close") & (pl.col("change").abs() > LARGE))
    names = wrong.group_by("session").agg(pl.col("permaticker").n_unique().alias("names"), pl.col("session_names").first())
    shares = names.with_columns((pl.col("names") / pl.col("session_names")).alias("share")).sort(
        "share", "session", descending=[True, False]
    )
    many = shares.filter((pl.col("names") > FEW) & (pl.col("share") > UNUSUAL_SHARE))
    return Outcome(
        passed=many.is_empty() and large.is_empty(),
        summary=f"{wrong.height} of {rows.height} changed values are corrected prices, {large.height} of them closes by more "
        f"than {LARGE:.0%}{_examples(large)}; {many.height} sessions have over {UNUSUAL_SHARE:.0%} of their names corrected"
        + "".join(f", {row['session']} {row['share']:.1%}" for row in many.head(WORST).to_dicts()),
        figures={
            "changed_values": rows.height,
            "corrected_prices": wrong.height,
            "readjusted": rows.filter(pl.col("kind") == READJUSTMENT).height,
            "large": large.height,
            "sessions_with_many": many.height,
            "largest_share": float(shares["share"][0]) if shares.height else 0.0,
        },
    )


def _examples(large: Frame) -> str:
    worst = large.sort(pl.col("change").abs(), descending=True).head(WORST)
    said = [f"{row['ticker']} {row['session']} {row['old_value']:g} to {row['new_value']:g}" for row in worst.to_dicts()]
    return f" ({', '.join(said)})" if said else ""
