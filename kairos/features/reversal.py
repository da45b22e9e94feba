"""What tends to be undone: recent moves by part of the day, by size, by volume and liquidity, and moves long past."""

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    DV,
    LOG_C,
    C,
    H,
    L,
    O,
    R,
    change,
    highest,
    lag,
    lowest,
    mean,
    positive,
    ratio,
    share,
    std,
    sum_where,
    total,
    where,
)

TUG_OF_WAR = "Lou, Polk and Skouras (2019)"
FRACTION = "fraction"
LOG_RETURN = "log return"
WEEK, MONTH, QUARTER, YEAR = 5, 21, 63, 252
LARGE = 2  # standard deviations
FLOOR = 14  # ln 1e6 and a little: what keeps a weight from the logarithm of illiquidity above 0

_overnight = ratio(O, lag(C, 1)).log()
_intraday = ratio(C, O).log()
_log_dv = DV.log1p()
_impact = where(DV > 0, R.abs() / DV, 0 * R)
_illiquidity = (1e-6 + 1e6 * ratio(total(_impact, QUARTER), total(DV > 0, QUARTER))).log()


def _earlier(name: str, near: int, far: int, source: str) -> Feature:
    return Feature(
        name=name,
        formula=f"C[t-{near}] / C[t-{far}] - 1",
        expr=ratio(lag(C, near), lag(C, far)) - 1,
        lookback=far,
        unit=FRACTION,
        source=source,
    )


SPANS = (
    _earlier("ret_5d_skip_5d", WEEK, 2 * WEEK, "Lehmann (1990), the week before the last"),
    _earlier("ret_21d_skip_5d", WEEK, MONTH, "Jegadeesh (1990), the last week left out"),
    _earlier("ret_2m_skip_1m", MONTH, 2 * MONTH, "Jegadeesh (1990), the second lag"),
    _earlier("ret_22_13", YEAR, 22 * MONTH, "De Bondt and Thaler (1985), as far back as a panel reaches"),
    Feature(
        name="range_location_5d",
        formula="(C[t] - min L) / (max H - min L), over 5 rows",
        expr=ratio(C - lowest(L, WEEK), highest(H, WEEK) - lowest(L, WEEK)),
        lookback=WEEK - 1,
        nulls="Null where there was no range",
        source="Williams (1979), %R",
    ),
    Feature(
        name="up_moves_5d",
        formula="sum max(R, 0) / sum |R|, over 5 rows",
        expr=ratio(total(positive(R), WEEK), total(R.abs(), WEEK)),
        lookback=WEEK - 1,
        unit=FRACTION,
        nulls="Null where the price did not move",
        source="Wilder (1978), RSI with plain sums",
    ),
    Feature(
        name="large_moves_21d",
        formula="sum over 21 rows of R where |R[t]| > 2 std(R[t-63..t-1]), else 0",
        expr=sum_where(R, R.abs() > LARGE * lag(std(R, QUARTER), 1), MONTH),
        lookback=MONTH - 1 + QUARTER,
        unit=FRACTION,
        source="Atkins and Dyl (1990)",
    ),
)

PARTS_OF_THE_DAY = (
    Feature(
        name="ret_overnight_5d",
        formula="sum over 5 rows of ln(O[t] / C[t-1])",
        expr=total(_overnight, WEEK),
        lookback=WEEK,
        unit=LOG_RETURN,
        source=TUG_OF_WAR,
    ),
    Feature(
        name="ret_intraday_5d",
        formula="sum over 5 rows of ln(C[t] / O[t])",
        expr=total(_intraday, WEEK),
        lookback=WEEK - 1,
        unit=LOG_RETURN,
        source=TUG_OF_WAR,
    ),
    Feature(
        name="daytime_reversals_63d",
        formula="share of the last 63 rows with O[t] > C[t-1] and C[t] < O[t]",
        expr=share((_overnight > 0) & (_intraday < 0), QUARTER),
        lookback=QUARTER,
        unit=FRACTION,
        source="Akbas, Boehmer, Jiang and Koch (2022)",
    ),
)

CONDITIONS = (
    Feature(
        name="ret_1d_x_volume",
        formula="R[t] * (x[t] - mean(x[t-62..t])), x = ln(1 + DV)",
        expr=R * (_log_dv - mean(_log_dv, QUARTER)),
        lookback=QUARTER - 1,
        unit=FRACTION,
        source="Llorente, Michaely, Saar and Wang (2002)",
    ),
    Feature(
        name="ret_21d_x_volume",
        formula="ln(C[t] / C[t-21]) * ln((1 + mean(DV[t-20..t])) / (1 + mean(DV[t-251..t])))",
        expr=(LOG_C - lag(LOG_C, MONTH)) * (mean(DV, MONTH).log1p() - mean(DV, YEAR).log1p()),
        lookback=YEAR - 1,
        unit=LOG_RETURN,
        source="Medhat and Schmeling (2022), on the change of dollar volume in place of turnover",
    ),
    Feature(
        name="reversal_x_illiquidity",
        formula="-(C[t] / C[t-5] - 1) * (14 + ln(1e-6 + 1e6 * mean over the traded of 63 rows of |R| / DV))",
        expr=-change(C, WEEK) * (FLOOR + _illiquidity),
        lookback=QUARTER - 1,
        nulls="Null where nothing was traded",
        source="Avramov, Chordia and Goyal (2006)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_reversal",
    description="Recent moves that tend to be undone, by part of the day, size, volume and liquidity, and moves long past.",
    features=(*SPANS, *PARTS_OF_THE_DAY, *CONDITIONS),
)
