"""Past returns, the shape of the session and where the price stands in its year."""

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import LOG_R, C, H, L, O, P, R, change, highest, lag, lowest, ratio, share, total

REVERSAL = "Jegadeesh (1990); Lehmann (1990)"
MOMENTUM = "Jegadeesh and Titman (1993)"
CANDLES = "Nison (1991)"
FRACTION = "fraction"
YEAR = 252


def _past_return(rows: int, source: str) -> Feature:
    return Feature(
        name=f"ret_{rows}d",
        formula=f"C[t] / C[t-{rows}] - 1",
        expr=change(C, rows),
        lookback=rows,
        unit=FRACTION,
        source=source,
    )


def _momentum(name: str, far: int, near: int, source: str) -> Feature:
    return Feature(
        name=name,
        formula=f"C[t-{near}] / C[t-{far}] - 1",
        expr=ratio(lag(C, near), lag(C, far)) - 1,
        lookback=far,
        unit=FRACTION,
        source=source,
    )


RETURNS = (
    Feature(
        name="ret_1d",
        formula="R[t]",
        expr=R,
        lookback=0,
        unit=FRACTION,
        nulls="Null on a name's first session",
        source=REVERSAL,
    ),
    *(_past_return(rows, REVERSAL) for rows in (2, 3, 5, 10, 21)),
    *(_past_return(rows, MOMENTUM) for rows in (63, 126, YEAR)),
    _momentum("mom_12_1", YEAR, 21, MOMENTUM),
    _momentum("mom_6_1", 126, 21, MOMENTUM),
    _momentum("mom_12_7", YEAR, 126, "Novy-Marx (2012)"),
    _momentum("ret_5d_skip_1d", 6, 1, "Lehmann (1990), one session skipped against bid-ask bounce"),
)

SESSION_SHAPE = (
    Feature(
        name="gap",
        formula="O[t] / C[t-1] - 1",
        expr=ratio(O, lag(C, 1)) - 1,
        lookback=1,
        unit=FRACTION,
        source="Lou, Polk and Skouras (2019)",
    ),
    Feature(
        name="ret_intraday",
        formula="C[t] / O[t] - 1",
        expr=ratio(C, O) - 1,
        lookback=0,
        unit=FRACTION,
        source="Lou, Polk and Skouras (2019)",
    ),
    Feature(
        name="ret_overnight_21d",
        formula="sum over 21 rows of ln(O[t] / C[t-1])",
        expr=total(ratio(O, lag(C, 1)).log(), 21),
        lookback=21,
        unit="log return",
        source="Lou, Polk and Skouras (2019)",
    ),
    Feature(
        name="ret_intraday_21d",
        formula="sum over 21 rows of ln(C[t] / O[t])",
        expr=total(ratio(C, O).log(), 21),
        lookback=20,
        unit="log return",
        source="Lou, Polk and Skouras (2019)",
    ),
    Feature(
        name="close_location",
        formula="(2 C[t] - H[t] - L[t]) / (H[t] - L[t])",
        expr=ratio(2 * C - H - L, H - L),
        lookback=0,
        nulls="Null where the session had no range",
        source="Achelis (2001), on Chaikin's accumulation and distribution",
    ),
    Feature(
        name="candle_body",
        formula="(C[t] - O[t]) / (H[t] - L[t])",
        expr=ratio(C - O, H - L),
        lookback=0,
        nulls="Null where the session had no range",
        source=CANDLES,
    ),
    Feature(
        name="upper_shadow",
        formula="(H[t] - max(O[t], C[t])) / C[t]",
        expr=ratio(H - (O + C + (O - C).abs()) / 2, C),
        lookback=0,
        unit=FRACTION,
        source=CANDLES,
    ),
    Feature(
        name="lower_shadow",
        formula="(min(O[t], C[t]) - L[t]) / C[t]",
        expr=ratio((O + C - (O - C).abs()) / 2 - L, C),
        lookback=0,
        unit=FRACTION,
        source=CANDLES,
    ),
)

STANDING = (
    Feature(
        name="to_high_252d",
        formula="C[t] / max(C[t-251..t]) - 1",
        expr=ratio(C, highest(C, YEAR)) - 1,
        lookback=YEAR - 1,
        unit=FRACTION,
        source="George and Hwang (2004)",
    ),
    Feature(
        name="to_low_252d",
        formula="C[t] / min(C[t-251..t]) - 1",
        expr=ratio(C, lowest(C, YEAR)) - 1,
        lookback=YEAR - 1,
        unit=FRACTION,
        source="George and Hwang (2004)",
    ),
    Feature(
        name="up_share_21d",
        formula="share of the last 21 rows with R > 0",
        expr=share(R > 0, 21),
        lookback=20,
        unit=FRACTION,
        source="Grinblatt and Moskowitz (2004)",
    ),
    Feature(
        name="information_discreteness_252d",
        formula="sign(sum ln(1 + R)) * (share of R < 0 - share of R > 0), over 252 rows",
        expr=total(LOG_R, YEAR).sign() * (share(R < 0, YEAR) - share(R > 0, YEAR)),
        lookback=YEAR - 1,
        source="Da, Gurun and Warachka (2014)",
    ),
    Feature(
        name="log_price",
        formula="ln P[t]",
        expr=P.log(),
        lookback=0,
        unit="ln USD",
        source="Blume and Husic (1973)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_price_action",
    description="Past returns, shape of the session and standing in the year, of one security on one session.",
    features=(*RETURNS, *SESSION_SHAPE, *STANDING),
)
