import pytest
from pydantic import BaseModel

from kairos.models.registry import FAMILIES


def test_there_are_a_linear_family_and_one_of_trees():
    assert {"ridge", "lgbm"} <= FAMILIES.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_listed_under_its_own_name(name):
    assert FAMILIES[name].name == name


@pytest.mark.parametrize("name", FAMILIES)
def test_a_familys_settings_are_frozen_closed_and_described(name):
    settings: type[BaseModel] = FAMILIES[name].settings

    assert settings.model_config["extra"] == "forbid"
    assert settings.model_config["frozen"]
    assert all(field.description for field in settings.model_fields.values())


@pytest.mark.parametrize("name", FAMILIES)
def test_incidental_settings_are_settings(name):
    assert FAMILIES[name].incidental <= FAMILIES[name].settings.model_fields.keys()
