"""Rules on single rows."""

import polars as pl

from kairos.market.rules import OHLC_ORDER, VALUES, apply_value_rules, finite

BAR = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 5.0, "closeadj": 10.5, "closeunadj": 10.5}
NOBODY = pl.DataFrame(schema={"ticker": pl.String, "session": pl.Date, "reason": pl.String})


def bars(**changes):
    return pl.DataFrame(
        [{"ticker": "AAA", "session": None} | BAR | changes], schema_overrides=dict.fromkeys(VALUES, pl.Float64)
    )


def test_infinity_is_no_value():
    assert finite(bars(high=float("inf")))["high"].to_list() == [None]


def test_a_bar_with_missing_prices_breaks_no_order():
    assert bars(open=None, high=None, low=None).select(OHLC_ORDER.holds).item() is False


def test_a_row_that_breaks_two_rules_is_listed_under_both():
    mended, broken = apply_value_rules(bars(open=-1.0, volume=-1.0), NOBODY)
    assert broken["reason"].to_list() == ["nonpositive_price", "negative_volume"]
    assert mended.select("open", "volume", "close").row(0) == (None, None, 10.5)


def test_a_good_bar_stays_as_it_is():
    mended, broken = apply_value_rules(bars(), NOBODY)
    assert mended.equals(bars())
    assert broken.is_empty()
