from pathlib import Path

import polars as pl
import pytest

from kairos.errors import ModelError, SettingsError
from kairos.features import price_action, trend, volatility, volume
from kairos.features.registry import ALL_FEATURES
from kairos.models.config import load_config, parse_config, select_features
from kairos.models.registry import FAMILIES

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "models"
GOOD = {"name": "m", "family": "ridge"}


def parsed(**changes):
    return parse_config({**GOOD, **changes}, where="m.yaml")


@pytest.mark.parametrize("name", sorted(file.stem for file in CONFIGS.glob("*.yaml")))
def test_every_configuration_of_the_checkout_can_be_read(name):
    assert load_config(name, configs=CONFIGS).name == name


def test_a_configuration_is_found_by_name_or_by_path(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("family: ridge\nhorizons: [1, 21]\nfeatures: all\n")

    assert load_config("mine", configs=tmp_path) == load_config(file, configs=Path("elsewhere"))
    assert load_config(file, configs=tmp_path).horizons == (1, 21)


def test_the_name_defaults_to_that_of_the_file(tmp_path):
    (tmp_path / "mine.yaml").write_text("family: ridge\n")

    assert load_config("mine", configs=tmp_path).name == "mine"


def test_the_familys_defaults_are_written_out():
    assert parsed().settings.keys() == FAMILIES["ridge"].settings.model_fields.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": [5]}, r"m\.yaml: unknown key horizon; expected one of name, family, .* Did you mean horizons\?"),
        ({"family": "rigde"}, r"m\.yaml: family: found 'rigde'; expected one of ridge, lgbm.* Did you mean ridge\?"),
        ({"settings": {"penalty": 1}}, r"m\.yaml: unknown key settings\.penalty; .* Did you mean penalties\?"),
        ({"settings": {"inner_folds": 0}}, r"m\.yaml: settings\.inner_folds: found 0; expected greater than or equal to 1"),
        ({"settings": {"penalties": [1, 0.1]}}, r"settings\.penalties: found .*; expected positive numbers, ascending"),
        (
            {"folds": {"test_session": 5}},
            r"unknown key folds\.test_session; expected one of min_train_.* Did you mean test_sessions",
        ),
        ({"folds": {"test_sessions": 0}}, r"folds\.test_sessions: found 0; expected greater than or equal to 1"),
        ({"target": "excess"}, r"target: found 'excess'; expected 'xs' or 'raw'"),
        ({"horizons": []}, r"horizons: found \[\]; .*at least 1 item"),
        ({"horizons": [5, 5]}, r"horizons: found \[5, 5\]; expected different numbers of sessions"),
        ({"horizons": [0]}, r"horizons: found \[0\]; expected different numbers of sessions, each at least 1"),
        ({"horizons": 5}, r"horizons: found 5; expected a valid tuple"),
        ({"features": "ret_5d"}, r"features: found 'ret_5d'; expected a valid tuple"),
        ({"seed": -1}, r"seed: found -1; expected greater than or equal to 0"),
        ({"name": "../up"}, r"name: found '\.\./up'"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(changes, message):
    with pytest.raises(SettingsError, match=message) as caught:
        parsed(**changes)

    assert "\n" not in str(caught.value)


def test_a_missing_family_is_asked_for():
    with pytest.raises(SettingsError, match=r"m\.yaml: no key family; expected it\. Model family"):
        parse_config({"name": "m"}, where="m.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("family: [ridge", "not readable as YAML"),
        ("- ridge", "holds list; expected keys such as"),
        ("", "holds NoneType; expected keys such as"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_by_name(tmp_path, text, message):
    (tmp_path / "mine.yaml").write_text(text)

    with pytest.raises(SettingsError, match=f"mine.yaml: {message}") as caught:
        load_config("mine", configs=tmp_path)

    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "ridge.yaml").write_text("family: ridge\n")

    with pytest.raises(SettingsError, match=r"no file .*rigde\.yaml; .* has ridge\. Did you mean ridge\?"):
        load_config("rigde", configs=tmp_path)


def test_all_features_are_taken_but_keys_and_what_looks_forward(matrix):
    found = select_features(matrix, parsed(features="all"))

    assert found == ("ret_5d", "mom_12_1", "vol_21d", "px_to_sma_21d", "rsi_14", "turnover_5d")


def test_a_few_empty_features_are_left_out_of_all(matrix):
    sparse = matrix.with_columns(*(pl.col("rsi_14").alias(f"x{i}") for i in range(20)), rsi_14=pl.lit(None, dtype=pl.Float32))

    assert "rsi_14" not in select_features(sparse, parsed(features="all"))
    assert "rsi_14" in select_features(sparse, parsed(features=["rsi_14", "x1"]))


def test_a_configuration_that_names_no_features_reads_the_four_families_and_no_later_one():
    made = pl.DataFrame(schema=dict.fromkeys([feature.name for feature in ALL_FEATURES], pl.Float32)).with_columns(
        pl.lit(1.0, pl.Float32).alias(feature.name) for feature in ALL_FEATURES
    )
    families = (price_action, trend, volatility, volume)
    chosen = select_features(made, parse_config({"name": "m", "family": "ridge"}, where="m.yaml"))
    assert chosen == tuple(name for family in families for name in family.FEATURE_SET.names)


@pytest.mark.parametrize("name", ["ridge", "lgbm"])
def test_the_models_of_the_checkout_say_which_families_they_read(name):
    assert load_config(name, configs=CONFIGS).features == ("feat_price_action", "feat_trend", "feat_volatility", "feat_volume")


def test_a_table_stands_for_its_features_that_hold_a_value(matrix):
    own = matrix.select("session").with_columns(pl.lit(1.0).alias(name) for name in volume.FEATURE_SET.names)
    sparse = own.with_columns(log_adv_21d=pl.lit(None, pl.Float32))
    assert select_features(own, parsed(features=["feat_volume"])) == volume.FEATURE_SET.names
    assert "log_adv_21d" not in select_features(sparse, parsed(features=["feat_volume"]))
    assert "log_adv_21d" in select_features(sparse, parsed(features=["feat_volume", "log_adv_*"]))


def test_a_table_that_the_matrix_does_not_hold_is_named(matrix):
    with pytest.raises(ModelError, match="feature 'feat_momentum' fits none of 6 features"):
        select_features(matrix, parsed(features=["feat_momentum"]))


def test_patterns_choose_features_in_the_matrix_order(matrix):
    assert select_features(matrix, parsed(features=["rsi_*", "*_5d"])) == ("ret_5d", "rsi_14", "turnover_5d")


@pytest.mark.parametrize("forward", ["ret_5d_f", "ret_5d_f_xs", "ret_*_f"])
def test_what_looks_forward_is_never_a_feature(matrix, forward):
    with pytest.raises(ModelError, match="looks forward and is never a feature"):
        select_features(matrix, parsed(features=[forward]))


def test_a_misspelt_feature_is_answered_with_the_nearest(matrix):
    with pytest.raises(ModelError, match=r"feature 'rsi14' fits none of 6 features\. Did you mean rsi_14\?"):
        select_features(matrix, parsed(features=["rsi14"]))


@pytest.mark.parametrize("change", [{"name": "other"}, {"horizons": [1, 5]}])
def test_the_identity_of_a_forecast_ignores_names_and_other_horizons(change):
    assert parsed(**change).identity() == parsed().identity()


def test_the_identity_ignores_threads():
    one, two = (parsed(family="lgbm", settings={"num_threads": threads}) for threads in (1, 2))

    assert one.identity() == two.identity()


@pytest.mark.parametrize(
    "change",
    [{"seed": 8}, {"target": "raw"}, {"features": ["a"]}, {"settings": {"inner_folds": 3}}, {"folds": {"gap_sessions": 1}}],
)
def test_whatever_changes_a_forecast_changes_the_identity(change):
    assert parsed(**change).identity() != parsed().identity()
