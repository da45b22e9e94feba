"""Wilder's directional movement and true range, and Lambert's channel: members of the momentum family."""

from kairos.features.core import Feature
from kairos.features.operators import C, H, L, ewm, lag, maximum, mean, minimum, positive, ratio, where, wilder
from kairos.features.terms import Term

ROWS = 14
CUT = 6 * ROWS  # Wilder's weights beyond are 0.2 % of the total
CHANNEL = 20

_rise, _fall = H - lag(H, 1), lag(L, 1) - L
_up = where(_rise > _fall, positive(_rise), 0)
_down = where(_fall > _rise, positive(_fall), 0)
_range = maximum(H, lag(C, 1)) - minimum(L, lag(C, 1))
_typical = (H + L + C) / 3


def _smoothed(x: Term) -> Term:
    return ewm(x, CUT, decay=wilder(ROWS))


def _balance() -> Term:
    """(+DI - -DI) / (+DI + -DI): the true range they are shares of cancels."""
    up, down = _smoothed(_up), _smoothed(_down)
    return ratio(up - down, up + down)


def _mean_deviation(x: Term, window_rows: int) -> Term:
    """Mean of |x[t-i] - mean(x[t-window+1..t])| over the window."""
    centre = mean(x, window_rows)
    apart = (x - centre).abs()
    for age in range(1, window_rows):
        apart += (lag(x, age) - centre).abs()
    return apart / window_rows


DIRECTIONAL = (
    Feature(
        name="directional_balance_14d",
        formula="100 * (W14(+DM) - W14(-DM)) / (W14(+DM) + W14(-DM)), Wilder weights cut after 84 rows",
        expr=100 * _balance(),
        lookback=CUT,
        unit="-100 to 100",
        nulls="Null where there was no directional movement",
        source="Wilder (1978)",
    ),
    Feature(
        name="adx_14d",
        formula="W14(|directional_balance_14d|), Wilder weights cut after 84 rows",
        expr=_smoothed(100 * _balance().abs()),
        lookback=2 * CUT - 1,
        unit="0 to 100",
        nulls="Null where there was no directional movement",
        source="Wilder (1978)",
    ),
    Feature(
        name="natr_14d",
        formula="W14(max(H[t], C[t-1]) - min(L[t], C[t-1])) / C[t], Wilder weights cut after 84 rows",
        expr=ratio(_smoothed(_range), C),
        lookback=CUT,
        unit="fraction",
        source="Wilder (1978)",
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
