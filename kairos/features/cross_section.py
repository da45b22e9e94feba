"""Where a name stands among all names of its session, as known at its close: by size, past return, risk, attention.

The panel of prices tells no sector, so every standing is among all names. A standing orders a session's names as the
measured value does; over time it differs, since what moves all names alike drops out. A z-score would say the same as
the rank once more: their ranks agree to 0.995 and above.
"""

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    DV,
    C,
    H,
    L,
    O,
    P,
    R,
    by_session_rank,
    change,
    highest,
    lag,
    mean,
    ratio,
    std,
    total,
    where,
)
from kairos.features.terms import Term

AMONG = "Null where fewer than 5 names of the session have the value"
SHARE = "share of the other names below"
ATTENTION = "Barber and Odean (2008)"
MOMENTUM = "Jegadeesh and Titman (1993)"
ASNESS = "Asness, Moskowitz and Pedersen (2013), ranks within the session"
WEEK, MONTH, QUARTER, HALF, YEAR = 5, 21, 63, 126, 252

_log_dv = DV.log1p()
_volume_shock = _log_dv - mean(_log_dv, QUARTER)
_mom_12_1 = ratio(lag(C, MONTH), lag(C, YEAR)) - 1
_mom_6_1 = ratio(lag(C, MONTH), lag(C, HALF)) - 1
_impact = where(DV > 0, R.abs() / DV, 0 * R)
_illiquidity = ratio(total(_impact, QUARTER), total(DV > 0, QUARTER))


def _rank(name: str, what: str, x: Term, lookback: int, source: str) -> Feature:
    return Feature(
        name=f"{name}_rank",
        formula=f"share of the session's other names below in {what}, ties half",
        expr=by_session_rank(x),
        lookback=lookback,
        unit=SHARE,
        nulls=AMONG,
        source=source,
    )


def _climb(name: str, what: str, x: Term, lookback: int, source: str) -> Feature:
    return Feature(
        name=f"{name}_rank_change_{MONTH}d",
        formula=f"share of the session's other names below in {what}, less that 21 rows ago",
        expr=by_session_rank(x) - lag(by_session_rank(x), MONTH),
        lookback=lookback + MONTH,
        unit="share of the names",
        nulls=AMONG,
        source=source,
    )


RETURNS = (
    _rank("ret_1d", "R[t]", R, 0, "Lehmann (1990), ranks within the session"),
    _rank("ret_5d", "C[t] / C[t-5]", change(C, WEEK), WEEK, "Lehmann (1990), ranks within the session"),
    _rank("ret_21d", "C[t] / C[t-21]", change(C, MONTH), MONTH, "Jegadeesh (1990), ranks within the session"),
    _rank("ret_63d", "C[t] / C[t-63]", change(C, QUARTER), QUARTER, MOMENTUM),
    _rank("mom_6_1", "C[t-21] / C[t-126]", _mom_6_1, HALF, ASNESS),
    _rank("mom_12_1", "C[t-21] / C[t-252]", _mom_12_1, YEAR, ASNESS),
    _rank("to_high_252d", "C[t] / max(C[t-251..t])", ratio(C, highest(C, YEAR)), YEAR - 1, "George and Hwang (2004)"),
    _climb("mom_6_1", "C[t-21] / C[t-126]", _mom_6_1, HALF, "Gettleman and Marks (2006), on ranks"),
    Feature(
        name="ret_1d_rank_mean_21d",
        formula="mean over 21 rows of the share of the session's other names below in R",
        expr=mean(by_session_rank(R), MONTH),
        lookback=MONTH - 1,
        unit=SHARE,
        nulls=AMONG,
        source="Wright (2000), ranks in place of returns",
    ),
    Feature(
        name="ret_1d_rank_vol_63d",
        formula="standard deviation over 63 rows of the share of the session's other names below in R",
        expr=std(by_session_rank(R), QUARTER),
        lookback=QUARTER - 1,
        unit=SHARE,
        nulls=AMONG,
        source="Wright (2000), ranks in place of returns",
    ),
)

SIZE_AND_RISK = (
    _rank("dollar_volume_63d", "mean(DV[t-62..t])", mean(DV, QUARTER), QUARTER - 1, "Banz (1981), by what is traded"),
    _climb("dollar_volume_21d", "mean(DV[t-20..t])", mean(DV, MONTH), MONTH - 1, "Gervais, Kaniel and Mingelgrin (2001)"),
    _rank("price", "P[t]", P, 0, "Blume and Husic (1973)"),
    _rank("vol_63d", "std(R[t-62..t])", std(R, QUARTER), QUARTER - 1, "Baker, Bradley and Wurgler (2011)"),
    _rank("vol_252d", "std(R[t-251..t])", std(R, YEAR), YEAR - 1, "Blitz and van Vliet (2007)"),
    _climb("vol_63d", "std(R[t-62..t])", std(R, QUARTER), QUARTER - 1, "Baker, Bradley and Wurgler (2011)"),
    _rank("max_ret_21d", "max(R[t-20..t])", highest(R, MONTH), MONTH - 1, "Bali, Cakici and Whitelaw (2011)"),
    _rank("amihud_63d", "mean over the traded of 63 rows of |R| / DV", _illiquidity, QUARTER - 1, "Amihud (2002)"),
)

NOTICED = (
    _rank("volume_shock", "ln(1 + DV[t]) less its mean over 63 rows", _volume_shock, QUARTER - 1, ATTENTION),
    _rank("abs_ret_1d", "|R[t]|", R.abs(), 0, ATTENTION),
    _rank("gap", "O[t] / C[t-1]", ratio(O, lag(C, 1)), 1, "Berkman, Koch, Tuttle and Zhang (2012)"),
    _rank("range", "(H[t] - L[t]) / C[t]", ratio(H - L, C), 0, "Alizadeh, Brandt and Diebold (2002), among names"),
)

FEATURE_SET = FeatureSet(
    name="feat_cross_section",
    description="Standing among all names of the session by size, past return, risk and attention, and how it changed.",
    features=(*RETURNS, *SIZE_AND_RISK, *NOTICED),
)
