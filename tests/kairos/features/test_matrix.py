from datetime import date

import polars as pl
import pytest

from kairos.errors import ContractError, SettingsError
from kairos.features.core import build
from kairos.features.matrix import complete, complete_by_year, variant_named
from kairos.features.registry import (
    ALL_FEATURES,
    BASE_FEATURES,
    CORE_SETS,
    FACT_SETS,
    FEATURE_SETS,
    SEPARATE_SETS,
    features_of,
)
from kairos.tables.matrix import FEAT_MATRIX_COMPLETE

UNIVERSE = pl.DataFrame(
    {
        "universe_year": [2017, 2017, 2016],
        "permaticker": [100, 101, 102],
        "ticker": ["AAA", "BBB", "CCC"],
        "entry": [date(2017, 1, 3), date(2017, 1, 3), date(2016, 1, 4)],
        "exit": [None, date(2017, 3, 1), None],
    },
    schema_overrides={"universe_year": pl.Int32},
)

TICKERS = pl.DataFrame(
    {
        "permaticker": [100, 101, 102],
        "ticker": ["AAA", "BBB", "CCC"],
        "valid_from": [date(2015, 1, 2)] * 3,
    }
)


@pytest.fixture(scope="module")
def features(returns):
    return [
        pl.concat([build(feature_set, returns, year=year) for year in (2016, 2017)]) for feature_set in FEATURE_SETS.values()
    ]


def matrix(features, variant="full", year=2017):
    return complete(UNIVERSE, features, tickers=TICKERS, universe_year=year, variant=variant)


def test_rows_are_the_members_between_entry_and_exit(features):
    made = (
        matrix(features).group_by("ticker").agg(pl.col("session").min().alias("first"), pl.col("session").max().alias("last"))
    )
    assert made.sort("ticker").rows() == [
        ("AAA", date(2017, 1, 3), date(2017, 12, 29)),
        ("BBB", date(2017, 1, 3), date(2017, 3, 1)),
    ]


def test_a_row_bears_the_ticker_of_its_own_session(features):
    renamed = pl.DataFrame({"permaticker": [100], "ticker": ["NEW"], "valid_from": [date(2017, 7, 3)]})
    made = complete(UNIVERSE, features, tickers=pl.concat([TICKERS, renamed]), universe_year=2017, variant="full")
    named = (
        made.filter(pl.col("permaticker") == 100)
        .group_by("ticker")
        .agg(pl.col("session").min(), pl.col("session").max().alias("last"))
    )
    assert named.sort("ticker").rows() == [
        ("AAA", date(2017, 1, 3), date(2017, 6, 30)),
        ("NEW", date(2017, 7, 3), date(2017, 12, 29)),
    ]


def test_a_universe_year_runs_on_to_the_last_loaded_session(features):
    assert matrix(features, year=2016)["session"].max() == date(2017, 12, 29)


def names_of(sets):
    return [feature.name for feature in features_of(sets)]


def filled(made):
    held = [feature.name for feature in ALL_FEATURES if feature.name in made.columns]
    return [name for name in held if made[name].null_count() < made.height]


def facts(features, *, since=date(2016, 1, 1)):
    """Both fact tables for the rows of the others, every value the day of the month."""
    rows = features[0].select("permaticker", "session").filter(pl.col("session") >= since)
    day = pl.col("session").dt.day().cast(pl.Float32)
    return [rows.with_columns(day.alias(name) for name in family.names) for family in FACT_SETS.values()]


def test_the_full_matrix_holds_every_feature(features):
    made = matrix([*features, *facts(features)])
    assert filled(made) == names_of(FEATURE_SETS | FACT_SETS)
    assert made["roe_ttm"].to_list() == made["session"].dt.day().to_list()


def test_without_facts_the_full_matrix_holds_every_feature_of_prices(features):
    assert filled(matrix(features)) == names_of(FEATURE_SETS)


def test_a_fact_table_that_lacks_rows_leaves_its_columns_null_there_and_no_row_out(features):
    made = matrix([*facts(features, since=date(2017, 6, 1)), *features])
    assert made.select("session", "ticker").equals(matrix(features).select("session", "ticker"))
    lacking = pl.col("roe_ttm").is_null()
    assert made.filter(lacking)["session"].max() == date(2017, 5, 31)
    assert made.filter(~lacking)["session"].min() == date(2017, 6, 1)


def alpha(features, *, since=date(2016, 1, 1)):
    """The table of a separate set for the rows of the others, every value the number of the feature."""
    rows = features[0].select("permaticker", "session").filter(pl.col("session") >= since)
    names = names_of(SEPARATE_SETS)
    return rows.with_columns(pl.lit(float(number), pl.Float32).alias(name) for number, name in enumerate(names))


def test_a_separate_set_is_in_the_full_matrix_where_its_table_was_built(features):
    made = matrix([*features, *facts(features), alpha(features)])
    assert filled(made) == names_of(FEATURE_SETS | FACT_SETS | SEPARATE_SETS) == [each.name for each in ALL_FEATURES]
    assert made["ROC10"].unique().to_list() == [names_of(SEPARATE_SETS).index("ROC10")]
    assert made.drop(names_of(SEPARATE_SETS)).equals(matrix([*features, *facts(features)]))


def test_a_separate_set_built_for_later_years_leaves_its_columns_null_before(features):
    made = matrix([*features, alpha(features, since=date(2017, 6, 1))])
    assert made.filter(pl.col("KMID").is_null())["session"].max() == date(2017, 5, 31)
    assert made.height == matrix(features).height


@pytest.mark.parametrize("variant", ["base", "core"])
def test_a_separate_set_is_in_no_smaller_matrix(features, variant):
    assert matrix([*features, alpha(features)], variant).equals(matrix(features, variant))


def test_no_two_features_of_the_matrix_share_a_name_even_where_case_is_nothing():
    names = [each.name.lower() for each in ALL_FEATURES]
    assert len(set(names)) == len(names) > 400


def test_a_part_is_a_year_and_the_first_has_the_columns_alone(features):
    parts = complete_by_year(UNIVERSE, features, tickers=TICKERS, universe_year=2016, variant="core")
    assert [part["session"].dt.year().unique().to_list() for part in parts] == [[], [2016], [2017]]
    assert len({tuple(part.schema.items()) for part in parts}) == 1
    assert pl.concat(parts).equals(matrix(features, "core", year=2016))


def test_the_core_matrix_holds_the_four_families_that_models_read_by_default(features):
    assert filled(matrix(features, "core")) == names_of(CORE_SETS)
    assert matrix(features[:4], "core").equals(matrix(features, "core"))


def test_rows_lie_by_session_then_name(features):
    made = matrix(features, "base", year=2016)
    assert made.equals(made.sort("session", "permaticker"))


def test_tables_read_lazily_give_the_same_rows(features):
    assert matrix([frame.lazy() for frame in features]).equals(matrix(features))


def test_the_rows_are_those_of_the_tables_in_every_year(features):
    made = matrix(features, year=2016).filter(pl.col("session").dt.year() == 2017)
    for table, family in zip(features, FEATURE_SETS.values(), strict=True):
        own = table.filter(pl.col("permaticker") == 102, pl.col("session").dt.year() == 2017)
        assert made.select(family.names).equals(own.select(family.names))


def test_an_unknown_variant_is_refused():
    with pytest.raises(SettingsError, match="matrix: variant 'all'; expected one of base, core, full"):
        variant_named("all")


def test_the_values_are_those_of_the_feature_tables(features):
    made = matrix(features).filter(ticker="AAA")
    table = features[1].filter(pl.col("permaticker") == 100, pl.col("session") >= date(2017, 1, 3))
    assert made["px_to_sma_21d"].equals(table["px_to_sma_21d"])


def test_the_base_matrix_fills_its_three_features_and_no_other(features):
    made = matrix(features, "base")
    assert sorted(filled(made)) == sorted(BASE_FEATURES)


def test_the_base_matrix_needs_only_the_tables_of_its_features(features):
    assert matrix([features[0], features[2]], "base").equals(matrix(features, "base"))


@pytest.mark.parametrize("variant", ["base", "core", "full"])
def test_the_matrix_keeps_its_contract(features, variant):
    made = matrix(features, variant)
    assert FEAT_MATRIX_COMPLETE.validate(made).equals(made)


def test_a_year_without_members_gives_a_matrix_without_rows(features):
    assert FEAT_MATRIX_COMPLETE.validate(matrix(features, year=2015)).height == 0


def test_a_feature_that_no_table_holds_is_named(features):
    with pytest.raises(ContractError, match=r"full matrix of 2017: missing column\(s\) dollar_volume_to_mean_5d"):
        matrix(features[:3])


def test_feature_tables_of_unlike_age_are_refused(features):
    stale = features[1].filter(pl.col("session") < date(2017, 12, 1))
    with pytest.raises(ContractError, match="the one with px_to_sma_5d lacks 20 member row"):
        matrix([features[0], stale, *features[2:]])
