"""Settings come typed and bounded, from the environment, then from the home's file."""

import pytest
from pydantic import ValidationError

from kairos.errors import SettingsError
from kairos.settings import Settings, load_settings, write_settings_file


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIROS_HOME", str(tmp_path))
    return tmp_path


def test_a_value_out_of_bounds_names_its_variable(monkeypatch):
    monkeypatch.setenv("STRAT_COST_BPS", "-1")
    with pytest.raises(SettingsError, match=r"STRAT_COST_BPS.*greater than or equal to 0"):
        load_settings()


def test_the_environment_wins_over_the_homes_file(monkeypatch, tmp_path):
    write_settings_file(tmp_path, {"STRAT_TOP_K": "11", "HOLDOUT_SESSIONS": "100"})
    monkeypatch.setenv("STRAT_TOP_K", "12")
    settings = load_settings()
    assert (settings.top_k, settings.holdout_sessions) == (12, 100)


def test_writing_a_setting_keeps_the_others(tmp_path):
    write_settings_file(tmp_path, {"STRAT_TOP_K": "11", "HOLDOUT_SESSIONS": "100"})
    write_settings_file(tmp_path, {"STRAT_TOP_K": "13"})
    assert (load_settings().top_k, load_settings().holdout_sessions) == (13, 100)


@pytest.mark.parametrize("name", ["my home", "50%", "größe"])
def test_a_home_that_delta_tables_cannot_live_in_is_refused(monkeypatch, tmp_path, name):
    monkeypatch.setenv("KAIROS_HOME", str(tmp_path / name))
    with pytest.raises(SettingsError, match="Choose another folder"):
        load_settings()


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        load_settings().top_k = 3


def test_a_key_is_never_shown(monkeypatch):
    monkeypatch.setenv("NASDAQ_DATA_LINK_API_KEY", "very-secret-key")
    assert "very-secret-key" not in repr(load_settings())


def test_every_setting_says_what_it_means_and_has_a_variable():
    assert all(field.alias and field.description for field in Settings.model_fields.values())
