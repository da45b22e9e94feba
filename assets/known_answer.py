"""The checks that only the embedded market can have: what is known of it is held against what can be known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from assets import metadata
from assets.parts import BlockedError, Verdict
from assets.table_asset import Work
from kairos.errors import SettingsError
from kairos.frames import Frame
from kairos.models.folds import Holdout
from kairos.models.walkforward import Trained, judged
from kairos.plots.models import known_answer_curve
from kairos.sandbox.known_answer import KnownAnswer, enough_found, known_answer, nothing_impossible
from kairos.sandbox.sizes import SIZES
from kairos.settings import Settings
from kairos.tables.core import Outcome
from resources.tracking import TrackedRun
from resources.vendor import market_folder


@dataclass(frozen=True)
class _Check:
    """What is asked of a model's answer."""

    name: str
    description: str
    run: Callable[[KnownAnswer], Outcome]
    blocking: bool


CHECKS = (
    _Check(
        "known_answer",
        "The model knows no more than can be known: no more than the oracle, and nothing where no alpha is planted.",
        nothing_impossible,
        blocking=True,
    ),
    _Check(
        "recovery",
        "The model finds a fair share of the planted alpha that prices tell of; where none is planted, it finds none.",
        enough_found,
        blocking=False,
    ),
)


def known_answer_specs(asset_key: str) -> list[dg.AssetCheckSpec]:
    """Return the specs of an asset's known-answer checks."""
    return [
        dg.AssetCheckSpec(check.name, asset=asset_key, description=check.description, blocking=check.blocking)
        for check in CHECKS
    ]


@dataclass(frozen=True)
class Known:
    """What the truth says of one training: verdicts, and metadata for the UI. Nothing where prices are real."""

    verdicts: tuple[Verdict, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)


def held_against_truth(work: Work, run: TrackedRun, trained: Trained, *, matrix: Frame, holdout: Holdout) -> Known:
    """Return what the truth says of a training; its run keeps figures and picture, whatever they say.

    Raises:
        BlockedError: The model knows what cannot be known.
    """
    config = trained.model.config
    answer = _answer(trained, matrix, holdout=holdout, settings=work.platform.settings)
    picture = known_answer_curve(answer.daily, title=f"{trained.model.model_id}: what it knows of what can be known")
    verdicts = tuple(Verdict(f"model_metrics_{config.name}", check.name, check.run(answer), check.blocking) for check in CHECKS)
    figures = verdicts[0].outcome.figures
    run.log_metrics({f"known_answer.{name}": float(value) for name, value in figures.items() if not isinstance(value, str)})
    run.log_bytes(picture, "known_answer.png")
    for verdict in verdicts:
        if verdict.blocking and not verdict.outcome.passed:
            raise BlockedError(f"check {verdict.check} failed: {verdict.outcome.summary}", verdicts)
    return Known(verdicts, {"known answer": metadata.picture(picture)})


def require_market(settings: Settings) -> None:
    """Refuse to judge by the truth of a market that the home's prices cannot have come from.

    Raises:
        SettingsError: The home has no market of these settings.
    """
    folder = market_folder(settings)
    if not folder.is_dir():
        raise SettingsError(
            f"{folder}: no such market in this home, so its prices are of another and cannot be judged by this one's truth. "
            "Set KAIROS_SANDBOX_SIZE, KAIROS_SANDBOX_SEED and KAIROS_SANDBOX_ALPHA as they were when the prices came."
        )


def _answer(trained: Trained, matrix: Frame, *, holdout: Holdout, settings: Settings) -> KnownAnswer:
    sessions = matrix["session"].unique().sort().to_list()
    return known_answer(
        judged(trained.predictions, sessions, holdout),
        matrix,
        target=trained.model.config.target,
        size=SIZES[settings.sandbox_size],
        seed=settings.sandbox_seed,
        alpha=settings.sandbox_alpha,
    )
