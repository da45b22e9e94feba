"""What trading costs and how it comes and goes: spreads read off prices, price impact, idle sessions, common liquidity."""

import math

from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import (
    DV,
    C,
    H,
    L,
    M,
    R,
    V,
    age_of_highest,
    beta,
    by_session_mean,
    corr,
    equal,
    highest,
    lag,
    lowest,
    maximum,
    mean,
    mean_where,
    minimum,
    positive,
    ratio,
    share,
    std,
    total,
    where,
)
from kairos.features.regression import beta_beside
from kairos.features.terms import Term

FRACTION = "fraction"
IDLE = "Null where nothing was traded"
STILL = "Null where the price did not move"
MILLION = 1e6
MONTH, QUARTER, HALF, YEAR = 21, 63, 126, 252
PAIR = 3 - 2 * math.sqrt(2)  # of Corwin and Schultz' two sessions

_log_dv = DV.log1p()
_volume_news = _log_dv - lag(_log_dv, 1)
_impact = where(DV > 0, MILLION * R.abs() / DV, 0 * R)
_log_impact = (1e-6 + _impact).log()
_market_impact_news = by_session_mean(_log_impact) - lag(by_session_mean(_log_impact), 1)


def _mean_impact(rows: int) -> Term:
    return (1e-6 + ratio(total(_impact, rows), total(DV > 0, rows))).log()


def _corwin_schultz() -> Term:
    """The spread of one pair of sessions, the later one moved back by the gap between them, below 0 set to 0."""
    before = lag(C, 1)
    gap = positive(before - H) - positive(L - before)
    high, low = H + gap, L + gap
    earlier, later = ratio(lag(H, 1), lag(L, 1)).log(), ratio(high, low).log()
    single = earlier * earlier + later * later
    both = ratio(maximum(lag(H, 1), high), minimum(lag(L, 1), low)).log()
    alpha = positive(((2 * single).sqrt() - single.sqrt()) / PAIR - (both * both / PAIR).sqrt())
    return 2 * _tanh(alpha / 2)


def _tanh(x: Term) -> Term:
    """(e**2x - 1) / (e**2x + 1) as a quotient of polynomials: 1e-5 off at 0.7, a spread of 120 %."""
    return x * (15 + x * x) / (15 + 6 * x * x)


def _abdi_ranaldo() -> Term:
    """The spread of one pair of sessions, below 0 set to 0."""
    middle = (H.log() + L.log()) / 2
    close = lag(C.log(), 1)
    return positive(4 * (close - lag(middle, 1)) * (close - middle)).sqrt()


def _autocovariance(rows: int) -> Term:
    return corr(R, lag(R, 1), rows) * std(R, rows) * std(lag(R, 1), rows)


SPREADS = (
    Feature(
        name="corwin_schultz_21d",
        formula="mean over 21 pairs of sessions of the spread that their highs and lows imply, below 0 set to 0",
        expr=mean(_corwin_schultz(), MONTH),
        lookback=MONTH,
        unit=FRACTION,
        source="Corwin and Schultz (2012)",
    ),
    Feature(
        name="abdi_ranaldo_21d",
        formula="mean over 21 rows of sqrt(max(0, 4 (c[t-1] - n[t-1]) (c[t-1] - n[t]))); c = ln C, n = ln sqrt(H L)",
        expr=mean(_abdi_ranaldo(), MONTH),
        lookback=MONTH,
        unit=FRACTION,
        source="Abdi and Ranaldo (2017), corrected pair by pair",
    ),
    Feature(
        name="roll_63d",
        formula="2 sqrt(max(0, -cov(R[t], R[t-1]))) over 63 rows",
        expr=2 * positive(-_autocovariance(QUARTER)).sqrt(),
        lookback=QUARTER,
        unit=FRACTION,
        nulls=STILL,
        source="Roll (1984)",
    ),
    Feature(
        name="zero_return_share_63d",
        formula="share of the last 63 rows with R = 0",
        expr=share(equal(R, 0), QUARTER),
        lookback=QUARTER - 1,
        unit=FRACTION,
        source="Lesmond, Ogden and Trzcinka (1999)",
    ),
)

IMPACT = (
    Feature(
        name="amihud_21d_to_252d",
        formula="ln of the mean over the traded of 21 rows of |R| / DV, less the same over 252 rows",
        expr=_mean_impact(MONTH) - _mean_impact(YEAR),
        lookback=YEAR - 1,
        unit="log ratio",
        nulls=IDLE,
        source="Amihud (2002), its change",
    ),
    Feature(
        name="amihud_down_to_up_63d",
        formula="ln of the mean of |R| / DV over the falling of 63 rows, less the same over the rising",
        expr=(1e-6 + mean_where(_impact, R < 0, QUARTER)).log() - (1e-6 + mean_where(_impact, R > 0, QUARTER)).log(),
        lookback=QUARTER - 1,
        unit="log ratio",
        nulls="Null where the price never fell or never rose",
        source="Brennan, Huh and Subrahmanyam (2013)",
    ),
    Feature(
        name="impact_variation_63d",
        formula="std / mean over 63 rows of |R| / DV, idle sessions 0",
        expr=ratio(std(_impact, QUARTER), mean(_impact, QUARTER)),
        lookback=QUARTER - 1,
        nulls=STILL,
        source="Akbas, Armstrong and Petkova (2011)",
    ),
    Feature(
        name="kyle_lambda_63d",
        formula="slope of R on sign(R) sqrt(DV) over 63 rows",
        expr=1e3 * beta(R, R.sign() * DV.sqrt(), QUARTER),
        lookback=QUARTER - 1,
        unit="fraction per root of a million USD",
        nulls=STILL,
        source="Hasbrouck (2009), on sessions",
    ),
    Feature(
        name="pastor_stambaugh_63d",
        formula="slope on x[t-1] of regressing R[t] - M[t] on R[t-1] and x[t-1] over 63 rows; x = sign(R - M) DV",
        expr=beta_beside(R - M, lag((R - M).sign() * DV / MILLION, 1), other=lag(R, 1), window_rows=QUARTER),
        lookback=QUARTER,
        unit="fraction per million USD",
        nulls="Null where nothing was traded or the price did not move",
        source="Pastor and Stambaugh (2003)",
    ),
)

VOLUME = (
    Feature(
        name="dollar_volume_variation_252d",
        formula="std / mean of DV[t-251..t]",
        expr=ratio(std(DV, YEAR), mean(DV, YEAR)),
        lookback=YEAR - 1,
        nulls=IDLE,
        source="Chordia, Subrahmanyam and Anshuman (2001)",
    ),
    Feature(
        name="dollar_volume_peak_21d",
        formula="max(DV[t-20..t]) / sum(DV[t-20..t])",
        expr=ratio(highest(DV, MONTH), total(DV, MONTH)),
        lookback=MONTH - 1,
        unit=FRACTION,
        nulls=IDLE,
        source="Gervais, Kaniel and Mingelgrin (2001)",
    ),
    Feature(
        name="dollar_volume_trough_63d",
        formula="min(DV[t-62..t]) / mean(DV[t-62..t])",
        expr=ratio(lowest(DV, QUARTER), mean(DV, QUARTER)),
        lookback=QUARTER - 1,
        unit=FRACTION,
        nulls=IDLE,
        source="Liu (2006), on the idlest session",
    ),
    Feature(
        name="sessions_since_volume_peak_63d",
        formula="age of max(V[t-62..t])",
        expr=age_of_highest(V, QUARTER),
        lookback=QUARTER - 1,
        unit="sessions",
        source="Gervais, Kaniel and Mingelgrin (2001)",
    ),
)

COMMON = (
    Feature(
        name="volume_commonality_126d",
        formula="correlation over 126 rows of ln((1 + DV[t]) / (1 + DV[t-1])) with its mean over the session's names",
        expr=corr(_volume_news, by_session_mean(_volume_news), HALF),
        lookback=HALF,
        nulls="Null where the volume did not vary",
        source="Chordia, Roll and Subrahmanyam (2000)",
    ),
    Feature(
        name="illiquidity_beta_252d",
        formula="slope of R over 252 rows on the change of the session's mean of ln(1e-6 + 1e6 |R| / DV)",
        expr=beta(R, _market_impact_news, YEAR),
        lookback=YEAR,
        unit="fraction per log ratio",
        source="Acharya and Pedersen (2005)",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_liquidity",
    description="Spreads read off prices, price impact, idle sessions and how much of a name's liquidity is everybody's.",
    features=(*SPREADS, *IMPACT, *VOLUME, *COMMON),
)
