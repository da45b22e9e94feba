"""The plug-ins of a home: read, tried on a made-up market, and given tables; what cannot be used is refused with a reason."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from kairos import __version__
from kairos.errors import ContractError
from kairos.features.leaks.gate import prove_year, refusal
from kairos.features.leaks.sample import filled, made_up_tables
from kairos.features.plugins import READABLE, Plugin, read_plugin
from kairos.features.registry import FACT_SETS, FEATURE_SETS
from kairos.frames import Frame
from kairos.tables.features import table_of
from kairos.tables.registry import OF_KAIROS, TABLES, register

FOLDER = Path("plugins") / "features"
PROVEN = "proven.json"  # beside the files: what the prover said of each, by digest
_PROVER = f"{__version__}/1"  # raised when a verdict of before no longer counts
SAMPLE_SEED = 20
SAMPLE_YEAR = 2017


@dataclass(frozen=True)
class Refusal:
    """A file that is not used.

    Attributes:
        file: The file.
        reason: Why, and what to do, in one line.
    """

    file: Path
    reason: str

    def __str__(self) -> str:
        """Return file and reason in one line."""
        return f"plug-in {self.file.name} is refused: {self.reason}"


@dataclass(frozen=True)
class Plugins:
    """What the folder of a home holds.

    Attributes:
        accepted: Sets that passed; their tables are registered.
        refused: Files that are not used.
    """

    accepted: tuple[Plugin, ...]
    refused: tuple[Refusal, ...]


def load_plugins(home: Path) -> Plugins:
    """Read and try every file, and register the tables of those that pass; one bad file leaves the others alone.

    Args:
        home: `KAIROS_HOME`.
    """
    accepted: list[Plugin] = []
    refused: list[Refusal] = []
    verdicts = _Verdicts(home / FOLDER / PROVEN)
    for file in sorted((home / FOLDER).glob("*.py")):
        try:
            accepted.append(_accepted(file, accepted, verdicts))
        except ContractError as error:
            refused.append(Refusal(file, str(error)))
    register(table_of(plugin.declared) for plugin in accepted)
    return Plugins(tuple(accepted), tuple(refused))


def _accepted(file: Path, others: list[Plugin], verdicts: "_Verdicts") -> Plugin:
    plugin = read_plugin(file)
    if plugin.name in OF_KAIROS:
        raise ContractError(f"the table {plugin.name} belongs to Kairos. Give the file another name.")
    taken = {feature.name: "Kairos" for family in (FEATURE_SETS | FACT_SETS).values() for feature in family.features}
    taken |= {name: other.file.name for other in others for name in other.declared.names}
    clash = next((name for name in plugin.declared.names if name in taken), None)
    if clash is not None:
        raise ContractError(f"the feature {clash} belongs to {taken[clash]}. Give it another name.")
    reason = verdicts.of(plugin)
    if reason:
        raise ContractError(reason)
    return plugin


class _Verdicts:
    """What the prover said of each file, kept by the file's digest."""

    def __init__(self, file: Path) -> None:
        self._file = file
        kept = json.loads(file.read_text()) if file.exists() else {}
        self._known: dict[str, str] = kept.get("verdicts", {}) if kept.get("prover") == _PROVER else {}

    def of(self, plugin: Plugin) -> str:
        """Return why a plug-in leaks; empty where it does not."""
        if plugin.digest not in self._known:
            self._known[plugin.digest] = _tried(plugin)
            aside = self._file.with_suffix(".new")
            aside.write_text(json.dumps({"prover": _PROVER, "verdicts": self._known}, indent=2) + "\n")
            aside.replace(self._file)
        return self._known[plugin.digest]


def _tried(plugin: Plugin) -> str:
    """Try a plug-in on a made-up market whose tables have every column that the warehouse's have."""
    tables = {name: filled(frame, TABLES[name].dtypes) for name, frame in _sample().items() if name in plugin.reads}
    return refusal(prove_year(plugin.subject(year=SAMPLE_YEAR), tables, year=SAMPLE_YEAR))


@cache
def _sample() -> dict[str, Frame]:
    made = made_up_tables(SAMPLE_SEED, first=date(SAMPLE_YEAR - 3, 1, 1), last=date(SAMPLE_YEAR, 12, 31))
    statements = {name: made["fmp_income_statement"] for name in READABLE if name.startswith("fmp_")}
    return made | statements
