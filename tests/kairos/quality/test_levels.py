"""A figure is ok, worth a look, or stops, against fixed bounds and the earlier level."""

from datetime import date, timedelta

import polars as pl
import pytest

from kairos.quality.levels import judge

FIRST = date(2016, 1, 29)


def judged(check, values, *, table="fmp_income_statement"):
    sessions = [FIRST + timedelta(days=30 * place) for place in range(len(values))]
    frame = pl.DataFrame({"session": sessions, "value": [float(value) for value in values]})
    made = judge(frame.with_columns(table_name=pl.lit(table), check_name=pl.lit(check), column_name=pl.lit("x")))
    return made.sort("session")


def last(check, values, **more):
    row = judged(check, values, **more).row(-1, named=True)
    return row["level"], round(row["expected"], 6)


@pytest.mark.parametrize(
    ("check", "values", "level", "expected"),
    [
        ("freshness", [45], "ok", 45),
        ("freshness", [46], "warn", 45),
        ("freshness", [900], "warn", 45),
        ("completeness", [0.8], "ok", 0.8),
        ("completeness", [0.1], "warn", 0.8),  # nothing earlier says that it was ever more
        ("completeness", [0.96, 0.94, 1.0, 0.87], "ok", 0.864),
        ("completeness", [0.96, 0.94, 1.0, 0.86], "warn", 0.864),
        ("completeness", [0.96, 0.94, 1.0, 0.5], "block", 0.864),
        ("completeness", [0.3, 0.3, 0.3, 0.2], "warn", 0.8),
        ("null_rate", [0.9], "ok", 0.9),
        ("null_rate", [1.0], "warn", 0.9),
        ("null_rate", [0.1, 0.2, 0.0, 0.2], "ok", 0.2),
        ("null_rate", [0.1, 0.2, 0.0, 0.21], "warn", 0.2),
        ("null_rate", [0.1, 0.2, 0.0, 0.61], "block", 0.2),
        ("drift", [0.5], "ok", 0.5),
        ("drift", [0.6], "warn", 0.5),
        ("drift", [2.6], "block", 0.5),
        ("agreement", [0.9], "ok", 0.9),
        ("agreement", [0.5], "warn", 0.9),
        ("agreement", [0.19], "block", 0.9),
        ("agreement", [1.0, 0.9, 0.95, 0.47], "block", 0.9),
        ("agreement", [0.6, 0.6, 0.6, 0.47], "warn", 0.9),
    ],
)
def test_a_figure_has_its_level(check, values, level, expected):
    assert last(check, values) == (level, expected)


def test_a_table_that_reaches_no_model_does_not_block():
    assert last("null_rate", [0, 0, 0, 1], table="fmp_news")[0] == "warn"


def test_a_disagreement_blocks_wherever_it_shows():
    assert last("agreement", [0.0], table="dim_company_profile")[0] == "block"


def test_the_earlier_level_is_of_a_year_of_sessions():
    values = [0.9] * 12 + [0.0] * 12 + [0.05]
    assert last("null_rate", values) == ("ok", 0.1)


def test_figures_of_other_columns_are_no_earlier_level():
    rows = pl.DataFrame(
        {
            "table_name": ["fmp_rating"] * 4,
            "session": [FIRST + timedelta(days=day) for day in range(4)],
            "check_name": ["null_rate"] * 4,
            "column_name": ["rating", "rating", "rating", "ratingScore"],
            "value": [0.0, 0.0, 0.0, 0.85],
        }
    )
    assert judge(rows)["level"].to_list() == ["ok"] * 4
