from datetime import date

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.targets import parts as parts_of_targets
from kairos.targets.forward import with_forward_returns
from kairos.targets.parts import targets_by_parts

ORDER = ["session", "permaticker"]


@pytest.fixture
def returns():
    """Two names on every session of three years."""
    days = pl.DataFrame({"session": sessions_between(date(2015, 1, 1), date(2017, 12, 31))})
    rows = pl.DataFrame({"permaticker": [1, 2]}).join(days, how="cross").with_row_index("row")
    return rows.select("permaticker", "session", ret_cc=((pl.col("row") % 7) - 3.0) / 100, is_delisting=pl.lit(value=False))


@pytest.fixture
def tickers():
    return pl.DataFrame(schema={"permaticker": pl.Int64, "delisting_reason": pl.String})


@pytest.fixture
def matrix(returns):
    """A universe year's rows over two calendar years, another's beside them, one column of features."""
    rows = returns.filter(pl.col("session") >= date(2016, 1, 1)).select("permaticker", "session", x=pl.col("ret_cc"))
    years = [rows.with_columns(universe_year=pl.lit(year, pl.Int32)) for year in (2016, 2015)]
    return pl.concat(years)


def test_the_parts_are_the_rows_with_what_followed_across_their_ends(matrix, returns, tickers, monkeypatch):
    monkeypatch.setattr(parts_of_targets, "PART_ROWS", 300)
    whole = with_forward_returns(matrix.filter(universe_year=2016), returns, tickers=tickers).sort(ORDER)

    parts = list(targets_by_parts(matrix.lazy(), returns, tickers=tickers, universe_year=2016))

    assert [part.height for part in parts] == [0, 300, 300, 300, whole.height - 900]
    assert pl.concat(parts).select(whole.columns).equals(whole)
    assert parts[1].tail(2)["ret_21d_f"].null_count() == 0


def test_a_universe_year_without_rows_is_a_part_without_rows(matrix, returns, tickers):
    (part,) = targets_by_parts(matrix.lazy(), returns, tickers=tickers, universe_year=2014)
    assert part.height == 0
    assert "ret_5d_f_xs" in part.columns
