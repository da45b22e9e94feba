"""Pictures of data quality: what later deliveries changed, when and by how much; which figures are out of bounds."""

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.plots.style import GOOD, HELD_OUT, INK, LOSS, MUTED, NET, Axes, date_axis, legend, nothing, panels, png
from kairos.tables.quality import CORRECTION, DISAPPEARED, FILLED, LEVELS, MEMBERSHIP, READJUSTMENT, RENAME

COLOURS = {READJUSTMENT: NET, CORRECTION: LOSS, FILLED: GOOD, DISAPPEARED: HELD_OUT, RENAME: MUTED, MEMBERSHIP: INK}
SMALLEST, LARGEST = 1e-7, 1e2  # relative changes beyond these are drawn at the edge
BINS = np.logspace(np.log10(SMALLEST), np.log10(LARGEST), 46)
LEVEL_COLOURS = {"ok": GOOD, "warn": HELD_OUT, "block": LOSS}


def corrections_drawn(corrections: Frame, *, name: str = "") -> bytes:
    """Return the changed values by the day they came and by their size, coloured by kind.

    Args:
        corrections: Rows of that table.
        name: What it is, to begin the title with.
    """
    title = f"{name}: corrections" if name else "Corrections"
    if corrections.is_empty():
        return nothing(title, "No value was delivered again with another content.")
    names, sessions = corrections["permaticker"].n_unique(), corrections["session"].n_unique()
    title = f"{title}: {corrections.height:,} changed values of {names:,} names on {sessions:,} sessions"
    figure, (received, sizes) = panels(title, rows=2, size=(9.0, 5.4))
    _by_day(received, corrections)
    _by_size(sizes, corrections)
    legend(received)
    return png(figure)


def _by_day(axis: Axes, corrections: Frame) -> None:
    counts = corrections.group_by(pl.col("known_at").dt.date().alias("day"), "kind").len()
    days = counts.select("day").unique().sort("day")
    below = np.zeros(days.height)
    for kind, colour in COLOURS.items():
        of_kind = (
            days.join(counts.filter(kind=kind), on="day", how="left", maintain_order="left")["len"].fill_null(0).to_numpy()
        )
        if of_kind.any():
            axis.bar(days["day"].to_numpy(), of_kind, bottom=below, color=colour, width=1.0, label=kind)
        below = below + of_kind
    axis.set_ylabel("values changed")
    axis.set_xlabel("day they became known")
    date_axis(axis)


def _by_size(axis: Axes, corrections: Frame) -> None:
    for kind, colour in COLOURS.items():
        change = corrections.filter(kind=kind)["change"].drop_nulls().abs().to_numpy()
        if change.size:
            axis.hist(np.clip(change, SMALLEST, LARGEST), bins=BINS, color=colour, histtype="step", linewidth=1.4)
    axis.set_xscale("log")
    axis.set_yscale("symlog")
    axis.set_ylabel("values")
    axis.set_xlabel("size of the change, as a fraction of the old value")


def results_drawn(results: Frame, *, name: str = "") -> bytes:
    """Return the worst level of each table and check as a heat table; a cell says how many figures are out of bounds.

    Args:
        results: Rows of `quality_results`.
        name: What it is, to begin the title with.
    """
    title = f"{name}: quality" if name else "Quality"
    if results.is_empty():
        return nothing(title, "Nothing was judged.")
    bad = results.filter(pl.col("level") != "ok").height
    tables, checks = (results[column].unique().sort().to_list() for column in ("table_name", "check_name"))
    title = f"{title}: {bad:,} of {results.height:,} figures out of bounds, up to {results['session'].sort()[-1]}"
    figure, (axis,) = panels(title, size=(9.0, 1.4 + 0.3 * len(tables)))
    for row in _cells(results).iter_rows(named=True):
        place = checks.index(row["check_name"]), tables.index(row["table_name"])
        _cell(axis, place, level=LEVELS[row["worst"]], text=f"{row['bad']} / {row['figures']}")
    axis.set_xticks(range(len(checks)), labels=checks)
    axis.set_yticks(range(len(tables)), labels=tables)
    axis.set_xlim(-0.5, len(checks) - 0.5)
    axis.set_ylim(len(tables) - 0.5, -0.5)
    axis.grid(visible=False)
    return png(figure)


def _cells(results: Frame) -> Frame:
    rank = pl.col("level").replace_strict(LEVELS, range(len(LEVELS)), return_dtype=pl.Int64)
    return results.group_by("table_name", "check_name").agg(
        rank.max().alias("worst"), (rank > 0).sum().alias("bad"), pl.len().alias("figures")
    )


def _cell(axis: Axes, place: tuple[int, int], *, level: str, text: str) -> None:
    across, down = place
    axis.barh(down, 0.96, left=across - 0.48, height=0.92, color=LEVEL_COLOURS[level], alpha=0.25 if level == "ok" else 0.8)
    axis.text(across, down, text, ha="center", va="center", color=INK, fontsize=8)
