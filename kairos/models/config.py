"""What is trained: the configuration of one model, read from `configs/models/<name>.yaml`."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

from kairos.errors import ModelError, SettingsError
from kairos.features.registry import CORE_SETS, FACT_SETS, FEATURE_SETS, SEPARATE_SETS, features_of
from kairos.frames import Frame
from kairos.models.folds import FoldSettings
from kairos.models.panel import KEYS
from kairos.models.registry import FAMILIES
from kairos.models.steps import STEPS, AnyStep
from kairos.targets.checks import FORWARD_SUFFIXES

SUFFIXES = (".yaml", ".yml")
ALL = "*"
TABLES = FEATURE_SETS | FACT_SETS | SEPARATE_SETS
SEPARATE = frozenset(feature.name for feature in features_of(SEPARATE_SETS))
MIN_FILLED_SHARE = 0.8
M = TypeVar("M", bound=BaseModel)


class ModelConfig(BaseModel):
    """One model's configuration; `load_config` and `parse_config` check the family's settings too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the model; also its asset and its files.")
    family: str = Field(description="Model family.")
    horizons: tuple[int, ...] = Field(
        (5,), min_length=1, description="Sessions ahead, one model each; the first one is the chief."
    )
    target: Literal["xs", "raw"] = Field("xs", description="Return less its session's mean over names, or the return itself.")
    features: tuple[str, ...] = Field(
        tuple(CORE_SETS), min_length=1, description="Names, patterns such as `ret_*`, feature tables; `all` for all there are."
    )
    preprocess: tuple[AnyStep, ...] = Field(
        (), description="Steps that features go through, fitted in each fold; none by default."
    )
    seed: int = Field(7, ge=0, le=2**31 - 1, description="Source of all chance.")
    folds: FoldSettings = Field(default_factory=FoldSettings, description="How the walk-forward is cut.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the family.")

    @field_validator("horizons")
    @classmethod
    def _distinct(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        if min(horizons) < 1 or len(set(horizons)) < len(horizons):
            raise ValueError("expected different numbers of sessions, each at least 1")
        return horizons

    @field_validator("features", mode="before")
    @classmethod
    def _all(cls, features: object) -> object:
        return (ALL,) if features == "all" else features

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if family not in FAMILIES:
            raise ValueError(f"expected one of {', '.join(FAMILIES)}.{_near(family, FAMILIES)}")
        return family

    def identity(self) -> dict[str, Any]:
        """Return what decides the forecasts of a horizon: all but the name, the horizons and incidental settings."""
        unsaid = set() if self.preprocess else {"preprocess"}  # a configuration without steps is the trial it always was
        decisive = self.model_dump(mode="json", exclude={"name", "horizons"} | unsaid)
        incidental = FAMILIES[self.family].incidental
        return {**decisive, "settings": {name: value for name, value in self.settings.items() if name not in incidental}}


def load_config(name: str | Path, *, configs: Path) -> ModelConfig:
    """Read a configuration.

    Args:
        name: Name of a file in `configs` without its ending, or the path of any YAML file.
        configs: Folder of the configurations.

    Raises:
        SettingsError: The file is missing or no YAML, or a key or value is not known; the message names the nearest.
    """
    file = Path(name) if str(name).endswith(SUFFIXES) else configs / f"{name}.yaml"
    if not file.is_file():
        known = sorted(path.stem for path in configs.glob("*.yaml"))
        raise SettingsError(
            f"model configuration {name}: no file {file}; {configs} has {', '.join(known) or 'none'}.{_near(str(name), known)}"
        )
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not readable as YAML: {' '.join(str(error).split())}. Mend the file.") from None
    if not isinstance(found, dict):
        raise SettingsError(f"{file}: holds {type(found).__name__}; expected keys such as `family: ridge`. Mend the file.")
    return parse_config({"name": file.stem, **found}, where=str(file))


def parse_config(values: Mapping[str, Any], *, where: str) -> ModelConfig:
    """Return `values` as a configuration, the family's defaults filled in.

    Args:
        values: Keys as in a configuration file.
        where: What they are, for the message.

    Raises:
        SettingsError: A key or value is not known.
    """
    config = _validated(ModelConfig, dict(values), where=where)
    if config.preprocess and "transform" in FAMILIES[config.family].settings.model_fields:
        config = config.model_copy(update={"settings": {"transform": "none", **config.settings}})
    return config.model_copy(update={"settings": family_settings(config, where=where).model_dump(mode="json")})


def family_settings(config: ModelConfig, *, where: str = "configuration") -> BaseModel:
    """Return the settings of the configuration's family.

    Raises:
        SettingsError: A key or value is not known to the family.
    """
    model: type[BaseModel] = FAMILIES[config.family].settings
    return _validated(model, config.settings, where=where, prefix=("settings",))


def select_features(matrix: Frame, config: ModelConfig) -> tuple[str, ...]:
    """Return the configuration's features in the matrix' own order; of all, or of a table's, those that hold a value.

    Raises:
        ModelError: A name, pattern or table fits no column, or names one that looks forward.
    """
    unbuilt = () if any(name in SEPARATE and matrix[name].count() for name in matrix.columns) else SEPARATE
    known = [
        name
        for name, dtype in matrix.schema.items()
        if name not in KEYS and not name.endswith(FORWARD_SUFFIXES) and dtype.is_numeric() and name not in unbuilt
    ]
    fitting = {pattern: _fitting(pattern, known) for pattern in config.features}
    for pattern in (pattern for pattern, names in fitting.items() if not names):
        why = (
            "looks forward and is never a feature"
            if pattern.endswith(FORWARD_SUFFIXES)
            else f"fits none of {len(known)} features"
        )
        raise ModelError(f"model {config.name}: feature {pattern!r} {why}.{_near(pattern, known)} Mend its configuration.")
    asked = set().union(*(names for pattern, names in fitting.items() if not _is_broad(pattern)))
    chosen = tuple(name for name in known if any(name in names for names in fitting.values()))
    filled = tuple(name for name in chosen if name in asked or matrix[name].count())
    # a source without unadjusted prices leaves a few features empty, a base matrix nearly all of them
    return filled if len(filled) >= MIN_FILLED_SHARE * len(chosen) else chosen


def _fitting(pattern: str, known: Iterable[str]) -> set[str]:
    if pattern in TABLES:
        return {name for name in known if name in TABLES[pattern].names}
    return {name for name in known if fnmatchcase(name, pattern)}


def _is_broad(pattern: str) -> bool:
    """Whether it stands for all features, or for a table's, and not for names that somebody chose."""
    return pattern == ALL or pattern in TABLES


def _validated(model: type[M], values: dict[str, Any], *, where: str, prefix: tuple[str, ...] = ()) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
    key = ".".join([*prefix, *(str(part) for part in problem["loc"])])
    if problem["type"] == "extra_forbidden":
        known = list(_fields_at(model, problem["loc"][:-1]))
        near = _near(str(problem["loc"][-1]), known)
        raise SettingsError(f"{where}: unknown key {key}; expected one of {', '.join(known)}.{near} Mend the configuration.")
    if problem["type"] == "missing":
        raise SettingsError(
            f"{where}: no key {key}; expected it. {_fields_at(model, problem['loc'][:-1])[str(problem['loc'][-1])].description}"
        )
    expected = problem["msg"].removeprefix("Value error, ").replace("Input should be", "expected").rstrip(".")
    raise SettingsError(f"{where}: {key}: found {problem['input']!r}; {expected}. Mend the configuration.")


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    fields = model.model_fields
    for part in place:
        if isinstance(part, int) or part in STEPS:  # the place of a step, and then its kind
            fields = STEPS[part].model_fields if isinstance(part, str) else fields
            continue
        inner = fields[str(part)].annotation
        fields = inner.model_fields if isinstance(inner, type) and issubclass(inner, BaseModel) else fields
    return fields


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
