"""Truths about market tables beyond their columns, as checks that a table's partition passes or fails."""

import polars as pl

from kairos.calendar import sessions_between
from kairos.frames import Frame
from kairos.market.corrections import unusual_corrections
from kairos.market.rules import OHLC_ORDER
from kairos.tables.core import Check, Outcome

MIN_COVERAGE = 0.98  # of the sessions between a security's first and last price; less deserves a look
MIN_NAMES = 20  # a few names may all miss a session; a market does not
THIN_SESSION = 0.5  # of the median number of names

SIGMAS = 12.0
SMALLEST_EXTREME = 0.10
TRAIL = 60
LEAST_TRAIL = 20
TRADED = 2.0  # times the usual dollars: such a move is news
MAD_TO_SIGMA = 1.4826
MAX_UNEXPLAINED = 0.002  # real files lie between 0 and 0.0004, crises and raw penny stocks included
FEW = 5  # so many unexplained moves are no pattern, however short the table
WORST = 3


def monotonic_dates(rows: Frame) -> Outcome:
    """Sessions ascend, without repeats, within each security in the order of the rows."""
    same = pl.col("permaticker") == pl.col("permaticker").shift(1)
    back = rows.filter(same & (pl.col("session") <= pl.col("session").shift(1)))
    scattered = rows["permaticker"].rle_id().n_unique() - rows["permaticker"].n_unique() if rows.height else 0
    example = f"; first {_named(back)}" if back.height else ""
    return Outcome(
        passed=not back.height and not scattered,
        summary=f"{back.height} of {rows.height} rows do not follow their security's row before{example}; "
        f"{scattered} securities' rows are torn apart",
        figures={"rows": rows.height, "out_of_order": back.height, "torn": scattered},
    )


def no_null_close(rows: Frame) -> Outcome:
    """Every row has a finite close."""
    bad = rows.filter(~pl.col("close").is_finite().fill_null(False))
    example = f"; first {_named(bad)}" if bad.height else ""
    return Outcome(
        passed=bad.is_empty(),
        summary=f"{bad.height} of {rows.height} rows have no close{example}",
        figures={"rows": rows.height, "without_close": bad.height},
    )


def ohlc_order(rows: Frame) -> Outcome:
    """Open and close lie between low and high, single precision allowed for."""
    bad = rows.filter(OHLC_ORDER.holds)
    example = f"; first {_named(bad)}" if bad.height else ""
    return Outcome(
        passed=bad.is_empty(),
        summary=f"{bad.height} of {rows.height} bars are out of order{example}",
        figures={"rows": rows.height, "out_of_order": bad.height},
    )


def sessions_complete(rows: Frame) -> Outcome:
    """Between the first session and the last, every session has rows, and at least half as many as usual."""
    counts = rows.group_by("session").len().sort("session")
    usual = float(counts["len"].cast(pl.Float64).median() or 0.0)  # type: ignore[arg-type]
    figures: dict[str, float | int | str] = {"sessions": counts.height, "median_names": usual}
    if usual < MIN_NAMES:
        return Outcome(
            passed=True, summary=f"{usual:.0f} names a session are too few to tell a missing session", figures=figures
        )
    expected = sessions_between(counts["session"][0], counts["session"][-1])
    full = set(counts.filter(pl.col("len") >= THIN_SESSION * usual)["session"])
    thin = [day for day in expected if day not in full]
    shown = ", ".join(str(day) for day in thin[:WORST])
    return Outcome(
        passed=not thin,
        summary=f"{len(thin)} of {len(expected)} sessions have less than half of the usual {usual:.0f} names"
        + (f": {shown}" if thin else ""),
        figures={**figures, "expected": len(expected), "missing_or_thin": len(thin)},
    )


def span(rows: Frame) -> Outcome:
    """Securities have prices on most sessions between their first and their last one."""
    if rows.is_empty():
        return Outcome(passed=True, summary="no rows", figures={"securities": 0})
    sessions = sessions_between(rows["session"].min(), rows["session"].max())  # type: ignore[arg-type]
    calendar = pl.DataFrame({"session": sessions}, schema={"session": pl.Date}).with_row_index("place")
    lives = rows.join(calendar, on="session").group_by("permaticker").agg(
        pl.col("session").n_unique().alias("have"), (pl.col("place").max() - pl.col("place").min() + 1).alias("expected")
    )  # fmt: skip
    short = lives.filter(pl.col("have") < MIN_COVERAGE * pl.col("expected")).sort(pl.col("have") / pl.col("expected"))
    covered = int(lives["have"].sum()) / int(lives["expected"].sum())
    worst = ", ".join(f"{row['permaticker']} {row['have']}/{row['expected']}" for row in short.head(WORST).to_dicts())
    return Outcome(
        passed=short.is_empty(),
        summary=f"{covered:.2%} of the expected sessions are there; {short.height} of {lives.height} securities have gaps"
        + (f": {worst}" if worst else ""),
        figures={"securities": lives.height, "with_gaps": short.height, "coverage": covered},
    )


def extreme_moves(rows: Frame) -> Outcome:
    """Moves far outside a name's own and the day's volatility are traded moves, but for a small share.

    A move is extreme beyond 12 sigma and 10 %, with sigma the name's trailing robust one, widened on sessions on which
    the whole market moves more than usual. It is explained where the dollar volume is twice its median. A fixed bound on
    the share of large moves would reject 2008.
    """
    judged = _judged(rows)
    extreme = judged.filter(pl.col("extreme"))
    unexplained = extreme.filter(~pl.col("traded"))
    share = unexplained.height / judged.height if judged.height else 0.0
    worst = unexplained.group_by("permaticker").len().sort("len", "permaticker", descending=[True, False]).head(WORST)
    names = ", ".join(f"{name} ({count})" for name, count in worst.iter_rows())
    return Outcome(
        passed=unexplained.height <= FEW or share <= MAX_UNEXPLAINED,
        summary=f"{unexplained.height} of {judged.height} returns are extreme and not traded ({share:.4%}, at most "
        f"{MAX_UNEXPLAINED:.1%})" + (f"; worst permatickers {names}" if names else ""),
        figures={"returns": judged.height, "extreme": extreme.height, "unexplained": unexplained.height, "share": share},
    )


def _judged(rows: Frame) -> Frame:
    size = pl.col("ret_cc").abs()
    priced = rows.filter(pl.col("ret_cc").is_not_null() & ~pl.col("is_delisting")).sort("permaticker", "session")
    usual = pl.col("dollar_volume").rolling_median(LEAST_TRAIL, min_samples=1).shift(1).over("permaticker")
    measured = priced.with_columns(
        (MAD_TO_SIGMA * size.rolling_median(TRAIL, min_samples=LEAST_TRAIL).shift(1)).over("permaticker").alias("own"),
        size.median().over("session").alias("day"),
        (pl.col("dollar_volume") >= TRADED * usual).fill_null(False).alias("traded"),
    )
    usual_day = pl.col("day").median()
    regime = pl.max_horizontal(1.0, pl.col("day") / usual_day)
    sigma = pl.coalesce("own", MAD_TO_SIGMA * usual_day) * regime
    return measured.with_columns(((size > SIGMAS * sigma) & (size > SMALLEST_EXTREME)).fill_null(False).alias("extreme"))


def _named(rows: Frame) -> str:
    row = rows.row(0, named=True)
    return f"{row.get('ticker', row['permaticker'])} on {row['session']}"


SEP_BASE_CHECKS = (
    Check("monotonic_dates", "Sessions ascend within each security", run=monotonic_dates),
    Check("no_null_close", "Every row has a finite close", run=no_null_close),
    Check("ohlc_order", "Open and close lie between low and high", run=ohlc_order),
    Check("sessions_complete", "No session between the first and the last is missing or half empty", run=sessions_complete),
    Check("span", "Securities have prices on most sessions of their span; a warning, never a filter", run=span, blocking=False),
)
DAILY_RETURNS_CHECKS = (
    Check("monotonic_dates", "Sessions ascend within each security", run=monotonic_dates),
    Check("extreme_moves", "Returns outside a name's own and the day's volatility are traded", run=extreme_moves),
)
CORRECTIONS_CHECKS = (
    Check(
        "unusual_corrections",
        "Few names of a session have a price corrected, and no close by more than half",
        run=unusual_corrections,
        blocking=False,
    ),
)
CHECKS = {"sep_base": SEP_BASE_CHECKS, "daily_returns": DAILY_RETURNS_CHECKS, "corrections": CORRECTIONS_CHECKS}
"""Checks by the name of the table whose partition they judge."""
