"""A user's own features: one file each in `KAIROS_HOME/plugins/features`, with `FEATURE_SET` in it.

`FEATURE_SET` is a declared `FeatureSet` over prices, or a `FrameSet`: a function of whole tables with its columns described.
Reading a file runs it, in this process, with the rights of whoever runs Kairos.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import polars as pl

from kairos.errors import ContractError
from kairos.features.core import KEY, PRICES, FeatureSet, Inputs, build
from kairos.features.leaks.subject import Subject, Tables
from kairos.frames import Frame, require_columns

READABLE = (
    "daily_returns",
    "sep_base",
    "tickers",
    "daily_metrics",
    "fmp_income_statement",
    "fmp_balance_sheet",
    "fmp_cash_flow",
)
"""Tables that a plug-in may ask for."""
SESSIONS_A_YEAR = 250  # the fewest that a calendar year has
MAX_LOOKBACK = 1250
A_USERS_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    pl.exceptions.PolarsError,
)
"""What a file of a user may raise; it stops that file alone."""


@dataclass(frozen=True)
class Column:
    """A feature that a function makes.

    Attributes:
        name: Column name.
        formula: What it is, in words of t.
        source: The paper or book it comes from.
        unit: Unit of the value; empty for a pure number.
        nulls: When it is null.
    """

    name: str
    formula: str
    source: str
    unit: str = ""
    nulls: str = ""

    @property
    def description(self) -> str:
        """Formula, when it is null, and source, in one line."""
        return ". ".join(part for part in (self.formula, self.nulls, self.source) if part)


@dataclass(frozen=True)
class FrameSet:
    """Features that a function makes from whole tables.

    Attributes:
        name: Table name, `feat_` and the file's name.
        description: What a row says, in one sentence.
        reads: Tables that it is handed, some of `READABLE`.
        lookback: Oldest row it reads, in sessions before t.
        columns: The features.
        make: Takes the tables by name, returns permaticker, session and the columns; rows of other years may be among them.
    """

    name: str
    description: str
    reads: tuple[str, ...]
    lookback: int
    columns: tuple[Column, ...]
    make: Callable[[Mapping[str, Frame]], Frame] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse tables that cannot be read, and a look-back that is too long."""
        unknown = sorted(set(self.reads) - set(READABLE))
        if unknown:
            raise ContractError(f"{self.name}: reads {', '.join(unknown)}; expected some of {', '.join(READABLE)}.")
        if not 0 <= self.lookback <= MAX_LOOKBACK:
            raise ContractError(f"{self.name}: lookback {self.lookback} sessions; expected 0 to {MAX_LOOKBACK}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def features(self) -> tuple[Column, ...]:
        """The features, as `FeatureSet` calls them."""
        return self.columns

    @property
    def inputs(self) -> Inputs:
        """The tables, as `FeatureSet` calls them."""
        return Inputs(name="tables", columns=(), tables=self.reads, advice="")


@dataclass(frozen=True)
class Plugin:
    """A user's feature set.

    Attributes:
        file: Where it was read.
        digest: SHA-256 of the file.
        declared: What it declares.
    """

    file: Path
    digest: str
    declared: FeatureSet | FrameSet

    @property
    def name(self) -> str:
        """Name of its table."""
        return self.declared.name

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables that it is made from; returns are always among them, the proof needs them."""
        return tuple(dict.fromkeys(("daily_returns", *self.declared.inputs.tables)))

    @property
    def years_back(self) -> int:
        """Calendar years before a year that its rows are made from."""
        return 2 if isinstance(self.declared, FeatureSet) else -(-self.declared.lookback // SESSIONS_A_YEAR)

    def build(self, tables: Tables, *, year: int) -> Frame:
        """Return the features of one calendar year, finite or null, sorted by name and session.

        Raises:
            ContractError: The file's function fails, or does not return what it declares.
        """
        if isinstance(self.declared, FeatureSet):
            return build(self.declared, tables["daily_returns"], year=year)
        try:
            made = self.declared.make({name: tables[name] for name in self.declared.reads})
            require_columns(made, (*KEY, *self.declared.names), where=f"{self.file.name}: what make returns")
            values = made.select(*KEY, pl.col(self.declared.names).cast(pl.Float32))
            return _finite(values.filter(pl.col("session").dt.year() == year), self.declared.names).sort(KEY)
        except A_USERS_ERRORS as error:
            raise ContractError(f"{self.file.name}: {type(error).__name__}: {_line(error)}. Mend the file.") from error

    def subject(self, *, year: int) -> Subject:
        """Return the set as the leak prover takes it."""
        own_rows = isinstance(self.declared, FeatureSet)
        windowed = self.declared.windowed if isinstance(self.declared, FeatureSet) else ()
        make = lambda tables: self.build(tables, year=year)  # noqa: E731 - a closure over the year, as the prover wants it
        return Subject(self.name, self.declared.names, make, per_name=own_rows, windowed=windowed)


def read_plugin(file: Path) -> Plugin:
    """Return what a file declares.

    Raises:
        ContractError: It cannot be run, or declares no usable feature set.
    """
    source = file.read_bytes()
    spec = spec_from_file_location(f"kairos_plugin_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ContractError(f"{file.name}: no Python file. Name it like feat_name.py without the feat_.")
    module = module_from_spec(spec)
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102 - a user's own code, from the user's own home
    except A_USERS_ERRORS as error:
        raise ContractError(f"{file.name}: {type(error).__name__}: {_line(error)}. Mend the file.") from error
    return Plugin(file, sha256(source).hexdigest(), _declared(file, getattr(module, "FEATURE_SET", None)))


def _declared(file: Path, found: object) -> FeatureSet | FrameSet:
    if not isinstance(found, FeatureSet | FrameSet):
        raise ContractError(
            f"{file.name}: FEATURE_SET is {type(found).__name__}; expected a FeatureSet or a FrameSet. docs/leaks.md has both."
        )
    if found.name != f"feat_{file.stem}":
        raise ContractError(f"{file.name}: the set's name is {found.name}; expected feat_{file.stem}, after the file.")
    if isinstance(found, FeatureSet) and found.inputs != PRICES:
        raise ContractError(f"{file.name}: reads {found.inputs.name}; a declared set reads prices. Use a FrameSet for facts.")
    repeated = sorted({name for name in found.names if found.names.count(name) > 1})
    if repeated or not found.names:
        raise ContractError(f"{file.name}: {', '.join(repeated) or 'no feature'} declared; expected each feature once.")
    return found


def _finite(values: Frame, names: tuple[str, ...]) -> Frame:
    return values.with_columns(pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in names)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
