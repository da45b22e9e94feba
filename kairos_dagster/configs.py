"""Model configurations: those of the checkout, and a user's own in `KAIROS_HOME/configs`."""

import shutil
from pathlib import Path

from kairos.errors import SettingsError
from kairos.settings import Settings


def adopt_config(settings: Settings, given: str) -> str:
    """Return the name of a configuration; a YAML file from elsewhere is checked and copied into the home first.

    Raises:
        SettingsError: There is no such configuration, it is unusable, or its name is taken.
    """
    from kairos.models.catalogue import model_configs
    from kairos.models.config import load_config

    known = {config.name: config for config in model_configs(settings)}
    path = Path(given)
    if path.suffix not in {".yaml", ".yml"}:
        if given in known:
            return given
        raise SettingsError(f"no model configuration {given!r}; known: {', '.join(sorted(known))}. Or give a YAML file.")
    config = load_config(path, configs=settings.configs)
    if config.name in known and known[config.name] == config:
        return config.name
    if (settings.configs / f"{config.name}.yaml").exists():
        raise SettingsError(f"{path}: the name {config.name!r} belongs to a configuration of Kairos; choose another name.")
    target = settings.home / "configs" / f"{config.name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.resolve() != target.resolve():
        shutil.copyfile(path, target)
    return config.name
