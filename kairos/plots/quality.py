"""Pictures of data quality: what later deliveries changed, when they came and by how much."""

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.plots.style import GOOD, HELD_OUT, LOSS, MUTED, NET, Axes, date_axis, legend, nothing, panels, png
from kairos.tables.quality import CORRECTION, DISAPPEARED, FILLED, READJUSTMENT, RENAME

COLOURS = {READJUSTMENT: NET, CORRECTION: LOSS, FILLED: GOOD, DISAPPEARED: HELD_OUT, RENAME: MUTED}
SMALLEST, LARGEST = 1e-7, 1e2  # relative changes beyond these are drawn at the edge
BINS = np.logspace(np.log10(SMALLEST), np.log10(LARGEST), 46)


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
