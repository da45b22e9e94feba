"""The Alpha158 columns that polars has rolling words for, as someone in a hurry would write them: a peer, not a reference."""

import polars as pl

from kairos.features.alpha158.reference import TINY, WINDOWS, C, H, L, O, V

_d_c, _d_v = C - C.shift(1), V - V.shift(1)
_change, _log_v, _log_change = C / C.shift(1), (V + 1).log(), (V / V.shift(1) + 1).log()
_moved = (_change - 1).abs() * V
_time = pl.int_range(pl.len()).cast(pl.Float64)


def polars_columns() -> list[pl.Expr]:
    """Return the expressions, over the rows of one name; the places of the extremes and the ranks are not among them."""
    rolling = [expr.cast(pl.Float32).alias(f"{name}{rows}") for rows in WINDOWS for name, expr in _window(rows).items()]
    candles = [
        (C - O) / O, (H - L) / O, (C - O) / (H - L + TINY), (H - pl.max_horizontal(O, C)) / O,
        (H - pl.max_horizontal(O, C)) / (H - L + TINY), (pl.min_horizontal(O, C) - L) / O,
        (pl.min_horizontal(O, C) - L) / (H - L + TINY), (2 * C - H - L) / O, (2 * C - H - L) / (H - L + TINY),
        O / C, H / C, L / C, (H + L + C) / 3 / C,
    ]  # fmt: skip
    return [*(expr.cast(pl.Float32).alias(f"candle{k}") for k, expr in enumerate(candles)), *rolling]


def _window(rows: int) -> dict[str, pl.Expr]:
    return _closes(rows) | _volumes(rows)


def _mean(x: pl.Expr, rows: int) -> pl.Expr:
    return x.rolling_mean(rows, min_samples=1)


def _sum(x: pl.Expr, rows: int) -> pl.Expr:
    return x.rolling_sum(rows, min_samples=1)


def _std(x: pl.Expr, rows: int) -> pl.Expr:
    return x.rolling_std(rows, min_samples=1)


def _closes(rows: int) -> dict[str, pl.Expr]:
    high, low = H.rolling_max(rows, min_samples=1), L.rolling_min(rows, min_samples=1)
    with_time = pl.rolling_corr(_time, C, window_size=rows, min_samples=1)
    slope = with_time * _std(C, rows) / _std(_time, rows)
    up, down = (_d_c > 0).cast(pl.Float64), (_d_c < 0).cast(pl.Float64)
    return {
        "ROC": C.shift(rows) / C,
        "MA": _mean(C, rows) / C,
        "STD": _std(C, rows) / C,
        "BETA": slope / C,
        "RSQR": with_time**2,
        "RESI": (C - _mean(C, rows) - slope * (rows - 1) / 2) / C,
        "MAX": high / C,
        "MIN": low / C,
        "QTLU": C.rolling_quantile(0.8, "linear", rows, min_samples=1) / C,
        "QTLD": C.rolling_quantile(0.2, "linear", rows, min_samples=1) / C,
        "RSV": (C - low) / (high - low + TINY),
        "CNTP": _mean(up, rows),
        "CNTN": _mean(down, rows),
        "CNTD": _mean(up, rows) - _mean(down, rows),
        **_gains("SUM", _d_c, rows),
    }


def _gains(prefix: str, x: pl.Expr, rows: int) -> dict[str, pl.Expr]:
    moved = _sum(x.abs(), rows) + TINY
    up, down = _sum(x.clip(lower_bound=0), rows), _sum((-x).clip(lower_bound=0), rows)
    return {f"{prefix}P": up / moved, f"{prefix}N": down / moved, f"{prefix}D": (up - down) / moved}


def _volumes(rows: int) -> dict[str, pl.Expr]:
    return {
        "CORR": pl.rolling_corr(C, _log_v, window_size=rows, min_samples=1),
        "CORD": pl.rolling_corr(_change, _log_change, window_size=rows, min_samples=1),
        "VMA": _mean(V, rows) / (V + TINY),
        "VSTD": _std(V, rows) / (V + TINY),
        "WVMA": _std(_moved, rows) / (_mean(_moved, rows) + TINY),
        **_gains("VSUM", _d_v, rows),
    }
