"""One look for all pictures. No global state of matplotlib is touched, and it is loaded only when a picture is drawn."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

DPI = 100
COLOURS = 64
INK = "#1f2933"
MUTED = "#8592a0"
GRID = "#e3e8ed"
NET = "#1257a6"
GROSS = "#7fb2e5"
LOSS = "#c0392b"
GOOD = "#2a8a57"
HELD_OUT = "#e08a1e"
SEGMENT_COLOURS = {"validation": NET, "holdout": HELD_OUT}
SERIES = ("#1257a6", "#e08a1e", "#2a8a57", "#8e44ad", "#c0392b", "#5b6b7a", "#16a2b8", "#b8860b")

Axes = Any
Figure = Any


def panels(
    title: str,
    *,
    rows: int = 1,
    columns: int = 1,
    size: tuple[float, float] = (9.0, 4.5),
    heights: Sequence[float] | None = None,
    share_x: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with `rows` x `columns` styled axes, row by row.

    Args:
        title: One line above all.
        rows: Rows of axes.
        columns: Columns of axes.
        size: Width and height in inches, at 100 dots an inch.
        heights: Relative heights of the rows.
        share_x: Whether rows share their horizontal axis.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as AggFigure

    figure = AggFigure(figsize=size, dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    ratios = {"height_ratios": list(heights)} if heights else None
    grid = figure.subplots(rows, columns, squeeze=False, sharex="col" if share_x else False, gridspec_kw=ratios)
    axes = [axis for row in grid for axis in row]
    for axis in axes:
        _dress(axis)
    return figure, axes


def png(figure: Figure) -> bytes:
    """Return the figure as PNG bytes with a palette of 64 colours and no date, so that equal data make equal bytes."""
    from PIL import Image

    figure.canvas.draw()
    size = figure.canvas.get_width_height()
    image = Image.frombuffer("RGBA", size, bytes(figure.canvas.buffer_rgba())).convert("RGB")
    buffer = BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def legend(axis: Axes, *, columns: int = 1, place: str = "best") -> None:
    """Draw a frameless legend inside `axis`."""
    axis.legend(frameon=False, fontsize=8.5, ncols=columns, loc=place, labelcolor=INK)


def legend_below(figure: Figure, axis: Axes) -> None:
    """Draw the legend of `axis` below the whole figure, where it hides nothing."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", frameon=False, fontsize=8.5, labelcolor=INK)


def nothing(title: str, why: str) -> bytes:
    """Return a small picture that says there is nothing to draw, and why."""
    figure, (axis,) = panels(title, size=(6.0, 1.6))
    axis.set_axis_off()
    axis.text(0.5, 0.5, why, ha="center", va="center", color=MUTED, fontsize=11)
    return png(figure)


def level_bars(
    title: str,
    bars: Mapping[str, float],
    *,
    unit: str,
    colour: Callable[[str], str] = lambda _: NET,
    label: Callable[[float], str] = lambda value: f"{value:,.0f}",
    limit: float | None = None,
) -> bytes:
    """Return horizontal bars, the first on top, each with its figure at the end.

    Args:
        title: One line above.
        bars: Length by name.
        unit: What the lengths are, with the unit.
        colour: Colour of a name's bar.
        label: How a length is written.
        limit: Right end of the axis; room for the figures by default.
    """
    figure, (axis,) = panels(title, size=(8.0, max(1.8, 1.1 + 0.24 * len(bars))))
    draw_level_bars(axis, bars, colour=colour, label=label)
    axis.set_xlim(0, limit or 1.12 * (max(bars.values()) or 1))
    axis.set_xlabel(unit)
    return png(figure)


def draw_level_bars(
    axis: Axes, bars: Mapping[str, float], *, colour: Callable[[str], str], label: Callable[[float], str]
) -> None:
    """Draw horizontal bars on `axis`, the first on top."""
    places = range(len(bars))
    drawn = axis.barh(places, list(bars.values()), color=[colour(name) for name in bars], height=0.72)
    axis.set_yticks(places, labels=list(bars), fontsize=8.5)
    axis.margins(y=0.02)
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.bar_label(drawn, labels=[label(value) for value in bars.values()], padding=3, fontsize=8, color=INK)


def date_axis(axis: Axes) -> None:
    """Mark dates as briefly as their span allows."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def percent_axis(axis: Axes, *, decimals: int = 0) -> None:
    """Mark fractions on the vertical axis as percent."""
    from matplotlib.ticker import PercentFormatter

    axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def _dress(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(GRID)
    axis.tick_params(colors=INK, labelsize=8.5, length=0)
    axis.grid(visible=True, color=GRID, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.xaxis.label.set(color=MUTED, fontsize=9)
    axis.yaxis.label.set(color=MUTED, fontsize=9)
