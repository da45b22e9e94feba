"""The records around a training: what was tried, when the holdout was sealed and who read it, and the model's own row."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from kairos import __version__
from kairos.errors import NotFoundError
from kairos.frames import Frame
from kairos.models.config import ModelConfig
from kairos.models.folds import Holdout, seal
from kairos.models.trials import canonical_json, trial_id
from kairos.models.walkforward import Trained
from kairos.tables.models import HOLDOUT_LEDGER, MODELS, TRIALS

SEALED, SPENT = "sealed", "spent"


def sealed_holdout(ledger: Frame, universe_year: int) -> Holdout:
    """Return the sealed holdout of a universe year.

    Raises:
        NotFoundError: It has not been sealed.
    """
    found = ledger.filter((pl.col("universe_year") == universe_year) & (pl.col("event") == SEALED))
    if not found.height:
        raise NotFoundError(
            f"universe year {universe_year}: no holdout is sealed; run `kairos targets --year {universe_year}` first."
        )
    return Holdout(found["first_session"][0], found["last_session"][0])


def seal_event(ledger: Frame, sessions: Sequence[date], *, universe_year: int, length: int, now: datetime) -> Frame:
    """Return the ledger row that seals a universe year's last sessions, or no row when it is sealed already.

    Raises:
        ModelError: There are too few sessions.
    """
    if ledger.filter((pl.col("universe_year") == universe_year) & (pl.col("event") == SEALED)).height:
        return HOLDOUT_LEDGER.empty()
    return _event(universe_year, SEALED, "-", seal(sessions, length=length), now)


def spend_events(trials: Frame, holdout: Holdout, *, now: datetime) -> Frame:
    """Return the ledger rows that record the trials' reads of the holdout."""
    rows = [_event(year, SPENT, trial, holdout, now) for trial, year in trials.select("trial_id", "universe_year").rows()]
    return pl.concat([HOLDOUT_LEDGER.empty(), *rows])


def model_trials(config: ModelConfig, *, universe_year: int, data_set: str, now: datetime) -> Frame:
    """Return one row of `trials` per horizon of a configuration."""
    identity = config.identity()
    return trial_rows(
        "model",
        config.name,
        configs=dict.fromkeys(config.horizons, identity),
        universe_year=universe_year,
        data_set=data_set,
        now=now,
    )


def trial_rows(
    kind: str,
    name: str,
    *,
    configs: Mapping[int, Mapping[str, Any]],
    universe_year: int,
    data_set: str,
    now: datetime,
) -> Frame:
    """Return rows of `trials`.

    Args:
        kind: model or simulation.
        name: Configuration or tag.
        configs: What decides the result, by horizon.
        universe_year: First year of the universe.
        data_set: Digest of the universe.
        now: When they were tried.
    """
    rows = [
        {
            "trial_id": trial_id(kind, config, universe_year=universe_year, horizon=horizon, data_set=data_set),  # type: ignore[arg-type]
            "kind": kind,
            "name": name,
            "universe_year": universe_year,
            "horizon": horizon,
            "data_set": data_set,
            "config": canonical_json(dict(config)),
            "first_seen": now,
        }
        for horizon, config in configs.items()
    ]
    return pl.DataFrame(rows, schema=TRIALS.dtypes)


def model_row(
    trained: Trained,
    *,
    universe_year: int,
    run_id: str,
    artifact: str,
    trials: Frame,
    reads: Mapping[str, int],
    now: datetime,
) -> Frame:
    """Return the row of `models` that describes a training."""
    model = trained.model
    row = {
        "universe_year": universe_year,
        "model_id": model.model_id,
        "family": model.config.family,
        "config": json.dumps(model.config.model_dump(mode="json"), sort_keys=True),
        "trial_ids": ",".join(trials["trial_id"]),
        "run_id": run_id,
        "artifact": artifact,
        "trained_through": model.trained_through,
        "features": len(model.features),
        "folds": len(trained.folds[model.config.horizons[0]]),
        "seed": model.config.seed,
        "reads": json.dumps(dict(sorted(reads.items()))),
        "code_version": __version__,
        "created_at": now,
    }
    return pl.DataFrame([row], schema=MODELS.dtypes)


def _event(universe_year: int, event: str, subject: str, holdout: Holdout, at: datetime) -> Frame:
    row = {
        "universe_year": universe_year,
        "event": event,
        "subject": subject,
        "first_session": holdout.first_session,
        "last_session": holdout.last_session,
        "at": at,
    }
    return pl.DataFrame([row], schema=HOLDOUT_LEDGER.dtypes)
