"""Rules that judge a price row by its neighbours: prints that revert at once, and a file's unfinished last session.

A print is bad when the price leaves its level by more than trading explains and is back within days. What stays at its
new level is no print: `returns` decides about such breaks.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from kairos.calendar import early_closes
from kairos.frames import Frame
from kairos.market.dates import session_table

SMALLEST_MOVE = float(np.log(1.5))  # a smaller move is never called a bad print
SIGMAS = 10.0  # nor is one that the name's own moves make plausible
REVERTED = 0.25  # the price is back when less than this part of the move is left
REVERT_SESSIONS = 5
MOVED = 1e-6  # relative difference between two deliveries of one price
SIGMA_ROWS = 60  # moves before the print that measure the name's own volatility
LEAST_MOVES = 10  # fewer moves measure nothing
QUARTILE_OF_SIGMA = 0.3186  # |z| of a normal variable lies below this a quarter of the time; withstands 3/4 bad moves
TRADED_MOVE = float(np.log(2.2))  # up to here trading may explain a move; beyond, bars mix two scales or securities:
TRADED_PART = 0.5  # a bar whose range covers this part of the move was traded through,
TRADED_VOLUME = 3.0  # and so was one on this many times the usual shares and dollars

PARTIAL_SHARE = 0.6  # of the usual volume; less means that the session was not over
PARTIAL_SHARE_HALF_DAY = 0.3
PARTIAL_COVERAGE = 0.5  # of the usual names; a scrape that broke off
PARTIAL_NAMES = 20
PARTIAL_TRAIL = 20
PARTIAL_LEAST_TRAIL = 8

Array = np.ndarray


def bad_prints(versions: Frame) -> pl.Series:
    """Tell for each version whether it is a bad print.

    Each security's series is looked at as it stood before and after every delivery that changed a price, so a correction
    never makes the row it corrects look right, nor its neighbours wrong.

    Args:
        versions: Sorted by permaticker, session, fetched_at; with high, low, close, volume, closeunadj and session_index.
    """
    rows = versions.select(
        "permaticker", "session_index", "fetched_at", _price().alias("price"),
        (pl.col("high") / pl.col("close")).log().alias("up"), (pl.col("close") / pl.col("low")).log().alias("down"),
        pl.col("volume").alias("shares"), (pl.col("close") * pl.col("volume")).alias("dollars"),
    ).with_row_index("position")  # fmt: skip
    jump = (pl.col("price").log() - pl.col("price").log().shift(1)).abs() > SMALLEST_MOVE / 2
    same = pl.col("permaticker") == pl.col("permaticker").shift(1)
    suspects = rows.filter(jump & same)["permaticker"].unique()
    flags = np.zeros(rows.height, dtype=bool)
    for series in rows.filter(pl.col("permaticker").is_in(suspects.implode())).partition_by("permaticker", maintain_order=True):
        for view in _views(series):
            flags[view["position"].to_numpy()[_spikes(view)]] = True
    return pl.Series("bad_print", flags)


def _price() -> pl.Expr:
    """The close on the one scale that a later split does not move: as traded, where the vendor says it throughout."""
    traded = pl.col("closeunadj").is_not_null().all().over("permaticker")
    return pl.when(traded).then("closeunadj").otherwise("close")


def _views(series: Frame) -> Iterator[Frame]:
    """The security's series, one row per session, as it stood around each change of an already delivered price."""
    again = pl.col("session_index") == pl.col("session_index").shift(1)
    moved = (pl.col("price") / pl.col("price").shift(1) - 1).abs() > MOVED
    first = series.unique("session_index", keep="first", maintain_order=True)
    yield first
    for instant in series.filter(again & moved)["fetched_at"].unique().sort():
        known = series.filter(pl.col("fetched_at") <= instant).unique("session_index", keep="last", maintain_order=True)
        later = first.join(known, on="session_index", how="anti", maintain_order="left")
        yield pl.concat([known, later]).sort("session_index")


def _spikes(view: Frame) -> Sequence[int]:
    """Row numbers of the prints that left the last good level and came back to it."""
    level = np.log(view["price"].to_numpy())
    session = view["session_index"].to_numpy()
    found: list[int] = []
    good = -1  # a row at the level that the next print is measured against
    for start in (np.flatnonzero(np.abs(np.diff(level)) > SMALLEST_MOVE) + 1).tolist():
        move = level[start] - level[start - 1]
        if start <= good or abs(move) <= _plausible(level, start) or _traded(view, start, move):
            continue
        ahead = np.flatnonzero(session[start + 1 :] - session[start] <= REVERT_SESSIONS) + start + 1
        back = ahead[np.abs(level[ahead] - level[start - 1]) <= REVERTED * abs(move)]
        if back.size:
            good = int(back[0])
            found.extend(range(start, good))
    return found


def _traded(view: Frame, start: int, move: float) -> bool:
    """Whether the bar's range or its volume shows that the move was traded."""
    if abs(move) > TRADED_MOVE:
        return False
    covered = view["down" if move > 0 else "up"][start]
    if covered is not None and covered >= TRADED_PART * abs(move):
        return True
    return all(_many(view[name].to_numpy(), start) for name in ("shares", "dollars"))


def _many(amounts: Array, start: int) -> bool:
    usual = amounts[max(0, start - SIGMA_ROWS) : start]
    usual = usual[np.isfinite(usual)]
    return bool(usual.size and amounts[start] > 0 and amounts[start] >= TRADED_VOLUME * np.median(usual))


def _plausible(level: Array, start: int) -> float:
    moves = np.abs(np.diff(level[max(0, start - SIGMA_ROWS) : start + REVERT_SESSIONS + 1]))
    if moves.size < LEAST_MOVES:
        return SMALLEST_MOVE
    return max(SMALLEST_MOVE, SIGMAS * float(np.quantile(moves, 0.25)) / QUARTILE_OF_SIGMA)


def partial_sessions(rows: Frame, *, year: int) -> pl.Series:
    """Tell for each row whether it belongs to its payload's last session, and that session was not over.

    A payload's last session is partial when the median name's volume is less than 60 % of that name's median over the
    20 sessions before (30 % on half days), or when fewer than half of the names usual in them have a row. Payloads with
    fewer than 20 such names are not judged.

    Args:
        rows: Has payload_id, permaticker, session and volume.
        year: Only last sessions within it are judged.
    """
    ends = rows.group_by("payload_id").agg(pl.col("session").max().alias("last"), pl.col("session").n_unique().alias("n"))
    ends = ends.filter((pl.col("last").dt.year() == year) & (pl.col("n") > PARTIAL_LEAST_TRAIL)).drop("n")
    if ends.is_empty():
        return pl.repeat(False, rows.height, eager=True)
    judged = rows.select("payload_id", "permaticker", "session", "volume").join(ends, on="payload_id")
    recent = judged.join(_sessions_back(judged["last"].unique().to_list()), on="last").filter(
        pl.col("session") >= pl.col("first")
    )
    partial = pl.concat([_low_volume(recent), _few_names(recent)]).unique()
    marked = partial.with_columns(pl.lit(True).alias("partial")).rename({"last": "session"})
    return (
        rows.select("payload_id", "session")
        .join(marked, on=["payload_id", "session"], how="left", maintain_order="left")["partial"]
        .fill_null(False)
    )


def _few_names(recent: Frame) -> Frame:
    names = recent.group_by("payload_id", "last", "session").agg(
        pl.col("permaticker").n_unique().cast(pl.Float64).alias("names")
    )
    is_last = pl.col("session") == pl.col("last")
    counts = names.group_by("payload_id", "last").agg(
        pl.col("names").filter(is_last).sum().alias("today"), pl.col("names").filter(~is_last).median().alias("usual")
    )
    few = (pl.col("usual") >= PARTIAL_NAMES) & (pl.col("today") < PARTIAL_COVERAGE * pl.col("usual"))
    return counts.filter(few).select("payload_id", "last")


def _low_volume(recent: Frame) -> Frame:
    earlier = pl.col("volume").filter(pl.col("session") < pl.col("last"))
    by_name = recent.group_by("payload_id", "last", "permaticker").agg(
        pl.col("volume").filter(pl.col("session") == pl.col("last")).first().alias("today"),
        earlier.median().alias("usual"),
        earlier.count().alias("n"),
    ).filter((pl.col("n") >= PARTIAL_LEAST_TRAIL) & (pl.col("usual") > 0) & pl.col("today").is_not_null())  # fmt: skip
    shares = by_name.group_by("payload_id", "last").agg((pl.col("today") / pl.col("usual")).median().alias("share"), pl.len())
    half_day = pl.col("last").is_in(list(early_closes()))
    least = pl.when(half_day).then(PARTIAL_SHARE_HALF_DAY).otherwise(PARTIAL_SHARE)
    return shares.filter((pl.col("len") >= PARTIAL_NAMES) & (pl.col("share") < least)).select("payload_id", "last")


def _sessions_back(days: Sequence[date]) -> Frame:
    calendar = session_table()["session"]
    firsts = [calendar.filter(calendar <= day).tail(PARTIAL_TRAIL + 1).first() or day - timedelta(days=1) for day in days]
    return pl.DataFrame({"last": days, "first": firsts}, schema={"last": pl.Date, "first": pl.Date})
