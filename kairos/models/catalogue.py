"""Every model configuration there is: those of the checkout, and the user's own."""

from kairos.errors import SettingsError
from kairos.models.config import ModelConfig, load_config
from kairos.settings import Settings


def model_configs(settings: Settings) -> tuple[ModelConfig, ...]:
    """Return the configurations of `KAIROS_CONFIG_DIR` and of `KAIROS_HOME/configs`, by name.

    Raises:
        SettingsError: One cannot be used, or two bear the same name.
    """
    found: dict[str, ModelConfig] = {}
    for folder in (settings.configs, settings.home / "configs"):
        for file in sorted(folder.glob("*.yaml")):
            config = load_config(file, configs=folder)
            if config.name in found:
                raise SettingsError(f"{file}: the name {config.name!r} is taken by another configuration; choose another.")
            found[config.name] = config
    return tuple(found.values())
