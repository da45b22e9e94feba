"""Pictures of the factor report: how the RankIC fades, how it added up, what each quantile earned."""

import polars as pl

from kairos.frames import Frame
from kairos.plots.style import (
    INK,
    LOSS,
    NET,
    SERIES,
    Axes,
    date_axis,
    legend,
    nothing,
    panels,
    png,
)
from kairos.tables.factors import REGIMES

CHIEF = 5  # horizon by which features are compared
BEST = 4
CONFIDENT = 1.96
QUANTILES = tuple(f"q{number}" for number in range(1, 6))
QUANTILE_HORIZONS = (1, 5, 21)


def factor_page(report: Frame) -> bytes:
    """Return the features with the greatest |t| at 5 sessions: decay of the RankIC, its running sum, quantile returns.

    Args:
        report: Rows of `factor_report`, one universe year.
    """
    whole = report.filter(split="all", horizon=CHIEF).drop_nulls("rank_ic_t")
    best = whole.sort(pl.col("rank_ic_t").abs(), "feature", descending=[True, False])["feature"].head(BEST).to_list()
    if not best:
        return nothing("Factor report", "No feature has a RankIC over enough sessions.")
    year, count = report["universe_year"][0], whole.height
    title = f"Universe {year}: the {len(best)} of {count} features with the greatest |t| at {CHIEF} sessions"
    figure, (decay, sums, earned) = panels(title, columns=3, size=(13.5, 4.2))
    width = 0.8 / len(best)
    for place, feature in enumerate(best):
        rows, colour, offset = report.filter(feature=feature), SERIES[place], (place - (len(best) - 1) / 2) * width
        _draw_decay(decay, rows, colour=colour, offset=offset, width=width)
        _draw_sum(sums, rows, colour=colour, label=feature)
        _draw_quantiles(earned, rows.filter(split="all", horizon=CHIEF), colour=colour, offset=offset, width=width)
    earned.set_title(f"mean return of quantiles, {CHIEF} sessions", fontsize=9.5, color=INK, loc="left")
    legend(sums)
    return png(figure)


def factor_picture(report: Frame, *, feature: str) -> bytes:
    """Return one feature: decay of its RankIC with 95 % bars, its running sum, quantile returns, RankIC in parts.

    Args:
        report: Rows of `factor_report`, one universe year.
        feature: The feature.
    """
    rows = report.filter(feature=feature)
    if rows.drop_nulls("rank_ic").is_empty():
        return nothing(feature, "It has no RankIC on any session.")
    title = f"{feature}, universe {rows['universe_year'][0]}, before the holdout"
    figure, (decay, sums, earned, parts) = panels(title, rows=2, columns=2, size=(11.0, 7.2))
    _draw_decay(decay, rows, colour=NET, offset=0.0, width=0.7)
    _draw_sum(sums, rows, colour=NET, label=feature)
    for place, horizon in enumerate(QUANTILE_HORIZONS):
        chosen, offset = rows.filter(split="all", horizon=horizon), (place - 1) * 0.27
        _draw_quantiles(earned, chosen, colour=SERIES[place], offset=offset, width=0.25, label=f"{horizon} d")
    earned.set_title("mean return of quantiles over all names'", fontsize=9.5, color=INK, loc="left")
    legend(earned, columns=len(QUANTILE_HORIZONS))
    _draw_parts(parts, rows.filter(horizon=CHIEF))
    return png(figure)


def _draw_decay(axis: Axes, rows: Frame, *, colour: str, offset: float, width: float) -> None:
    """Draw the mean RankIC of each horizon; the line over a bar spans 1.96 Newey-West errors on both sides."""
    whole = rows.filter(split="all").sort("horizon")
    error = (whole["rank_ic"] / whole["rank_ic_t"]).abs().fill_null(0.0) * CONFIDENT
    places = [place + offset for place in range(whole.height)]
    axis.bar(places, whole["rank_ic"].fill_null(0.0), width=width, color=colour)
    axis.errorbar(places, whole["rank_ic"].fill_null(0.0), yerr=error, fmt="none", ecolor=INK, elinewidth=0.9, alpha=0.6)
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_xticks(range(whole.height), labels=[str(horizon) for horizon in whole["horizon"]])
    axis.set_xlabel("sessions ahead")
    axis.set_title("mean daily RankIC, 95 % Newey-West", fontsize=9.5, color=INK, loc="left")


def _draw_sum(axis: Axes, rows: Frame, *, colour: str, label: str) -> None:
    months = rows.filter(split="month", horizon=CHIEF).sort("part")
    ends = months["part"].str.to_date("%Y-%m").dt.month_end().to_numpy()
    axis.plot(ends, (months["rank_ic"].fill_null(0.0) * months["sessions"]).cum_sum(), color=colour, linewidth=1.4, label=label)
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_title(f"running sum of the daily RankIC, {CHIEF} sessions", fontsize=9.5, color=INK, loc="left")
    date_axis(axis)


def _draw_quantiles(axis: Axes, row: Frame, *, colour: str, offset: float, width: float, label: str = "") -> None:
    heights = [1e4 * (row[name][0] or 0.0) for name in QUANTILES] if row.height else [0.0] * len(QUANTILES)
    axis.bar([place + offset for place in range(len(QUANTILES))], heights, width=width, color=colour, label=label or None)
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_xticks(range(len(QUANTILES)), labels=["lowest", "2", "3", "4", "highest"])
    axis.set_ylabel("basis points over all names")


def _draw_parts(axis: Axes, rows: Frame) -> None:
    shown = pl.concat(
        [
            rows.filter(split="year").sort("part"),
            *(rows.filter(split="volatility", part=regime) for regime in REGIMES),
            rows.filter(split="sector").sort("part"),
        ]
    ).drop_nulls("rank_ic")
    labels = [
        f"{part} volatility" if split == "volatility" else part for split, part in shown.select("split", "part").iter_rows()
    ]
    places = range(shown.height)
    axis.barh(places, shown["rank_ic"], color=[NET if value >= 0 else LOSS for value in shown["rank_ic"]], height=0.7)
    axis.set_yticks(places, labels=labels, fontsize=7.5)
    axis.invert_yaxis()
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.set_title(f"mean daily RankIC in parts, {CHIEF} sessions", fontsize=9.5, color=INK, loc="left")
