"""The code location as runs of this process see it: built once for a home and its configurations, not once for each run."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from assets.freshness import FRESHNESS_KEYS
from assets.incremental_proof import PROOF_KEYS
from kairos.models.catalogue import model_configs
from kairos.models.config import ModelConfig
from kairos.settings import Settings
from kairos.tables.plugins import FOLDER
from kairos_dagster.build import build_defs


@dataclass(frozen=True)
class Step:
    """One asset of a run as it starts or ends."""

    name: str
    state: str
    seconds: float


class Listener(logging.Handler):
    """Tells whoever listens of every step that starts or ends."""

    def __init__(self) -> None:
        super().__init__()
        self.on_step: Callable[[Step], None] = lambda _: None
        self._started: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take Dagster's events of steps; other records say nothing here."""
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is None or event.step_key is None:
            return
        now = time.monotonic()
        if event.is_step_start:
            self._started[event.step_key] = now
            self.on_step(Step(event.step_key, "start", 0.0))
        elif event.is_step_success or event.is_step_failure:
            state = "done" if event.is_step_success else "failed"
            self.on_step(Step(event.step_key, state, now - self._started.get(event.step_key, now)))


@dataclass
class Location:
    """Definitions of a home, with the jobs that were made of them.

    Attributes:
        settings: Those of the home.
        configs: Model configurations that there were.
        plugins: Files of the user's own features that there were: name, size, time of their last change.
        definitions: What was built of both.
    """

    settings: Settings
    configs: tuple[ModelConfig, ...]
    plugins: tuple[tuple[str, int, int], ...]
    listener: Listener = field(default_factory=Listener)
    definitions: dg.Definitions = field(init=False)
    _jobs: dict[frozenset[dg.AssetKey], dg.JobDefinition] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Build the definitions, their logger being the listener."""
        self.definitions = build_defs(self.settings, loggers={"console": _logger(self.listener)})

    def job(self, chosen: frozenset[dg.AssetKey]) -> dg.JobDefinition:
        """Return the job that fills the chosen assets, with their own checks."""
        if chosen not in self._jobs:
            known = self.definitions.resolve_asset_graph().asset_check_keys
            checks = {key for key in known if key.asset_key in chosen and key not in FRESHNESS_KEYS | PROOF_KEYS}
            whole = self.definitions.resolve_implicit_global_asset_job_def()
            self._jobs[chosen] = whole.get_subset(asset_selection=set(chosen), asset_check_selection=checks)
        return self._jobs[chosen]

    @contextmanager
    def heard_by(self, on_step: Callable[[Step], None]) -> Iterator[None]:
        """Let somebody hear of the steps meanwhile."""
        before, self.listener.on_step = self.listener.on_step, on_step
        try:
            yield
        finally:
            self.listener.on_step = before


_latest: list[Location] = []


def code_location(settings: Settings) -> Location:
    """Return the location for these settings, configurations and plug-ins as they are now; the one before if it still holds."""
    now = (settings, model_configs(settings), _plugin_files(settings))
    if not _latest or (_latest[0].settings, _latest[0].configs, _latest[0].plugins) != now:
        _latest[:] = [Location(*now)]
    return _latest[0]


def _plugin_files(settings: Settings) -> tuple[tuple[str, int, int], ...]:
    found = [(file.name, file.stat()) for file in sorted((settings.home / FOLDER).glob("*.py"))]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _logger(listener: Listener) -> dg.LoggerDefinition:
    """Return a Dagster logger that tells a listener instead of printing."""

    @dg.logger(config_schema={})
    def console(_: dg.InitLoggerContext) -> logging.Logger:
        """Report steps."""
        logger = logging.Logger(  # noqa: LOG001 - of this run alone, so that handlers do not pile up
            "kairos.runs", level=logging.DEBUG
        )
        logger.addHandler(listener)
        return logger

    return console
