"""Momentum beyond the past returns of `price_action`: other spans, how the return came about, and when."""

import math
from functools import reduce
from operator import add

from kairos.features.core import Feature, FeatureSet
from kairos.features.directional import DIRECTIONAL
from kairos.features.operators import (
    DV,
    LOG_C,
    LOG_R,
    C,
    O,
    R,
    age_of_highest,
    highest,
    lag,
    lowest,
    mean,
    quantile,
    r_squared,
    ratio,
    share,
    slope,
    std,
    total,
)
from kairos.features.terms import Term

MOMENTUM = "Jegadeesh and Titman (1993)"
TUG_OF_WAR = "Lou, Polk and Skouras (2019)"
STILL = "Null where the price did not move"
FRACTION = "fraction"
LOG_RETURN = "log return"
MONTH, QUARTER, HALF, YEAR = 21, 63, 126, 252
MONTHS = 12

_overnight = ratio(O, lag(C, 1)).log()
_intraday = ratio(C, O).log()
_to_high = ratio(C, highest(C, HALF)) - 1


def _skipping(name: str, far: int, source: str = MOMENTUM) -> Feature:
    return Feature(
        name=name,
        formula=f"C[t-{MONTH}] / C[t-{far}] - 1",
        expr=ratio(lag(C, MONTH), lag(C, far)) - 1,
        lookback=far,
        unit=FRACTION,
        source=source,
    )


def _between(near: int, far: int) -> Term:
    return lag(LOG_C, near) - lag(LOG_C, far)


def _rose(month: int) -> Term:
    return lag(C, month * MONTH) > lag(C, (month + 1) * MONTH)


SPANS = (
    _skipping("mom_3_1", QUARTER),
    _skipping("mom_9_1", 9 * MONTH),
    Feature(
        name="mom_6_1_less_12_7",
        formula="ln(C[t-21] / C[t-126]) - ln(C[t-126] / C[t-252])",
        expr=_between(MONTH, HALF) - _between(HALF, YEAR),
        lookback=YEAR,
        unit=LOG_RETURN,
        source="Gettleman and Marks (2006)",
    ),
    Feature(
        name="mom_6_1_scaled",
        formula="ln(C[t-21] / C[t-126]) / (std(R[t-125..t]) sqrt 105)",
        expr=ratio(_between(MONTH, HALF), std(R, HALF)) / math.sqrt(HALF - MONTH),
        lookback=HALF,
        unit="standard deviations",
        nulls=STILL,
        source="Barroso and Santa-Clara (2015)",
    ),
    Feature(
        name="mom_6_1_x_volume",
        formula="ln(C[t-21] / C[t-126]) * ln((1 + mean(DV[t-125..t])) / (1 + mean(DV[t-251..t])))",
        expr=_between(MONTH, HALF) * (mean(DV, HALF).log1p() - mean(DV, YEAR).log1p()),
        lookback=YEAR - 1,
        unit=LOG_RETURN,
        source="Lee and Swaminathan (2000)",
    ),
    Feature(
        name="reward_to_risk_63d",
        formula="mean(R[t-62..t]) / std(R[t-62..t])",
        expr=ratio(mean(R, QUARTER), std(R, QUARTER)),
        lookback=QUARTER - 1,
        unit="standard deviations of a session",
        nulls=STILL,
        source="Rachev, Jasic, Stoyanov and Fabozzi (2007)",
    ),
)

PATHS = (
    Feature(
        name="positive_months_12_1",
        formula="share of the 11 spans of 21 rows from t-252 to t-21 with a gain",
        expr=reduce(add, (_rose(month) for month in range(1, MONTHS))) / (MONTHS - 1),
        lookback=YEAR,
        unit=FRACTION,
        source="Grinblatt and Moskowitz (2004)",
    ),
    Feature(
        name="mom_12_1_x_continuity",
        formula="ln(C[t-21] / C[t-252]) * |share of R > 0 - share of R < 0|, over 252 rows",
        expr=_between(MONTH, YEAR) * (share(R > 0, YEAR) - share(R < 0, YEAR)).abs(),
        lookback=YEAR,
        unit=LOG_RETURN,
        source="Da, Gurun and Warachka (2014)",
    ),
    Feature(
        name="information_discreteness_63d",
        formula="sign(sum ln(1 + R)) * (share of R < 0 - share of R > 0), over 63 rows",
        expr=total(LOG_R, QUARTER).sign() * (share(R < 0, QUARTER) - share(R > 0, QUARTER)),
        lookback=QUARTER - 1,
        source="Da, Gurun and Warachka (2014)",
    ),
    Feature(
        name="slope_x_r2_90d",
        formula="252 * least-squares slope of ln C[t-89..t] on time * its R2",
        expr=252 * slope(LOG_C, 90) * r_squared(LOG_C, 90),
        lookback=89,
        unit="log return a year",
        nulls=STILL,
        source="Clenow (2015)",
    ),
    Feature(
        name="deepest_drawdown_126d",
        formula="min over 126 rows of C / max(C over 126 rows) - 1",
        expr=lowest(_to_high, HALF),
        lookback=2 * HALF - 2,
        unit=FRACTION,
        source="Grossman and Zhou (1993)",
    ),
    Feature(
        name="left_tail_252d",
        formula="5 % quantile of R[t-251..t]",
        expr=quantile(R, 0.05, YEAR),
        lookback=YEAR - 1,
        unit=FRACTION,
        source="Atilgan, Bali, Demirtas and Gunaydin (2020)",
    ),
)

HIGHS = (
    Feature(
        name="to_high_126d",
        formula="C[t] / max(C[t-125..t]) - 1",
        expr=_to_high,
        lookback=HALF - 1,
        unit=FRACTION,
        source="George and Hwang (2004), over half a year",
    ),
    Feature(
        name="sessions_since_high_252d",
        formula="age of max(C[t-251..t])",
        expr=age_of_highest(C, YEAR),
        lookback=YEAR - 1,
        unit="sessions",
        source="Bhootra and Hur (2013)",
    ),
    Feature(
        name="sessions_since_high_63d",
        formula="age of max(C[t-62..t])",
        expr=age_of_highest(C, QUARTER),
        lookback=QUARTER - 1,
        unit="sessions",
        source="Bhootra and Hur (2013)",
    ),
)

PARTS_OF_THE_DAY = (
    Feature(
        name="ret_overnight_126d",
        formula="sum over 126 rows of ln(O[t] / C[t-1])",
        expr=total(_overnight, HALF),
        lookback=HALF,
        unit=LOG_RETURN,
        source=TUG_OF_WAR,
    ),
    Feature(
        name="ret_intraday_126d",
        formula="sum over 126 rows of ln(C[t] / O[t])",
        expr=total(_intraday, HALF),
        lookback=HALF - 1,
        unit=LOG_RETURN,
        source=TUG_OF_WAR,
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_momentum",
    description="Past winners and losers: over which span, how the return came about, which way and how long ago.",
    features=(*SPANS, *PATHS, *HIGHS, *PARTS_OF_THE_DAY, *DIRECTIONAL),
)
