"""Wilder's directional movement and true range, and Lambert's channel: members of the momentum family."""

from kairos.features.core import Feature
from kairos.features.operators import C, H, L, known, lag, maximum, mean, minimum, positive, ratio, where, wilder
from kairos.features.terms import Term

ROWS = 14
CHANNEL = 20
SAME = 1e-9  # of the price: a rise of as many ticks as the fall is no more than it, however the index is rounded
PERCENT = "0 to 100"
STILL = "after rows without directional movement"
TA_LIB = "Wilder (1978), as TA-Lib begins it"

_before = lag(C, 1)
TRUE_RANGE = maximum(H, _before) - minimum(L, _before)
"""The session's range with the gap from the close before, in units of C."""

_rise, _fall = H - lag(H, 1), lag(L, 1) - L
_up = where(_rise - _fall > SAME * C, positive(_rise), 0)
_down = where(_fall - _rise > SAME * C, positive(_fall), 0)
_typical = (H + L + C) / 3


def _moved(x: Term) -> Term:
    """W14 as Wilder and TA-Lib begin it here: the first mean counts the row without a row before it, as 0."""
    return where(known(lag(C, ROWS)), wilder(where(known(_before), x, 0), ROWS))


_plus, _minus = (100 * ratio(_moved(x), _moved(TRUE_RANGE)) for x in (_up, _down))
_balance = 100 * ratio(_moved(_up) - _moved(_down), _moved(_up) + _moved(_down))  # the range they are shares of cancels
_adx = wilder(_balance.abs(), ROWS)


def _mean_deviation(x: Term, window_rows: int) -> Term:
    """Mean of |x[t-i] - mean(x[t-window+1..t])| over the window."""
    centre = mean(x, window_rows)
    apart = (x - centre).abs()
    for age in range(1, window_rows):
        apart += (lag(x, age) - centre).abs()
    return apart / window_rows


DIRECTIONAL = (
    Feature(
        name="plus_di_14d",
        formula="100 * W14(+DM) / W14(TR), W14 Wilder's average of 14, TR = max(H[t], C[t-1]) - min(L[t], C[t-1])",
        expr=_plus,
        lookback=_plus.reach,
        unit=PERCENT,
        nulls="Null in the first 14 rows",
        source=TA_LIB,
    ),
    Feature(
        name="minus_di_14d",
        formula="100 * W14(-DM) / W14(TR)",
        expr=_minus,
        lookback=_minus.reach,
        unit=PERCENT,
        nulls="Null in the first 14 rows",
        source=TA_LIB,
    ),
    Feature(
        name="directional_balance_14d",
        formula="100 * (W14(+DM) - W14(-DM)) / (W14(+DM) + W14(-DM))",
        expr=_balance,
        lookback=_balance.reach,
        unit="-100 to 100",
        nulls=f"Null in the first 14 rows and {STILL}",
        source="Wilder (1978); its size is TA-Lib's DX",
    ),
    Feature(
        name="adx_14d",
        formula="W14(|directional_balance_14d|)",
        expr=_adx,
        lookback=_adx.reach,
        unit=PERCENT,
        nulls=f"Null in the first 27 rows and {STILL}",
        source=TA_LIB,
    ),
    Feature(
        name="adxr_14d",
        formula="(adx_14d[t] + adx_14d[t-13]) / 2",
        expr=(_adx + lag(_adx, ROWS - 1)) / 2,
        lookback=_adx.reach + ROWS - 1,
        unit=PERCENT,
        nulls=f"Null in the first 40 rows and {STILL}",
        source=TA_LIB,
    ),
    Feature(
        name="natr_14d",
        formula="100 * W14(TR) / C[t]",
        expr=100 * ratio(wilder(TRUE_RANGE, ROWS), C),
        lookback=16 * ROWS,
        unit="percent",
        nulls="Null in the first 14 rows",
        source="Wilder (1978), as TA-Lib's NATR",
    ),
    Feature(
        name="cci_20d",
        formula="(X[t] - mean X) / (0.015 * mean |X - mean X|) over 20 rows, X = (H + L + C) / 3",
        expr=ratio(_typical - mean(_typical, CHANNEL), 0.015 * _mean_deviation(_typical, CHANNEL)),
        lookback=CHANNEL - 1,
        nulls="Null where the price did not move",
        source="Lambert (1980)",
    ),
)
