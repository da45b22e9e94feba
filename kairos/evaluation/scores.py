"""How good forecasts were: one row of figures per horizon, segment and year. A figure that cannot be computed is null.

Formulas, with y the label, f the score, both pooled over rows unless a session is named:
    mse        mean (y - f)^2
    r2         1 - sum (y - f)^2 / sum y^2, not demeaned (Gu, Kelly and Xiu 2020)
    accuracy   share of the rows with y != 0 whose score has the sign of y
    ic         mean over sessions of the Pearson correlation; icir is that mean over the sample deviation
    rank_ic    the same with Spearman correlations; rank_ic_t by `hac`, lag max(10, 2h)
    sharpe     each session's tranche earns r = (top decile - bottom decile) / h; sqrt(252) mean(r) / sqrt(V(r)) with V the
               long-run variance at lag 2 (h - 1), since tranches of neighbouring sessions hold the same days
    coverage   share of all rows with an interval whose y lies in [p05, p95]
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from kairos.evaluation.hac import hac_lag, long_run_variance, mean_t
from kairos.evaluation.ic import Array, daily_ic, long_short, scored_rows
from kairos.evaluation.performance import SESSIONS_PER_YEAR
from kairos.frames import Frame, require_columns
from kairos.tables.models import MODEL_METRICS

ALL_YEARS = 0
INTERVAL = ("p05", "p95")


def target_column(horizon: int, target: str) -> str:
    """Return the label's column: ret_5d_f_xs for the cross-sectional return over 5 sessions, ret_5d_f for the raw one."""
    return f"ret_{horizon}d_f" + ("_xs" if target == "xs" else "")


def forecast_scores(frame: Frame, *, horizon: int, score: str = "score", label: str = "label") -> dict[str, float | int | None]:
    """Return every figure of `model_metrics` over the rows of `frame`.

    Args:
        frame: Columns session, score and label, and p05 and p95 where coverage is wanted.
        horizon: Sessions that a label spans.
        score: Name of the score's column.
        label: Name of the label's column.
    """
    rows = scored_rows(frame, score=score, label=label)
    y, f = rows["label"].to_numpy(), rows["score"].to_numpy()
    daily = daily_ic(rows)
    ic, rank_ic = (daily[name].drop_nulls().to_numpy() for name in ("ic", "rank_ic"))
    return {
        "sessions": daily.height,
        "rows": rows.height,
        "mse": _mean((y - f) ** 2),
        "r2": _r2(y, f),
        "sharpe": _tranche_sharpe(long_short(rows)["spread"].drop_nulls().to_numpy(), horizon=horizon),
        "accuracy": _mean((np.sign(f) == np.sign(y))[y != 0].astype(np.float64)),
        "ic": _mean(ic),
        "icir": _ratio(ic),
        "rank_ic": _mean(rank_ic),
        "rank_icir": _ratio(rank_ic),
        "rank_ic_t": mean_t(rank_ic, lag=hac_lag(horizon)),
        "coverage": _coverage(rows),
    }


def model_metrics(predictions: Frame, labels: Frame, *, target: str = "xs") -> Frame:
    """Return the metrics of `predictions` (rows of the table predictions) against `labels`.

    Args:
        predictions: Forecasts of one or more models, horizons and segments.
        labels: Columns permaticker, session and one label column per horizon.
        target: `xs` or `raw`, whichever the models were trained on.

    Raises:
        ContractError: A label column is missing, or a score or label is not finite.
    """
    found = []
    for key, group in predictions.group_by("universe_year", "model_id", "horizon", maintain_order=True):
        year, model_id, horizon = key
        rows = _with_labels(group, labels, horizon=int(str(horizon)), target=target)
        for segment, calendar_year, part in _parts(rows):
            place = {"universe_year": year, "model_id": model_id, "horizon": horizon, "segment": segment, "year": calendar_year}
            found.append({**place, **forecast_scores(part, horizon=int(str(horizon)))})
    return MODEL_METRICS.conform(pl.DataFrame(found, infer_schema_length=None)) if found else MODEL_METRICS.empty()


def _with_labels(predictions: Frame, labels: Frame, *, horizon: int, target: str) -> Frame:
    column = target_column(horizon, target)
    require_columns(labels, ("permaticker", "session", column), where="labels")
    chosen = labels.select("permaticker", "session", pl.col(column).cast(pl.Float64).alias("label"))
    joined = predictions.join(chosen, on=["permaticker", "session"], how="left", validate="m:1", maintain_order="left")
    return joined.sort("session", "permaticker")


def _parts(rows: Frame) -> Iterator[tuple[str, int, Frame]]:
    years = rows["session"].dt.year()
    for segment in rows["segment"].unique(maintain_order=True):
        inside = rows["segment"] == segment
        yield segment, ALL_YEARS, rows.filter(inside)
        for year in years.filter(inside).unique().sort():
            yield segment, year, rows.filter(inside & (years == year))


def _mean(values: Array) -> float | None:
    return float(values.mean()) if values.size else None


def _ratio(values: Array) -> float | None:
    if values.size < 2 or values.min() == values.max():  # noqa: PLR2004 - a deviation needs two values
        return None
    return float(values.mean() / values.std(ddof=1))


def _r2(y: Array, f: Array) -> float | None:
    power = float(y @ y)
    return 1 - float((y - f) @ (y - f)) / power if power > 0 else None


def _tranche_sharpe(spreads: Array, *, horizon: int) -> float | None:
    tranche = spreads / horizon
    variance = long_run_variance(tranche, lag=2 * (horizon - 1))
    if variance is None:
        return None
    sample = variance * tranche.size / (tranche.size - 1)  # with h = 1 this is the usual sample variance
    return float(tranche.mean() / np.sqrt(sample) * np.sqrt(SESSIONS_PER_YEAR))


def _coverage(rows: Frame) -> float | None:
    if not set(INTERVAL) <= set(rows.columns):
        return None
    judged = rows.drop_nulls(INTERVAL)
    return _mean(judged["label"].is_between(judged["p05"], judged["p95"]).cast(pl.Float64).to_numpy())
