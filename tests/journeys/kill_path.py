"""The whole path of Kairos as commands, one after the other, on an embedded market of 20 names that lies across New Year.

Each stage is what a user would run: it can be killed, and run again with the same words.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from kairos.calendar import prices_known_at, sessions_between
from kairos.sandbox.sizes import MarketSize
from kairos_dagster.steps import CORE_FEATURES

SIZE = MarketSize(20, date(2012, 7, 2), date(2013, 6, 28))
SEED = 7
YEAR = 2013
SESSIONS = sessions_between(SIZE.first, SIZE.last)
BULK_ON, FIRST_EVENING, SECOND_EVENING = SESSIONS[-4], SESSIONS[-3], SESSIONS[-2]
CONFIGS = {
    "ridge": "family: ridge\nfeatures: [ret_5d, ret_21d, vol_21d]\nhorizons: [5]\n"
    "folds: {min_train_sessions: 30, test_sessions: 20}\n",
    "momentum": "family: single\nfeatures: [ret_21d]\nhorizons: [5]\nfolds: {min_train_sessions: 30, test_sessions: 20}\n",
}
ENVIRONMENT = {
    "KAIROS_VENDOR": "sandbox",
    "KAIROS_SANDBOX_SIZE": "tiny",
    "KAIROS_SANDBOX_SEED": str(SEED),
    "UNIVERSE_MIN_SESSIONS": "20",
    "HOLDOUT_SESSIONS": "20",
    "STRAT_TOP_K": "5",
    "COLUMNS": "160",
}


@dataclass(frozen=True)
class Stage:
    """One command: words of the command line, or assets with their partitions as launched in the UI."""

    name: str
    session: date
    words: tuple[str, ...] = ()
    group: str = ""
    partitions: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """When it is run: two hours after the session's prices are out."""
        return prices_known_at(self.session) + timedelta(hours=2)

    def run(self, home: Path) -> None:
        """Run it in this process, as the command line does; exits non-zero where the command does."""
        os.environ.update(ENVIRONMENT | {"KAIROS_HOME": str(home), "KAIROS_NOW": self.now.isoformat()})
        os.environ["KAIROS_CONFIG_DIR"] = str(home.parent / "configs")
        from kairos_dagster.cli import main

        if self.words:
            sys.argv = ["kairos", *self.words]
            main()
        else:
            self._fill()

    def _fill(self) -> None:
        from kairos.errors import KairosError
        from kairos.settings import load_settings
        from kairos_dagster import demo, steps
        from kairos_dagster.runs import run_assets

        groups = {"bulk": demo.RAW_BULK, "market": steps.MARKET}
        try:
            run_assets(load_settings(), groups[self.group], partitions=self.partitions)
        except KairosError as error:
            sys.stderr.write(f"kairos: {error}\n")
            sys.exit(1)


STAGES = (
    Stage("bulk", BULK_ON, group="bulk"),
    Stage("market", BULK_ON, group="market", partitions=("2012", "2013")),
    Stage("features", BULK_ON, words=("features", *CORE_FEATURES)),
    Stage("evening", FIRST_EVENING, words=("daily-download", "--date", FIRST_EVENING.isoformat())),
    Stage("universe", FIRST_EVENING, words=("universe", "--year", str(YEAR))),
    Stage("matrix", FIRST_EVENING, words=("matrix", "--year", str(YEAR), "--core")),
    Stage("targets", FIRST_EVENING, words=("targets", "--year", str(YEAR))),
    Stage("train", FIRST_EVENING, words=("train", "--config", "ridge", "--year", str(YEAR))),
    Stage("simulate", FIRST_EVENING, words=("simulate", "--year", str(YEAR), "--model", "ridge", "--tag", "path", "--k", "5")),
    Stage("later evening", SECOND_EVENING, words=("daily-download", "--date", SECOND_EVENING.isoformat())),
    Stage("other model", SECOND_EVENING, words=("train", "--config", "momentum", "--year", str(YEAR))),
    Stage("retrain", SECOND_EVENING, words=("train", "--config", "ridge", "--year", str(YEAR))),
)


def prepare(folder: Path) -> Path:
    """Make an empty home with its market, and the model configurations beside it; return the home."""
    from kairos.sandbox.market import generate

    (folder / "configs").mkdir(parents=True)
    for name, text in CONFIGS.items():
        (folder / "configs" / f"{name}.yaml").write_text(text)
    home = folder / "home"
    generate(SIZE, SEED).save(home / "sandbox" / f"tiny-{SEED}")
    return home
