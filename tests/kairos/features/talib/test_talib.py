"""Wilder's and Appel's indicators against TA-Lib: its published figures, and its values of longer made-up bars.

`bars.csv` holds the 252 bars of TA-Lib's regression tests (ta_regtest, copyright 1999-2024 Mario Fortier, BSD licence), by
the figures of which TA-Lib itself is tested. `python -m benchmarks.indicators_reference` stores `indicators.arrow`.
Features are compared, so prices go the features' way: as returns, then as an index chained anew.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.features.core import compute, compute_reference
from kairos.features.panel import price_panel
from kairos.features.registry import FEATURE_SETS
from tests.kairos.features.conftest import FIRST, LAST

HERE = Path(__file__).parent
BARS = pl.read_csv(HERE / "bars.csv").with_columns(chain=0, permaticker=0)
STORED = pl.read_ipc(HERE / "indicators.arrow")
SESSIONS = sessions_between(FIRST.replace(year=2013), LAST)
TOLERANCE = 5e-6  # of the indicator's deviation: single precision, and what a window of 16 periods leaves out
FORMS = {"fast": compute, "reference": compute_reference}
FAMILIES = ("feat_trend", "feat_volatility", "feat_momentum")


def panel_of(bars):
    """The bars as the features see them: from `daily_returns`, a chain beginning where a return is missing."""
    before = pl.col("close").shift(1).over("chain")
    day = bars.select(pl.int_range(pl.len()).over("permaticker")).to_series()
    rows = bars.with_columns(session=pl.Series(SESSIONS).gather(day))
    returns = rows.select(
        "permaticker", "session",
        ret_cc=pl.col("close") / before - 1, ret_oc=0.0,
        high_to_close=pl.col("high") / pl.col("close") - 1, low_to_close=pl.col("low") / pl.col("close") - 1,
        dollar_volume=1e6, closeunadj="close", is_delisting=False,
    )  # fmt: skip
    return price_panel(returns, first_session=SESSIONS[0])


SAME = {
    "rsi_14d": pl.col("RSI"),
    "true_range_1d": pl.col("TRANGE") / pl.col("close").shift(1).over("chain"),
    "natr_14d": pl.col("NATR"),
    "plus_di_14d": pl.col("PLUS_DI"),
    "minus_di_14d": pl.col("MINUS_DI"),
    "directional_balance_14d": (pl.col("PLUS_DI") - pl.col("MINUS_DI")).sign() * pl.col("DX"),
    "adx_14d": pl.col("ADX"),
    "adxr_14d": pl.col("ADXR"),
    "macd_signal": pl.col("MACD_SIGNAL") / pl.col("close"),
    "macd_histogram": pl.col("MACD_HISTOGRAM") / pl.col("close"),
    "bollinger_21d": (pl.col("close") - pl.col("LOWER")) / (pl.col("UPPER") - pl.col("LOWER")),
    "bollinger_width_21d": (pl.col("UPPER") - pl.col("LOWER")) / pl.col("MIDDLE"),
}
"""Features, and what they are in terms of TA-Lib's."""
PUBLISHED = [
    ("rsi_14d", 14, 49.14, 0.01), ("rsi_14d", 15, 52.32, 0.01), ("rsi_14d", 16, 46.07, 0.01), ("rsi_14d", 251, 49.63, 0.01),
    ("natr_14d", 14, 3.9321, 1e-4),
    ("adx_14d", 27, 23.0000, 1e-3), ("adx_14d", 28, 22.0802, 1e-4), ("adx_14d", 251, 15.5260, 1e-4),
    ("adxr_14d", 40, 19.8666, 1e-4),
]  # fmt: skip
"""Feature, bar, the figure and how near it is."""
PUBLISHED_OF_PRICES = [("macd", 33, -1.9738, 1e-4), ("macd_signal", 33, -2.7071, 1e-4)]
"""The same of what is published in dollars: the feature times the close."""
FIRST_BARS = {
    "rsi_14d": 14, "true_range_1d": 1, "natr_14d": 14, "atr_14d": 14, "plus_di_14d": 14, "minus_di_14d": 14, "adx_14d": 27,
    "adxr_14d": 40, "macd": 25, "macd_signal": 33, "macd_histogram": 33, "bollinger_21d": 20,
}  # fmt: skip


def made(form, bars):
    panel = panel_of(bars)
    return pl.concat([FORMS[form](FEATURE_SETS[family], panel).drop("permaticker", "session") for family in FAMILIES],
                     how="horizontal")  # fmt: skip


@pytest.fixture(scope="module", params=FORMS)
def published(request):
    return made(request.param, BARS)


@pytest.fixture(scope="module", params=FORMS)
def longer(request):
    return made(request.param, STORED)


@pytest.mark.parametrize(("name", "bar", "figure", "digit"), PUBLISHED)
def test_an_indicator_is_the_figure_that_ta_lib_published(published, name, bar, figure, digit):
    assert published[name][bar] == pytest.approx(figure, abs=digit)


@pytest.mark.parametrize(("name", "bar", "figure", "digit"), PUBLISHED_OF_PRICES)
def test_an_indicator_in_dollars_is_the_figure_that_ta_lib_published(published, name, bar, figure, digit):
    assert published[name][bar] * BARS["close"][bar] == pytest.approx(figure, abs=digit)


def test_the_true_range_and_its_average_in_dollars_are_those_that_ta_lib_published(published):
    assert published["true_range_1d"][1] * BARS["close"][0] == pytest.approx(3.535, abs=1e-3)
    average = [published["natr_14d"][bar] * BARS["close"][bar] / 100 for bar in (14, 15, 16, 251)]
    assert average == [pytest.approx(*each) for each in ((3.578, 0, 5e-4), (3.4876, 0, 1e-4), (3.55, 0, 0.01), (3.26, 0, 0.01))]


@pytest.mark.parametrize("name", FIRST_BARS)
def test_an_indicator_begins_at_the_bar_at_which_ta_lib_begins_it(published, name):
    assert published[name].is_not_null().arg_max() == FIRST_BARS[name]


@pytest.mark.parametrize("name", SAME)
def test_an_indicator_has_values_exactly_where_ta_lib_has(longer, name):
    theirs = STORED.select(SAME[name].fill_nan(None).is_null()).to_series()
    assert longer[name].is_null().to_list() == theirs.to_list()


@pytest.mark.parametrize("name", SAME)
def test_an_indicator_equals_that_of_ta_lib_over_a_thousand_bars(longer, name):
    theirs = STORED.select(SAME[name].cast(pl.Float64)).to_series().to_numpy()
    ours = longer[name].cast(pl.Float64).to_numpy()
    assert np.nanmax(np.abs(ours - theirs)) / np.nanstd(theirs) < TOLERANCE


def test_the_stored_bars_are_longer_than_every_window_and_have_ties_of_ticks():
    lookbacks = [each.lookback for family in FAMILIES for each in FEATURE_SETS[family].features if each.name in SAME]
    assert STORED.group_by("chain").len()["len"].max() > 2 * max(lookbacks)
    rise, fall = (100 * pl.col("high").diff()).round(), (-100 * pl.col("low").diff()).round()
    assert STORED.filter(rise == fall, rise > 0).height >= 2
