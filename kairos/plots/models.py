"""Pictures of what models know: information coefficients, coverage, feature weights, intervals."""

import polars as pl

from kairos.frames import Frame
from kairos.plots.style import (
    GOOD,
    HELD_OUT,
    INK,
    MUTED,
    NET,
    SEGMENT_COLOURS,
    Axes,
    date_axis,
    draw_level_bars,
    legend,
    nothing,
    panels,
    percent_axis,
    png,
)

WHOLE_SEGMENT = 0
TOP_FEATURES = 15
NOMINAL_COVERAGE = 0.90
MOST_PANELS = 3
MANY_YEARS = 9
KNOWN = {
    "oracle": ("oracle: all that can be known", MUTED),
    "oracle_prices": ("oracle: what prices tell of it", GOOD),
    "rank_ic": ("model", NET),
}


def ic_by_year(model_metrics: Frame) -> bytes:
    """Return the mean RankIC of each year with its Newey-West t, validation and holdout apart, a panel per horizon.

    Args:
        model_metrics: Rows of that table, one model.
    """
    horizons = _horizons(model_metrics.filter(pl.col("rank_ic").is_not_null()))
    if not horizons:
        return nothing("RankIC by year", "No session has both a score and a label.")
    title = f"RankIC by year: {', '.join(model_metrics['model_id'].unique().sort()[:3])}"
    figure, axes = panels(title, columns=len(horizons), size=(max(6.0, 4.2 * len(horizons)), 3.9))
    for axis, horizon in zip(axes, horizons, strict=True):
        _draw_ic(axis, model_metrics.filter(horizon=horizon))
        axis.set_title(f"{horizon} session{'s' if horizon > 1 else ''} ahead", fontsize=9.5, color=INK, loc="left")
    axes[0].set_ylabel("mean daily RankIC")
    return png(figure)


def coverage(model_metrics: Frame) -> bytes:
    """Return the share of returns inside [p05, p95] per horizon and segment, against the 90 % that is promised.

    Args:
        model_metrics: Rows of that table, one model.
    """
    whole = model_metrics.filter((pl.col("year") == WHOLE_SEGMENT) & pl.col("coverage").is_not_null())
    if whole.is_empty():
        return nothing("Coverage of the 90 % interval", "No interval has a matured label.")
    figure, (axis,) = panels("Coverage of the 90 % interval", size=(6.0, 3.4))
    horizons = whole["horizon"].unique().sort().to_list()
    for offset, (segment, colour) in zip((-0.2, 0.2), SEGMENT_COLOURS.items(), strict=True):
        rows = whole.filter(segment=segment).sort("horizon")
        places = [horizons.index(horizon) + offset for horizon in rows["horizon"]]
        drawn = axis.bar(places, rows["coverage"].to_list(), width=0.36, color=colour, label=segment)
        axis.bar_label(drawn, fmt=lambda value: f"{value:.1%}", fontsize=8.5, color="white", label_type="center")
    axis.axhline(NOMINAL_COVERAGE, color=INK, linewidth=1, linestyle="--", label="nominal")
    axis.set_xticks(range(len(horizons)), labels=[f"{horizon} d" for horizon in horizons])
    axis.set_ylim(0, 1.18)
    axis.set_yticks([0, 0.25, 0.5, 0.75, 0.9, 1.0])
    percent_axis(axis)
    axis.set_xlabel("horizon, sessions")
    axis.set_ylabel("returns inside [p05, p95]")
    legend(axis, columns=3, place="upper center")
    return png(figure)


def known_answer_curve(daily: Frame, *, title: str) -> bytes:
    """Return the running sum of the daily RankIC, the model's beside the oracle's, a panel per horizon.

    Args:
        daily: horizon, segment, session, rank_ic, oracle and oracle_prices, one row a session.
        title: One line above.
    """
    horizons = _horizons(daily)
    if not horizons:
        return nothing(title, "No session has both a score and a label.")
    figure, axes = panels(title, columns=len(horizons), size=(max(7.0, 4.4 * len(horizons)), 3.9))
    for axis, horizon in zip(axes, horizons, strict=True):
        rows = daily.filter(horizon=horizon).sort("session")
        for column, (label, colour) in KNOWN.items():
            axis.plot(
                rows["session"].to_numpy(), rows[column].fill_null(0.0).cum_sum(), color=colour, linewidth=1.3, label=label
            )
        held_out = rows.filter(segment="holdout")["session"]
        if held_out.len():
            axis.axvspan(held_out.min(), held_out.max(), color=HELD_OUT, alpha=0.10, linewidth=0)
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.set_title(
            f"{horizon} session{'s' if horizon > 1 else ''} ahead, holdout shaded", fontsize=9.5, color=INK, loc="left"
        )
        date_axis(axis)
        legend(axis, place="upper left")
    axes[0].set_ylabel("running sum of the daily RankIC")
    return png(figure)


def shap_bars(shap_importance: Frame) -> bytes:
    """Return the heaviest features by mean absolute SHAP value in basis points, a panel per horizon.

    Args:
        shap_importance: Rows of that table, one model.
    """
    horizons = _horizons(shap_importance)
    if not horizons:
        return nothing("Feature weights", "This model has no SHAP values.")
    tallest = max(min(TOP_FEATURES, shap_importance.filter(horizon=horizon).height) for horizon in horizons)
    size = (max(6.5, 4.4 * len(horizons)), 1.5 + 0.24 * tallest)
    figure, axes = panels("Feature weights: mean |SHAP| out of sample", columns=len(horizons), size=size)
    for axis, horizon in zip(axes, horizons, strict=True):
        top = shap_importance.filter(horizon=horizon).sort("rank").head(TOP_FEATURES)
        bars = {row["feature"]: row["mean_abs_shap"] * 1e4 for row in top.iter_rows(named=True)}
        draw_level_bars(axis, bars, colour=lambda _: NET, label=lambda value: f"{value:.2g}")
        axis.set_xlim(0, 1.15 * (max(bars.values()) or 1))
        axis.set_xlabel(f"basis points of the {horizon}-session forecast")
    return png(figure)


def quantile_fan(predictions: Frame, *, permaticker: int, horizon: int) -> bytes:
    """Return one security's forecasts over time: median and the band from p05 to p95.

    Args:
        predictions: Rows of that table, one model.
        permaticker: The security.
        horizon: Sessions ahead.
    """
    rows = predictions.filter(
        (pl.col("permaticker") == permaticker) & (pl.col("horizon") == horizon) & pl.col("p50").is_not_null()
    ).sort("session")
    if rows.is_empty():
        return nothing("Forecast", f"No interval for {permaticker} at a horizon of {horizon}.")
    figure, (axis,) = panels(f"{rows['ticker'][-1]}: return forecast {horizon} session(s) ahead", size=(9.0, 3.6))
    sessions = rows["session"].to_numpy()
    axis.fill_between(sessions, rows["p05"], rows["p95"], color=NET, alpha=0.18, linewidth=0, label="p05 to p95")
    axis.plot(sessions, rows["p50"], color=NET, linewidth=1.3, label="p50")
    axis.axhline(0, color=MUTED, linewidth=0.8)
    axis.set_ylabel(f"{horizon}-session return")
    percent_axis(axis, decimals=1)
    date_axis(axis)
    legend(axis, columns=2, place="upper left")
    return png(figure)


def _horizons(frame: Frame) -> list[int]:
    return frame["horizon"].unique().sort().to_list()[:MOST_PANELS]


def _draw_ic(axis: Axes, metrics: Frame) -> None:
    yearly = (
        metrics.filter(pl.col("year") != WHOLE_SEGMENT).drop_nulls("rank_ic").sort("year", "segment", descending=[False, True])
    )
    for place, row in enumerate(yearly.iter_rows(named=True)):
        bar = axis.bar(place, row["rank_ic"], color=SEGMENT_COLOURS[row["segment"]], width=0.7)
        axis.bar_label(bar, labels=[_t(row)], fontsize=8, color=INK, padding=2)
    whole = metrics.filter(year=WHOLE_SEGMENT).drop_nulls("rank_ic").sort("segment", descending=True)
    for row in whole.iter_rows(named=True):
        told = f"{row['segment']} {row['rank_ic']:.3f}  {_t(row)}"
        axis.axhline(row["rank_ic"], color=SEGMENT_COLOURS[row["segment"]], linewidth=1, linestyle="--", label=told)
    low, high = _reach(pl.concat([yearly, whole])["rank_ic"])
    axis.set_ylim(1.25 * low, 1.5 * high)  # room for the legend above and the t below
    axis.axhline(0, color=INK, linewidth=0.8)
    names = [
        f"{year}\nholdout" if segment == "holdout" else str(year)
        for year, segment in yearly.select("year", "segment").iter_rows()
    ]
    axis.set_xticks(range(len(names)), labels=names, fontsize=8, rotation=90 if len(names) > MANY_YEARS else 0)
    legend(axis, place="upper left")


def _t(row: dict[str, float | None]) -> str:
    return "" if row["rank_ic_t"] is None else f"t {row['rank_ic_t']:.1f}"


def _reach(values: pl.Series) -> tuple[float, float]:
    """Least and greatest value, zero and a hundredth included."""
    known = [0.0, 0.01, *values.to_list()]
    return min(known), max(known)
