"""How much a price moves: close to close, by the session's range and by its tails; and past returns measured against it."""

import math

from kairos.features.core import Feature, FeatureSet
from kairos.features.directional import TRUE_RANGE
from kairos.features.operators import (
    LOG_R,
    C,
    H,
    L,
    O,
    R,
    change,
    corr,
    ewm,
    highest,
    kurt,
    lag,
    lowest,
    mean,
    positive,
    ratio,
    skew,
    std,
    total,
    wilder,
)
from kairos.features.terms import Term

FRACTION = "fraction"
DAILY = "fraction a session"
STILL = "Null where the price did not move"
RISKMETRICS_ROWS = 126  # 0.94**126 is 0.04 %

_high, _low, _close = (ratio(x, O).log() for x in (H, L, C))
_rogers_satchell = _high * (_high - _close) + _low * (_low - _close)
_garman_klass = 0.5 * (_high - _low) * (_high - _low) - (2 * math.log(2) - 1) * _close * _close
_parkinson = (_high - _low) * (_high - _low) / (4 * math.log(2))
_range_share = ratio(TRUE_RANGE, lag(C, 1))


def _vol(rows: int) -> Feature:
    return Feature(
        name=f"vol_{rows}d",
        formula=f"std(R[t-{rows - 1}..t])",
        expr=std(R, rows),
        lookback=rows - 1,
        unit=DAILY,
        source="Ang, Hodrick, Xing and Zhang (2006)",
    )


def _vol_ratio(fast: int, slow: int) -> Feature:
    return Feature(
        name=f"vol_ratio_{fast}d_{slow}d",
        formula=f"std(R[t-{fast - 1}..t]) / std(R[t-{slow - 1}..t]) - 1",
        expr=ratio(std(R, fast), std(R, slow)) - 1,
        lookback=slow - 1,
        nulls=STILL,
        source="Corsi (2009), volatility at unlike horizons",
    )


def _downside_vol(rows: int) -> Feature:
    return Feature(
        name=f"downside_vol_{rows}d",
        formula=f"sqrt(mean over {rows} rows of min(R, 0)^2)",
        expr=mean(positive(-R) * positive(-R), rows).sqrt(),
        lookback=rows - 1,
        unit=DAILY,
        source="Ang, Chen and Xing (2006)",
    )


def _range_vol(name: str, formula: str, variance: Term, source: str) -> Feature:
    return Feature(
        name=f"{name}_21d",
        formula=f"sqrt(max(0, mean over 21 rows of {formula})); h, l, c = ln of H, L, C over O",
        expr=positive(mean(variance, 21)).sqrt(),
        lookback=20,
        unit=DAILY,
        source=source,
    )


CLOSE_TO_CLOSE = (
    *(_vol(rows) for rows in (5, 10, 21, 63, 126, 252)),
    *(_downside_vol(rows) for rows in (21, 63)),
    _vol_ratio(5, 21),
    _vol_ratio(5, 63),
    _vol_ratio(21, 126),
    Feature(
        name="vol_riskmetrics",
        formula="sqrt(EWM(R^2)) with decay 0.94, weights cut after 126 rows",
        expr=ewm(R * R, RISKMETRICS_ROWS, decay=0.94).sqrt(),
        lookback=RISKMETRICS_ROWS - 1,
        unit=DAILY,
        source="J.P. Morgan (1996), RiskMetrics",
    ),
    Feature(
        name="vol_of_vol_63d",
        formula="std / mean over 63 rows of vol_5d",
        expr=ratio(std(std(R, 5), 63), mean(std(R, 5), 63)),
        lookback=66,
        nulls=STILL,
        source="Baltussen, van Bekkum and van der Grient (2018), on realised volatility",
    ),
)

RANGES = (
    _range_vol("parkinson", "(h - l)^2 / (4 ln 2)", _parkinson, "Parkinson (1980)"),
    _range_vol("garman_klass", "0.5 (h - l)^2 - (2 ln 2 - 1) c^2", _garman_klass, "Garman and Klass (1980)"),
    _range_vol("rogers_satchell", "h (h - c) + l (l - c)", _rogers_satchell, "Rogers and Satchell (1991)"),
    Feature(
        name="true_range_1d",
        formula="(max(H[t], C[t-1]) - min(L[t], C[t-1])) / C[t-1]",
        expr=_range_share,
        lookback=1,
        unit=FRACTION,
        source="Wilder (1978), TA-Lib's TRANGE over the close before",
    ),
    Feature(
        name="atr_14d",
        formula="W14(true_range_1d), W14 Wilder's average of 14",
        expr=wilder(_range_share, 14),
        lookback=16 * 14,
        unit=FRACTION,
        nulls="Null in the first 14 rows",
        source="Wilder (1978), TA-Lib's ATR of fractions in place of prices",
    ),
    Feature(
        name="drawdown_63d",
        formula="C[t] / max(C[t-62..t]) - 1",
        expr=ratio(C, highest(C, 63)) - 1,
        lookback=62,
        unit=FRACTION,
        source="Grossman and Zhou (1993)",
    ),
)

TAILS = (
    Feature(
        name="max_ret_21d",
        formula="max(R[t-20..t])",
        expr=highest(R, 21),
        lookback=20,
        unit=FRACTION,
        source="Bali, Cakici and Whitelaw (2011)",
    ),
    Feature(
        name="min_ret_21d",
        formula="min(R[t-20..t])",
        expr=lowest(R, 21),
        lookback=20,
        unit=FRACTION,
        source="Bali, Cakici and Whitelaw (2011)",
    ),
    Feature(
        name="skew_63d",
        formula="m3 / m2^1.5 of R[t-62..t]",
        expr=skew(R, 63),
        lookback=62,
        nulls=STILL,
        source="Amaya, Christoffersen, Jacobs and Vasquez (2015), on daily returns",
    ),
    Feature(
        name="kurt_63d",
        formula="m4 / m2^2 - 3 of R[t-62..t]",
        expr=kurt(R, 63),
        lookback=62,
        nulls=STILL,
        source="Amaya, Christoffersen, Jacobs and Vasquez (2015), on daily returns",
    ),
    Feature(
        name="signed_variation_21d",
        formula="(sum of R^2 where R > 0 - sum of R^2 where R < 0) / sum of R^2, over 21 rows",
        expr=ratio(total(R * R.abs(), 21), total(R * R, 21)),
        lookback=20,
        nulls=STILL,
        source="Bollerslev, Li and Zhao (2020)",
    ),
    Feature(
        name="jump_share_21d",
        formula="1 - pi/2 * sum |R[t]| |R[t-1]| / sum R^2, over 21 rows",
        expr=1 - math.pi / 2 * ratio(total(R.abs() * lag(R.abs(), 1), 21), total(R * R, 21)),
        lookback=21,
        nulls=STILL,
        source="Barndorff-Nielsen and Shephard (2004)",
    ),
    Feature(
        name="autocorr_63d",
        formula="correlation of R[t] with R[t-1] over 63 rows",
        expr=corr(R, lag(R, 1), 63),
        lookback=63,
        nulls=STILL,
        source="Lo and MacKinlay (1988)",
    ),
)

SCALED = (
    Feature(
        name="ret_5d_scaled",
        formula="sum ln(1 + R) over 5 rows / (std(R over 63 rows) sqrt 5)",
        expr=ratio(total(LOG_R, 5), std(R, 63)) / math.sqrt(5),
        lookback=62,
        unit="standard deviations",
        nulls=STILL,
        source="Medhat and Schmeling (2022), on what conditions reversal",
    ),
    Feature(
        name="ret_1d_scaled",
        formula="R[t] / std(R over 63 rows)",
        expr=ratio(R, std(R, 63)),
        lookback=62,
        unit="standard deviations",
        nulls=STILL,
        source="Nagel (2012)",
    ),
    Feature(
        name="mom_12_1_scaled",
        formula="ln(C[t-21] / C[t-252]) / std(R[t-125..t])",
        expr=ratio(ratio(lag(C, 21), lag(C, 252)).log(), std(R, 126)),
        lookback=252,
        unit="standard deviations of a session",
        nulls=STILL,
        source="Barroso and Santa-Clara (2015)",
    ),
    Feature(
        name="reversal_x_vol",
        formula="-(C[t] / C[t-5] - 1) * std(R[t-20..t])",
        expr=-change(C, 5) * std(R, 21),
        lookback=20,
        unit="fraction squared",
        source="Nagel (2012)",
    ),
    Feature(
        name="reversal_x_vol_ratio",
        formula="-(C[t] / C[t-5] - 1) * (std(R[t-20..t]) / std(R[t-125..t]) - 1)",
        expr=-change(C, 5) * (ratio(std(R, 21), std(R, 126)) - 1),
        lookback=125,
        unit=FRACTION,
        nulls=STILL,
        source="Nagel (2012)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_volatility",
    description="How much a price moves, how, and its past returns measured against that, of one security on one session.",
    features=(*CLOSE_TO_CLOSE, *RANGES, *TAILS, *SCALED),
)
