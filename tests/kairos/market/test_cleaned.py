"""Quarantine lines and waivers."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.market.cleaned import Cleaned, no_waivers, set_aside, waived
from kairos.tables.raw import QUARANTINE

ROWS = pl.DataFrame(
    {"ticker": ["A", "B"], "session": [date(2015, 6, 1)] * 2, "close": [1.0, None], "reason": ["odd"] * 2}
).with_columns(source=pl.lit("s"), payload_id=pl.lit("p"), row=pl.int_range(2), year=pl.lit(2015))


def test_a_line_holds_the_offending_values_as_json():
    lines = QUARANTINE.validate(set_aside(ROWS, ("ticker", "close"), writer="w", dataset="sep", action="row_rejected"))
    assert lines["detail"].to_list() == ['{"ticker":"A","close":1.0}', '{"ticker":"B","close":null}']


def test_only_rejected_rows_count_as_rejected():
    kept_out = set_aside(ROWS, ("ticker",), writer="w", dataset="sep", action="row_rejected")
    nulled = set_aside(ROWS, ("ticker",), writer="v", dataset="sep", action="value_nulled")
    assert Cleaned(ROWS, pl.concat([kept_out, nulled])).rejected == 2


def test_a_waiver_names_ticker_session_and_reason():
    waivers = pl.DataFrame({"ticker": ["A"], "session": [date(2015, 6, 1)], "reason": ["odd"]})
    assert waived(ROWS, waivers, "odd").to_list() == [True, False]
    assert waived(ROWS, waivers, "other").to_list() == [False, False]
    assert waived(ROWS, no_waivers(), "odd").to_list() == [False, False]


def test_waivers_without_their_columns_are_refused():
    with pytest.raises(ContractError, match="waivers: missing column"):
        waived(ROWS, pl.DataFrame({"ticker": ["A"]}), "odd")
