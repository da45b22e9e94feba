"""Features wait for a year that is fit, or that a person has let through."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.market.waivers import WAIVERS_FILE, read_waivers
from kairos.quality.gate import require_fit
from kairos.tables.quality import QUALITY_RESULTS

DAY = date(2017, 9, 29)


def results(level="block", day=DAY):
    row = ("fmp_rating", day, "null_rate", "rating", 1.0, 0.1, level, "90 of 90 rows have none")
    return pl.DataFrame([row], schema=QUALITY_RESULTS.dtypes, orient="row")


def waivers(tmp_path, *lines):
    (tmp_path / WAIVERS_FILE).write_text("\n".join(["ticker,session,reason", *lines]) + "\n")
    return read_waivers(tmp_path)


def test_a_blocking_figure_stops_its_year_and_says_what_to_do(tmp_path):
    with pytest.raises(ContractError) as stopped:
        require_fit(results(), year=2017, waivers=waivers(tmp_path))
    assert str(stopped.value) == (
        "quality_results of 2017: 1 figure(s) say that wrong data would reach a model, first fmp_rating.rating null_rate 1, "
        "expected 0.1, on 2017-09-29 (90 of 90 rows have none). Bring the rows in again, or let them through by the line "
        "fmp_rating,2017-09-29,quality in waivers.csv; then build quality_results and this year."
    )


def test_other_years_and_lower_levels_pass(tmp_path):
    require_fit(results(), year=2018, waivers=waivers(tmp_path))
    require_fit(results("warn"), year=2017, waivers=waivers(tmp_path))
    require_fit(QUALITY_RESULTS.empty(), year=2017, waivers=waivers(tmp_path))


def test_what_a_person_lets_through_passes(tmp_path):
    require_fit(results(), year=2017, waivers=waivers(tmp_path, "fmp_rating,2017-09-29,quality"))


@pytest.mark.parametrize("line", ["fmp_rating,2017-08-31,quality", "fmp_news,2017-09-29,quality"])
def test_a_waiver_is_for_its_own_table_and_session(tmp_path, line):
    with pytest.raises(ContractError, match=r"fmp_rating\.rating"):
        require_fit(results(), year=2017, waivers=waivers(tmp_path, line))
