"""A name beside the market: how much it moves with it, how with its falls and storms, how late, and what is left.

The market is M, the mean return over the names of the panel on the session: each name counts the same.
"""

import math

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    LOG_R,
    M,
    R,
    beta,
    clip,
    corr,
    count,
    highest,
    lag,
    mean,
    mean_where,
    ratio,
    residual_std,
    skew,
    std,
    total,
    where,
)
from kairos.features.reference import NO_SPREAD
from kairos.features.regression import beta_beside, r_squared_of_two
from kairos.features.terms import Term

FRACTION = "fraction"
DEVIATIONS = "standard deviations"
FLAT = "Null where the market did not move"
BOTH_FLAT = "Null where the market or the price did not move"
RESIDUAL = "Blitz, Huij and Martens (2011), on the market alone, beta of one year"
WEEK, MONTH, QUARTER, HALF, YEAR = 5, 21, 63, 126, 252
FEWEST_FALLS = 20  # sessions on which the market fell that a beta on falls needs

_log_m = M.log1p()
_beta = beta(R, M, YEAR)


def _beta_feature(rows: int) -> Feature:
    return Feature(
        name=f"beta_{rows}d",
        formula=f"slope of R on M over {rows} rows",
        expr=beta(R, M, rows),
        lookback=rows - 1,
        nulls=FLAT,
        source="Fama and MacBeth (1973)",
    )


def _idio_vol(rows: int) -> Feature:
    return Feature(
        name=f"idio_vol_{rows}d",
        formula=f"standard error of regressing R on M over {rows} rows",
        expr=residual_std(R, M, rows),
        lookback=rows - 1,
        unit="fraction a session",
        nulls=FLAT,
        source="Ang, Hodrick, Xing and Zhang (2006), on the market alone",
    )


def _market_corr(rows: int) -> Feature:
    return Feature(
        name=f"market_corr_{rows}d",
        formula=f"correlation of R and M over {rows} rows",
        expr=corr(R, M, rows),
        lookback=rows - 1,
        nulls=BOTH_FLAT,
        source="Asness, Frazzini, Gormsen and Pedersen (2020)",
    )


def _shrunk_beta() -> Term:
    together = corr(total(LOG_R, 3), total(_log_m, 3), YEAR)
    return 0.4 + 0.6 * together * ratio(std(LOG_R, YEAR), std(_log_m, YEAR))


def _downside_beta() -> Term:
    fell = M < 0
    own, market, square = (mean_where(x, fell, YEAR) for x in (R, M, M * M))
    spread = square - market * market
    together = mean_where(R * M, fell, YEAR) - own * market
    return where((count(fell, YEAR) >= FEWEST_FALLS) & (spread > NO_SPREAD * square), together / spread)


def _coskewness() -> Term:
    """E[e m^2] / (sqrt(E e^2) E m^2), e the residual of R on M and m = M less its mean."""
    own, market, product, square = (mean(x, YEAR) for x in (R, M, R * M, M * M))
    spread = square - market * market
    cube = mean(M * M * M, YEAR) - 3 * market * square + 2 * market * market * market
    with_square = mean(R * M * M, YEAR) - 2 * market * product + market * market * own - own * spread
    left = residual_std(R, M, YEAR) * math.sqrt((YEAR - 2) / YEAR)
    return ratio(with_square - _beta * cube, left * spread)


def _unexplained(rows: int) -> Term:
    """What R summed to less what the market would have made of the name."""
    return total(R, rows) - _beta * total(M, rows)


BETAS = (
    _beta_feature(QUARTER),
    _beta_feature(YEAR),
    Feature(
        name="beta_shrunk_252d",
        formula="0.4 + 0.6 corr(3-row sums of ln(1 + R) and ln(1 + M)) std(ln(1 + R)) / std(ln(1 + M)), over 252 rows",
        expr=_shrunk_beta(),
        lookback=YEAR + 1,
        nulls=BOTH_FLAT,
        source="Frazzini and Pedersen (2014), correlation over one year",
    ),
    Feature(
        name="beta_two_lags_252d",
        formula="sum of the slopes of regressing R[t] on M[t] and M[t-1] over 252 rows",
        expr=beta_beside(R, M, other=lag(M, 1), window_rows=YEAR) + beta_beside(R, lag(M, 1), other=M, window_rows=YEAR),
        lookback=YEAR,
        nulls=BOTH_FLAT,
        source="Dimson (1979)",
    ),
    Feature(
        name="beta_change_63d",
        formula="slope of R on M over 63 rows, less that over 252 rows",
        expr=beta(R, M, QUARTER) - _beta,
        lookback=YEAR - 1,
        nulls=FLAT,
        source="Jagannathan and Wang (1996), on betas that move",
    ),
    Feature(
        name="downside_beta_252d",
        formula="slope of R on M over those of 252 rows with M < 0",
        expr=_downside_beta(),
        lookback=YEAR - 1,
        nulls="Null where the market fell on fewer than 20 of them",
        source="Ang, Chen and Xing (2006)",
    ),
    Feature(
        name="downside_beta_excess_252d",
        formula="downside_beta_252d - beta_252d",
        expr=_downside_beta() - _beta,
        lookback=YEAR - 1,
        nulls="Null where the market fell on fewer than 20 of them",
        source="Ang, Chen and Xing (2006)",
    ),
    Feature(
        name="coskewness_252d",
        formula="E[e m^2] / (sqrt(E[e^2]) E[m^2]) over 252 rows; e the residual of R on M, m = M - mean(M)",
        expr=_coskewness(),
        lookback=YEAR - 1,
        nulls=BOTH_FLAT,
        source="Harvey and Siddique (2000)",
    ),
)

TOGETHER = (
    *(_market_corr(rows) for rows in (QUARTER, YEAR)),
    Feature(
        name="market_lag_corr_126d",
        formula="correlation of R[t] and M[t-1] over 126 rows",
        expr=corr(R, lag(M, 1), HALF),
        lookback=HALF,
        nulls=BOTH_FLAT,
        source="Lo and MacKinlay (1990)",
    ),
    Feature(
        name="price_delay_252d",
        formula="1 - R2 of R[t] on M[t] / R2 of R[t] on M[t] and M[t-1], over 252 rows",
        expr=clip(
            1 - ratio(corr(R, M, YEAR) * corr(R, M, YEAR), r_squared_of_two(R, M, other=lag(M, 1), window_rows=YEAR)), 0, 1
        ),
        lookback=YEAR,
        nulls=BOTH_FLAT,
        source="Hou and Moskowitz (2005), one lag, by the session",
    ),
)

LEFT = (
    *(_idio_vol(rows) for rows in (MONTH, QUARTER, YEAR)),
    Feature(
        name="idio_skew_126d",
        formula="m3 / m2^1.5 of R - M over 126 rows",
        expr=skew(R - M, HALF),
        lookback=HALF - 1,
        nulls="Null where the price moved as the market did",
        source="Boyer, Mitton and Vorkink (2010), on R less M",
    ),
    Feature(
        name="max_excess_ret_21d",
        formula="max over 21 rows of R - M",
        expr=highest(R - M, MONTH),
        lookback=MONTH - 1,
        unit=FRACTION,
        source="Bali, Cakici and Whitelaw (2011), on R less M",
    ),
    Feature(
        name="residual_ret_1d",
        formula="R[t] - b M[t], b the slope of R on M over 252 rows",
        expr=_unexplained(1),
        lookback=YEAR - 1,
        unit=FRACTION,
        nulls=FLAT,
        source="Blitz, Huij, Lansdorp and Verbeek (2013)",
    ),
    Feature(
        name="residual_ret_5d",
        formula="sum over 5 rows of R - b M, b the slope of R on M over 252 rows",
        expr=_unexplained(WEEK),
        lookback=YEAR - 1,
        unit=FRACTION,
        nulls=FLAT,
        source="Blitz, Huij, Lansdorp and Verbeek (2013)",
    ),
    Feature(
        name="residual_ret_21d",
        formula="sum over 21 rows of R - b M, over its standard error; b and the error of regressing R on M over 252 rows",
        expr=ratio(_unexplained(MONTH), residual_std(R, M, YEAR)) / math.sqrt(MONTH),
        lookback=YEAR - 1,
        unit=DEVIATIONS,
        nulls=BOTH_FLAT,
        source="Blitz, Huij, Lansdorp and Verbeek (2013)",
    ),
    Feature(
        name="residual_mom_12_1",
        formula="sum over t-251..t-21 of R - b M, over its standard error; b and the error of regressing R on M over 252 rows",
        expr=ratio(_unexplained(YEAR) - _unexplained(MONTH), residual_std(R, M, YEAR)) / math.sqrt(YEAR - MONTH),
        lookback=YEAR - 1,
        unit=DEVIATIONS,
        nulls=BOTH_FLAT,
        source=RESIDUAL,
    ),
    Feature(
        name="residual_mom_6_1",
        formula="sum over t-125..t-21 of R - b M, over its standard error; b and the error of regressing R on M over 252 rows",
        expr=ratio(_unexplained(HALF) - _unexplained(MONTH), residual_std(R, M, YEAR)) / math.sqrt(HALF - MONTH),
        lookback=YEAR - 1,
        unit=DEVIATIONS,
        nulls=BOTH_FLAT,
        source=RESIDUAL,
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_market_relative",
    description="How a name moves with the mean of all names, how with its falls, how late, and what the market leaves.",
    features=(*BETAS, *TOGETHER, *LEFT),
)
