"""How much is traded, how that changes, which side it is on, and what a trade costs in price."""

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    DV,
    LOG_C,
    C,
    H,
    L,
    R,
    V,
    change,
    corr,
    differs,
    equal,
    lag,
    mean,
    rank,
    ratio,
    slope,
    std,
    total,
    where,
)

IDLE = "Null where nothing was traded"
FRACTION = "fraction"

_log_dv = DV.log1p()
_traded = DV > 0
_impact = where(DV > 0, R.abs() / DV, where(equal(DV, 0), 0 * R))
_location = where(H > L, (2 * C - H - L) / (H - L), where(equal(H, L), 0))
_typical = (H + L + C) / 3
_rose = _typical > lag(_typical, 1)
_money_in = where(_rose, _typical * V, 0 * V)
_money_moved = where(differs(_typical, lag(_typical, 1)), _typical * V, 0 * V)


def _relative(rows: int) -> Feature:
    return Feature(
        name=f"dollar_volume_to_mean_{rows}d",
        formula=f"ln((1 + DV[t]) / (1 + mean(DV[t-{rows - 1}..t])))",
        expr=_log_dv - mean(DV, rows).log1p(),
        lookback=rows - 1,
        unit="log ratio",
        source="Gervais, Kaniel and Mingelgrin (2001)",
    )


def _illiquidity(rows: int) -> Feature:
    return Feature(
        name=f"amihud_{rows}d",
        formula=f"ln(1e-6 + 1e6 * mean over the traded of {rows} rows of |R| / DV)",
        expr=(1e-6 + 1e6 * ratio(total(_impact, rows), total(_traded, rows))).log(),
        lookback=rows - 1,
        unit="ln of fraction per million USD",
        nulls=IDLE,
        source="Amihud (2002)",
    )


def _signed(rows: int) -> Feature:
    return Feature(
        name=f"signed_volume_{rows}d",
        formula=f"sum(sign(R) V) / sum(V), over {rows} rows",
        expr=ratio(total(R.sign() * V, rows), total(V, rows)),
        lookback=rows - 1,
        nulls=IDLE,
        source="Granville (1963), on balance volume",
    )


LEVELS = (
    *(_relative(rows) for rows in (5, 21, 63)),
    Feature(
        name="dollar_volume_5d_to_63d",
        formula="mean(DV[t-4..t]) / mean(DV[t-62..t]) - 1",
        expr=ratio(mean(DV, 5), mean(DV, 63)) - 1,
        lookback=62,
        unit=FRACTION,
        nulls=IDLE,
        source="Gervais, Kaniel and Mingelgrin (2001)",
    ),
    Feature(
        name="dollar_volume_21d_to_252d",
        formula="mean(DV[t-20..t]) / mean(DV[t-251..t]) - 1",
        expr=ratio(mean(DV, 21), mean(DV, 252)) - 1,
        lookback=251,
        unit=FRACTION,
        nulls=IDLE,
        source="Gervais, Kaniel and Mingelgrin (2001)",
    ),
    Feature(
        name="log_adv_21d",
        formula="ln(1 + mean(DV[t-20..t]))",
        expr=mean(DV, 21).log1p(),
        lookback=20,
        unit="ln USD a session",
        source="Brennan, Chordia and Subrahmanyam (1998)",
    ),
    Feature(
        name="log_adv_126d",
        formula="ln(1 + mean(DV[t-125..t]))",
        expr=mean(DV, 126).log1p(),
        lookback=125,
        unit="ln USD a session",
        source="Brennan, Chordia and Subrahmanyam (1998)",
    ),
    Feature(
        name="volume_rank_50d",
        formula="share of V[t-49..t-1] below V[t], ties half",
        expr=rank(V, 50),
        lookback=49,
        unit=FRACTION,
        source="Gervais, Kaniel and Mingelgrin (2001)",
    ),
    Feature(
        name="volume_z_63d",
        formula="(x[t] - mean x) / std x over 63 rows, x = ln(1 + DV)",
        expr=ratio(_log_dv - mean(_log_dv, 63), std(_log_dv, 63)),
        lookback=62,
        unit="standard deviations",
        nulls="Null where the volume did not vary",
        source="Kaniel, Ozoguz and Starks (2012)",
    ),
    Feature(
        name="zero_volume_share_63d",
        formula="share of the last 63 rows with DV = 0",
        expr=1 - mean(_traded, 63),
        lookback=62,
        unit=FRACTION,
        source="Liu (2006)",
    ),
)

CHANGES = (
    Feature(
        name="volume_trend_63d",
        formula="least-squares slope of ln(1 + DV) on time over 63 rows",
        expr=slope(_log_dv, 63),
        lookback=62,
        unit="log ratio a session",
        source="Lee and Swaminathan (2000)",
    ),
    Feature(
        name="volume_vol_63d",
        formula="std(ln(1 + DV[t-62..t]))",
        expr=std(_log_dv, 63),
        lookback=62,
        unit="log ratio",
        source="Chordia, Subrahmanyam and Anshuman (2001)",
    ),
)

ILLIQUIDITY = tuple(_illiquidity(rows) for rows in (21, 126))

DIRECTION = (
    *(_signed(rows) for rows in (5, 21, 63)),
    Feature(
        name="price_volume_corr_21d",
        formula="correlation of ln C and ln(1 + DV) over 21 rows",
        expr=corr(LOG_C, _log_dv, 21),
        lookback=20,
        nulls="Null where either did not vary",
        source="Yang, Liu, Zhou, Bian and Liu (2020), Qlib's CORR",
    ),
    Feature(
        name="return_volume_corr_63d",
        formula="correlation of R[t] and ln((1 + DV[t]) / (1 + DV[t-1])) over 63 rows",
        expr=corr(R, _log_dv - lag(_log_dv, 1), 63),
        lookback=63,
        nulls="Null where either did not vary",
        source="Llorente, Michaely, Saar and Wang (2002)",
    ),
    Feature(
        name="move_volume_corr_63d",
        formula="correlation of |R| and ln(1 + DV) over 63 rows",
        expr=corr(R.abs(), _log_dv, 63),
        lookback=62,
        nulls="Null where either did not vary",
        source="Karpoff (1987)",
    ),
    Feature(
        name="money_flow_21d",
        formula="sum((2 C - H - L) / (H - L) V) / sum(V), over 21 rows; sessions without a range count 0",
        expr=ratio(total(_location * V, 21), total(V, 21)),
        lookback=20,
        nulls=IDLE,
        source="Achelis (2001), Chaikin money flow",
    ),
    Feature(
        name="money_flow_index_14d",
        formula="100 * sum(X V where X rose) / sum(X V where X moved) over 14 rows, X = (H + L + C) / 3",
        expr=100 * ratio(total(_money_in, 14), total(_money_moved, 14)),
        lookback=14,
        unit="0 to 100",
        nulls="Null where nothing was traded or the price did not move",
        source="Quong and Soudack (1989)",
    ),
    Feature(
        name="px_to_vwap_21d",
        formula="C[t] / (sum(DV) / sum(V)) - 1, over 21 rows",
        expr=ratio(C * total(V, 21), total(DV, 21)) - 1,
        lookback=20,
        unit=FRACTION,
        nulls=IDLE,
        source="Berkowitz, Logue and Noser (1988)",
    ),
    Feature(
        name="reversal_x_volume",
        formula="-(C[t] / C[t-5] - 1) * ln((1 + mean(DV[t-4..t])) / (1 + mean(DV[t-62..t])))",
        expr=-change(C, 5) * (mean(DV, 5).log1p() - mean(DV, 63).log1p()),
        lookback=62,
        unit=FRACTION,
        source="Campbell, Grossman and Wang (1993)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_volume",
    description="How much is traded, how that changes, on which side and at what cost, of one security on one session.",
    features=(*LEVELS, *CHANGES, *ILLIQUIDITY, *DIRECTION),
)
