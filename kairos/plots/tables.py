"""Pictures of tables as such: what is missing, what was set aside, who is in, how many rows."""

import polars as pl

from kairos.frames import Frame
from kairos.plots.style import (
    GOOD,
    HELD_OUT,
    LOSS,
    MUTED,
    NET,
    date_axis,
    draw_level_bars,
    legend,
    level_bars,
    nothing,
    panels,
    png,
)

MOST_BARS = 30
MEMBER_REASONS = {"member": GOOD, "no_marketcap": HELD_OUT}


def missingness(frame: Frame, *, name: str = "") -> bytes:
    """Return the share of nulls and NaNs by column, most first; complete columns are counted in the title.

    Args:
        frame: Any frame.
        name: What it is, to begin the title with.
    """
    if frame.is_empty():
        return nothing(_named(name, "missing values"), "No rows.")
    lacking = {
        column: (series.null_count() + (int(series.is_nan().sum() or 0) if series.dtype.is_float() else 0)) / frame.height
        for column, series in zip(frame.columns, frame.get_columns(), strict=True)
    }
    gaps = {column: share for column, share in sorted(lacking.items(), key=lambda item: -item[1]) if share > 0}
    title = _named(name, f"{frame.height:,} rows, {len(lacking) - len(gaps)} of {len(lacking)} columns complete")
    if not gaps:
        return nothing(title, "Nothing is missing.")
    shown = {column: 100 * share for column, share in list(gaps.items())[:MOST_BARS]}
    left_out = f"; {len(gaps) - len(shown)} more not shown" if len(gaps) > len(shown) else ""
    return level_bars(title, shown, unit=f"rows without a value, %{left_out}", label=lambda value: f"{value:.3g} %", limit=112)


def missingness_of_filled(frame: Frame) -> bytes:
    """Return the same of the columns that hold any value; the title counts the others.

    Args:
        frame: Any frame.
    """
    filled = [series.name for series in frame.get_columns() if series.null_count() < frame.height]
    empty = frame.width - len(filled)
    return missingness(frame.select(filled), name=f"{empty} columns not filled" if empty else "")


def quarantine_bars(quarantine: Frame) -> bytes:
    """Return how many rows and values were set aside, by dataset and reason.

    Args:
        quarantine: Rows of that table.
    """
    if quarantine.is_empty():
        return nothing("Quarantine", "Nothing was set aside.")
    where = pl.concat_str("dataset", "reason", separator=": ").alias("where")
    counts = quarantine.group_by(where).agg(pl.len().alias("all"), (pl.col("action") == "row_rejected").sum().alias("rejected"))
    shown = counts.sort("all", "where", descending=[True, False]).head(MOST_BARS)
    bars = dict(shown.select("where", "all").iter_rows())
    figure, (axis,) = panels(f"Quarantine: {quarantine.height:,} set aside", size=(8.0, max(2.0, 1.3 + 0.26 * len(bars))))
    draw_level_bars(axis, bars, colour=lambda _: HELD_OUT, label=lambda value: f"{value:,.0f}")
    axis.barh(range(len(bars)), shown["rejected"].to_list(), color=LOSS, height=0.72, label="row rejected")
    axis.barh(0, 0, color=HELD_OUT, label="value nulled")
    axis.set_xlim(0, 1.12 * max(bars.values()))
    axis.set_xlabel("rows or values")
    legend(axis, place="lower right")
    return png(figure)


def universe_reasons(mid_cap_xx: Frame) -> bytes:
    """Return how many candidates are in or out, and why.

    Args:
        mid_cap_xx: Rows of that table, one universe year.
    """
    if mid_cap_xx.is_empty():
        return nothing("Universe", "No candidates.")
    counts = mid_cap_xx.group_by("reason").len().sort("len", "reason", descending=[True, False])
    inside = mid_cap_xx.filter("included").height
    years = mid_cap_xx["universe_year"].unique().sort().to_list()
    title = f"Universe {', '.join(map(str, years))}: {inside:,} of {mid_cap_xx.height:,} candidates are members"
    bars = dict(counts.iter_rows())
    return level_bars(title, bars, unit="securities", colour=lambda reason: MEMBER_REASONS.get(reason, MUTED))


def sessions_rows(frame: Frame, *, name: str = "") -> bytes:
    """Return the number of rows of each session.

    Args:
        frame: Any frame with a `session` column.
        name: What it is, to begin the title with.
    """
    if frame.is_empty():
        return nothing(_named(name, "rows a session"), "No rows.")
    counts = frame.group_by("session").agg(pl.len().alias("rows")).sort("session")
    figure, (axis,) = panels(_named(name, f"{frame.height:,} rows on {counts.height:,} sessions"), size=(9.0, 3.0))
    axis.plot(counts["session"].to_numpy(), counts["rows"], color=NET, linewidth=1.1, drawstyle="steps-mid")
    axis.set_ylim(0, 1.08 * int(counts["rows"].max() or 1))  # type: ignore[arg-type]
    axis.set_ylabel("rows a session")
    date_axis(axis)
    return png(figure)


def _named(name: str, title: str) -> str:
    return f"{name}: {title}" if name else title
