"""Price against its own averages, the straightness of its path, and the oscillators of technical analysis."""

import math

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    LOG_C,
    LOG_R,
    C,
    H,
    L,
    age_of_highest,
    age_of_lowest,
    ema,
    highest,
    known,
    lag,
    lowest,
    mean,
    positive,
    r_squared,
    rank,
    ratio,
    slope,
    std,
    total,
    where,
    wilder,
)
from kairos.features.terms import Term

AVERAGES = "Brock, Lakonishok and LeBaron (1992)"
FRACTION = "fraction"
PERCENT = "0 to 100"


def _px_to_sma(rows: int) -> Feature:
    return Feature(
        name=f"px_to_sma_{rows}d",
        formula=f"C[t] / mean(C[t-{rows - 1}..t]) - 1",
        expr=ratio(C, mean(C, rows)) - 1,
        lookback=rows - 1,
        unit=FRACTION,
        source=AVERAGES,
    )


def _sma_cross(fast: int, slow: int) -> Feature:
    return Feature(
        name=f"sma_{fast}d_to_{slow}d",
        formula=f"mean(C[t-{fast - 1}..t]) / mean(C[t-{slow - 1}..t]) - 1",
        expr=ratio(mean(C, fast), mean(C, slow)) - 1,
        lookback=slow - 1,
        unit=FRACTION,
        source=AVERAGES,
    )


def _slope(rows: int) -> Feature:
    return Feature(
        name=f"slope_{rows}d",
        formula=f"least-squares slope of ln C[t-{rows - 1}..t] on time",
        expr=slope(LOG_C, rows),
        lookback=rows - 1,
        unit="log return a session",
        source="Clenow (2015)",
    )


def _trend_r2(rows: int) -> Feature:
    return Feature(
        name=f"trend_r2_{rows}d",
        formula=f"R2 of ln C[t-{rows - 1}..t] on time",
        expr=r_squared(LOG_C, rows),
        lookback=rows - 1,
        nulls="Null where the price did not move",
        source="Clenow (2015)",
    )


_CHANGE = C - lag(C, 1)
_FAST, _SLOW, _SIGNAL = 12, 26, 9
_macd = ema(where(known(lag(C, _SLOW - _FAST)), C), _FAST) - ema(C, _SLOW)  # TA-Lib: both averages begin on one row
_macd_signal = ema(_macd, _SIGNAL)
_bands = std(C, 21) * math.sqrt(20 / 21)  # of the window's rows, as Bollinger and TA-Lib take it


def _over_price(name: str, formula: str, x: Term, *, empty: int) -> Feature:
    return Feature(
        name=name,
        formula=f"{formula} / C[t]",
        expr=ratio(x, C),
        lookback=x.reach,
        unit=FRACTION,
        nulls=f"Null in the first {empty} rows",
        source="Appel (1979), as TA-Lib begins it",
    )


def _stochastic(rows: int) -> Term:
    low = lowest(L, rows)
    return 100 * ratio(C - low, highest(H, rows) - low)


AVERAGE_FEATURES = (
    *(_px_to_sma(rows) for rows in (5, 10, 21, 63, 126, 200)),
    _sma_cross(5, 21),
    _sma_cross(21, 63),
    _sma_cross(50, 200),
    _over_price("macd", "(EMA12(C) - EMA26(C))", _macd, empty=25),
    _over_price("macd_signal", "EMA9(EMA12(C) - EMA26(C))", _macd_signal, empty=33),
    _over_price("macd_histogram", "(MACD - EMA9(MACD)), MACD = EMA12(C) - EMA26(C), all", _macd - _macd_signal, empty=33),
)

PATH_FEATURES = (
    *(_slope(rows) for rows in (21, 63, 126)),
    *(_trend_r2(rows) for rows in (21, 63, 126)),
    Feature(
        name="efficiency_ratio_21d",
        formula="|sum ln(1 + R)| / sum |ln(1 + R)|, over 21 rows",
        expr=ratio(total(LOG_R, 21).abs(), total(LOG_R.abs(), 21)),
        lookback=20,
        nulls="Null where the price did not move",
        source="Kaufman (1995)",
    ),
    Feature(
        name="price_rank_63d",
        formula="share of C[t-62..t-1] below C[t], ties half",
        expr=rank(C, 63),
        lookback=62,
        unit=FRACTION,
        source="Yang, Liu, Zhou, Bian and Liu (2020), Qlib's RANK",
    ),
)

OSCILLATORS = (
    Feature(
        name="rsi_14d",
        formula="100 * W14(max(D, 0)) / W14(|D|), D = C[t] - C[t-1], W14 Wilder's average of 14",
        expr=100 * ratio(wilder(positive(_CHANGE), 14), wilder(_CHANGE.abs(), 14)),
        lookback=16 * 14,
        unit=PERCENT,
        nulls="Null in the first 14 rows and where the price did not move",
        source="Wilder (1978), as TA-Lib begins it",
    ),
    Feature(
        name="stochastic_k_14d",
        formula="100 * (C[t] - min L) / (max H - min L), over 14 rows",
        expr=_stochastic(14),
        lookback=13,
        unit=PERCENT,
        nulls="Null where there was no range",
        source="Lane (1984)",
    ),
    Feature(
        name="stochastic_d_14d",
        formula="mean over 3 rows of stochastic_k_14d",
        expr=mean(_stochastic(14), 3),
        lookback=15,
        unit=PERCENT,
        nulls="Null where there was no range",
        source="Lane (1984)",
    ),
    Feature(
        name="aroon_25d",
        formula="100 * (age of min L - age of max H) / 25, over 26 rows",
        expr=100 * (age_of_lowest(L, 26) - age_of_highest(H, 26)) / 25,
        lookback=25,
        unit="-100 to 100",
        source="Chande (1995)",
    ),
    Feature(
        name="bollinger_21d",
        formula="%B: (C[t] - lower) / (upper - lower), bands = mean C +- 2 s, s^2 the mean of (C - mean C)^2, over 21 rows",
        expr=0.5 + ratio(C - mean(C, 21), 4 * _bands),
        lookback=20,
        unit="0 lower band, 1 upper",
        nulls="Null where the price did not move",
        source="Bollinger (2001)",
    ),
    Feature(
        name="bollinger_width_21d",
        formula="(upper - lower) / mean C, the bands of bollinger_21d",
        expr=ratio(4 * _bands, mean(C, 21)),
        lookback=20,
        unit=FRACTION,
        source="Bollinger (2001), bandwidth",
    ),
    Feature(
        name="donchian_63d",
        formula="(C[t] - min L) / (max H - min L), over 63 rows",
        expr=ratio(C - lowest(L, 63), highest(H, 63) - lowest(L, 63)),
        lookback=62,
        nulls="Null where there was no range",
        source="Donchian (1960)",
    ),
    Feature(
        name="trend_acceleration_63d",
        formula="ln(C[t] / C[t-21]) - ln(C[t-21] / C[t-63]) / 2",
        expr=(LOG_C - lag(LOG_C, 21)) - (lag(LOG_C, 21) - lag(LOG_C, 63)) / 2,
        lookback=63,
        unit="log return over 21 sessions",
        source="Gettleman and Marks (2006)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_trend",
    description="Price against its averages, straightness of its path and oscillators, of one security on one session.",
    features=(*AVERAGE_FEATURES, *PATH_FEATURES, *OSCILLATORS),
)
