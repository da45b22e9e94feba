"""The configurations there are: the checkout's and the user's, under names that differ."""

import pytest

from kairos.errors import SettingsError
from kairos.models.catalogue import model_configs
from kairos.settings import Settings


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "shipped").mkdir()
    (tmp_path / "home" / "configs").mkdir(parents=True)
    return Settings(home=tmp_path / "home", config_dir=tmp_path / "shipped")


def write(folder, name, text):
    (folder / f"{name}.yaml").write_text(text)


def test_the_checkouts_and_the_users_stand_side_by_side(settings):
    write(settings.configs, "b", "family: ridge\n")
    write(settings.configs, "a", "family: lgbm\n")
    write(settings.home / "configs", "mine", "family: ridge\nseed: 8\n")
    assert [(found.name, found.family) for found in model_configs(settings)] == [
        ("a", "lgbm"),
        ("b", "ridge"),
        ("mine", "ridge"),
    ]


def test_a_name_taken_is_refused_with_its_file(settings):
    write(settings.configs, "ridge", "family: ridge\n")
    write(settings.home / "configs", "other", "name: ridge\nfamily: lgbm\n")
    with pytest.raises(SettingsError, match=r"configs/other\.yaml: the name 'ridge' is taken"):
        model_configs(settings)


def test_a_faulty_configuration_is_refused_with_its_key(settings):
    write(settings.home / "configs", "mine", "family: ridge\nhorizonz: [5]\n")
    with pytest.raises(SettingsError, match=r"mine\.yaml: unknown key horizonz"):
        model_configs(settings)


def test_a_home_without_configurations_has_the_checkouts(tmp_path):
    found = model_configs(Settings(home=tmp_path / "nowhere"))
    assert {"lgbm", "momentum", "reversal", "ridge"} <= {config.name for config in found}


@pytest.mark.parametrize(("name", "feature", "sign"), [("reversal", "ret_5d", -1), ("momentum", "mom_12_1", 1)])
def test_the_yardsticks_follow_one_feature(tmp_path, name, feature, sign):
    config = next(found for found in model_configs(Settings(home=tmp_path)) if found.name == name)
    assert (config.family, config.features, config.settings["sign"]) == ("single", (feature,), sign)
