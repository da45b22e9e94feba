"""Pictures of what strategies earned."""

from statistics import median_low

import polars as pl

from kairos.evaluation.performance import cagr, drawdowns, max_drawdown, sharpe
from kairos.frames import Frame
from kairos.plots.style import (
    GROSS,
    HELD_OUT,
    INK,
    LOSS,
    NET,
    SERIES,
    Axes,
    date_axis,
    legend_below,
    nothing,
    panels,
    percent_axis,
    png,
)
from kairos.tables.models import SEGMENTS
from kairos.tables.simulation import SIMULATION_KEY

MOST = len(SERIES)


def equity_curve(simulation_daily: Frame) -> bytes:
    """Return equity net and gross of costs with the holdout shaded, and the drawdown below.

    Of strategies that differ in cost only, the one in the middle is drawn. Several are drawn net of costs only, and at most
    eight of them, the first by name.

    Args:
        simulation_daily: Rows of that table.
    """
    if simulation_daily.is_empty():
        return nothing("Equity", "No session has been simulated.")
    every = _middle_costs(simulation_daily)
    strategies = every[:MOST]
    size = (9.0, 5.2 + 0.2 * len(strategies))
    figure, (above, below) = panels(_title(strategies, of=len(every)), rows=2, size=size, heights=(3, 1), share_x=True)
    _shade_holdout(above, below, strategies)
    for colour, daily in zip(SERIES, strategies, strict=False):
        _draw(above, below, daily, colour=colour, alone=len(strategies) == 1)
    above.set_yscale("log")
    _plain_ticks(above)
    above.set_ylabel("equity, start = 1 (log)")
    below.set_ylabel("drawdown, net")
    percent_axis(below)
    date_axis(below)
    above.margins(x=0.01)
    legend_below(figure, above)
    return png(figure)


def bias_bars(survivorship_bias: Frame) -> bytes:
    """Return each strategy's growth a year with all names beside that without the dead, validation and holdout apart.

    Args:
        survivorship_bias: Rows of that table, one tag; at most eight strategies are drawn.
    """
    shown = survivorship_bias.drop_nulls(["cagr_net", "cagr_net_survivors"])
    segments = [name for name in SEGMENTS if name in shown["segment"]]
    if not segments:
        return nothing("Survivorship bias", "No strategy can be compared without the dead.")
    row = shown.row(0, named=True)
    tallest = min(MOST, shown.filter(segment=segments[0]).height)
    figure, axes = panels(
        f"{row['tag']} {row['universe_year']}: growth with and without the {row['dead']} of {row['names']} names that died",
        columns=len(segments),
        size=(9.0, 1.8 + 0.5 * tallest),
    )
    for axis, segment in zip(axes, segments, strict=True):
        _draw_bias(axis, shown.filter(segment=segment).head(MOST))
        axis.set_title(segment, fontsize=9.5, color=INK, loc="left")
    legend_below(figure, axes[0])
    return png(figure)


def _draw_bias(axis: Axes, rows: Frame) -> None:
    """Draw two bars a strategy, the bias written beside the lower one."""
    names = [f"{model} {horizon}d" for model, horizon in rows.select("model_id", "horizon").iter_rows()]
    for column, shift, colour, label in (
        ("cagr_net", -0.19, NET, "all names"),
        ("cagr_net_survivors", 0.19, LOSS, "without the dead"),
    ):
        places = [place + shift for place in range(rows.height)]
        drawn = axis.barh(places, (100 * rows[column]).to_list(), height=0.36, color=colour, label=label)
    bias = [f"{100 * value:+.1f}" for value in rows["cagr_net_bias"]]
    axis.bar_label(drawn, labels=bias, padding=3, fontsize=8, color=INK)
    axis.set_yticks(range(rows.height), labels=names, fontsize=8.5)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.margins(x=0.16)
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("net growth, % a year; difference at the bar")


def _middle_costs(simulation_daily: Frame) -> list[Frame]:
    """Split by strategy, one cost of each: that with as many above as below, the lower of two."""
    same = [name for name in SIMULATION_KEY if name != "cost_bps"]
    split = simulation_daily.sort(*SIMULATION_KEY, "session").partition_by(same, maintain_order=True)
    middle = [median_low(daily["cost_bps"].unique().to_list()) for daily in split]
    return [daily.filter(cost_bps=cost) for daily, cost in zip(split, middle, strict=True)]


def _title(strategies: list[Frame], *, of: int) -> str:
    if of > 1:
        shown = f"{of}" if len(strategies) == of else f"{len(strategies)} of {of}"
        return f"Equity of {shown} strategies, net of costs"
    row = strategies[0].row(0, named=True)
    strategy = f"{row['horizon']} d, top {row['k']}, {row['cost_bps']:g} bp a side"
    return f"{row['tag']} {row['universe_year']}: {row['model_id']}, {strategy}"


def _draw(above: Axes, below: Axes, daily: Frame, *, colour: str, alone: bool) -> None:
    sessions, first = daily["session"].to_numpy(), daily.row(0, named=True)
    if alone:
        above.plot(sessions, daily["nav_gross"], color=GROSS, linewidth=1.2, label=f"gross  {_figures(daily, 'gross')}")
    name = "net" if alone else f"{first['tag']} {first['model_id']} {first['horizon']}d"
    above.plot(sessions, daily["nav_net"], color=colour, linewidth=1.5, label=f"{name}  {_figures(daily, 'net')}")
    fallen = drawdowns(daily["ret_net"].to_numpy())
    if alone:
        below.fill_between(sessions, fallen, 0, color=LOSS, alpha=0.35, linewidth=0)
    below.plot(sessions, fallen, color=LOSS if alone else colour, linewidth=0.8)


def _figures(daily: Frame, side: str) -> str:
    """Say the figures of each segment in a few characters."""
    told = []
    for segment in SEGMENTS:
        returns = daily.filter(segment=segment)[f"ret_{side}"].to_numpy()
        if len(returns) > 1:
            told.append(
                f"{segment} Sharpe {sharpe(returns):.2f}, {cagr(returns):+.1%} a year, {max_drawdown(returns):.0%} at worst"
            )
    return "  |  ".join(told)


def _shade_holdout(above: Axes, below: Axes, strategies: list[Frame]) -> None:
    held_out = pl.concat(strategies).filter(segment="holdout")["session"]
    for axis in (above, below) if held_out.len() else ():
        axis.axvspan(held_out.min(), held_out.max(), color=HELD_OUT, alpha=0.10, linewidth=0)
    if held_out.len():
        above.text(
            held_out.max(), 0.02, "holdout ", transform=above.get_xaxis_transform(), color=HELD_OUT, fontsize=9, ha="right"
        )
    above.axhline(1.0, color=NET, linewidth=0.6, alpha=0.4)


def _plain_ticks(axis: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    axis.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
