"""What a table is. The tables themselves stand in the sibling modules, one per group."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandera.polars as pa
import polars as pl

from kairos.errors import ContractError
from kairos.frames import Frame, duplicate_keys, require_columns


class Partition(StrEnum):
    """Partition family of a table; `assets/partitions.py` has the Dagster side."""

    NONE = "none"
    SESSIONS = "sessions"
    YEARS = "years"
    UNIVERSE_YEARS = "universe_years"


@dataclass(frozen=True)
class Outcome:
    """Verdict of one check: whether it passed, one line of explanation, and the figures behind it."""

    passed: bool
    summary: str
    figures: dict[str, float | int | str]


@dataclass(frozen=True)
class Cleaned:
    """Result of a cleaning step; raw rows = rows + rejected rows + repeated, where one raw row makes one row.

    Attributes:
        rows: Good rows, in the table's declared form.
        quarantine: One row per rejected row and per nulled value's rule, in the form of `quarantine`.
        repeated: Raw rows that said again what an earlier delivery had said; they make no new version.
    """

    rows: Frame
    quarantine: Frame
    repeated: int = 0

    @property
    def rejected(self) -> int:
        """Number of raw rows that were kept out."""
        return self.quarantine.filter(pl.col("action") == "row_rejected").height


@dataclass(frozen=True)
class Check:
    """A named truth about a table's rows. A failing blocking check keeps the rows out of the warehouse.

    Attributes:
        name: Snake-case name, shown in the Dagster UI.
        description: The truth in words.
        run: Pure function of the partition's frame.
        blocking: Whether a failure stops the run.
    """

    name: str
    description: str
    run: Callable[[Frame], Outcome]
    blocking: bool = True


Schema = Any  # a pandera DataFrameSchema; pandera's types are opaque to the type checker
RowModel = Any  # a pandera DataFrameModel class


def field(description: str, unit: str = "", **bounds: Any) -> Any:  # noqa: ANN401 - pandera's Field is untyped
    """Declare a column: what it holds, its unit and pandera's bounds (nullable, ge, gt, isin, ...)."""
    return pa.Field(description=description, metadata={"unit": unit}, **bounds)


def measure(description: str, unit: str = "", **bounds: Any) -> Any:  # noqa: ANN401 - pandera's Field is untyped
    """Declare a column that may be null."""
    return field(description, unit, nullable=True, **bounds)


@dataclass(frozen=True)
class Table:
    """One table of the warehouse; asset key, group, schema, check, view and docs derive from it.

    Attributes:
        name: Name in the warehouse, in Dagster and in SQL.
        group: The layer it belongs to.
        key: Columns that identify a row.
        rows: pandera model or schema of the rows.
        origin: Where the rows come from, in words.
        description: What a row says, in one sentence.
        partition: Partition family.
        partition_by: Physical partition columns of the Delta table.
        identity: Columns by which an appended row is new; the key by default.
        versions: Name of the table that keeps every version of these rows, if any.
        yearly_view: Pattern of the yearly view names, `{year}` to be filled in.
        checks: Truths about the rows beyond the contract.
    """

    name: str
    group: str
    key: tuple[str, ...]
    rows: RowModel | Schema
    origin: str
    description: str
    partition: Partition = Partition.NONE
    partition_by: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    versions: str | None = None
    yearly_view: str | None = None
    checks: tuple[Check, ...] = ()

    @cached_property
    def schema(self) -> Schema:
        """The pandera schema of the rows."""
        return self.rows if isinstance(self.rows, pa.DataFrameSchema) else self.rows.to_schema()

    @cached_property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Column names with their polars types, in order."""
        return {name: column.dtype.type for name, column in self.schema.columns.items()}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(self.schema.columns)

    @cached_property
    def _bounded(self) -> Schema:
        """The schema of the columns that have bounds, or that neither null nor NaN may enter."""
        columns = {name: column for name, column in self.schema.columns.items() if _is_bounded(column)}
        return pa.DataFrameSchema(columns, checks=self.schema.checks)

    def _judge_of(self, conformed: Frame) -> Schema:
        """Return the schema to judge rows by: where no null stands out of place, that of the bounded columns says all."""
        filled = (name for name, column in self.schema.columns.items() if not column.nullable)
        return self.schema if any(conformed[name].null_count() for name in filled) else self._bounded

    def empty(self) -> Frame:
        """Return a frame of this table with no rows."""
        return pl.DataFrame(schema=self.dtypes)

    def conform(self, frame: Frame) -> Frame:
        """Return the declared columns of `frame`, by name and cast to their declared types.

        Raises:
            ContractError: A column is missing or cannot be cast.
        """
        require_columns(frame, self.columns, where=self.name)
        found = frame.schema
        if list(found.items()) == list(self.dtypes.items()):
            return frame
        try:
            return frame.select(
                [pl.col(name) if found[name] == dtype else pl.col(name).cast(dtype) for name, dtype in self.dtypes.items()]
            )
        except pl.exceptions.PolarsError as error:
            raise ContractError(f"{self.name}: a value does not fit its declared type: {error}") from None

    def validate(self, frame: Frame) -> Frame:
        """Return `frame` conformed, or raise naming the first breach.

        Raises:
            ContractError: Columns, types, bounds or key do not hold.
        """
        conformed = self.conform(frame)
        try:
            self._judge_of(conformed).validate(conformed, lazy=False)
        except (pa.errors.SchemaError, pa.errors.SchemaErrors) as error:
            raise ContractError(f"{self.name}: {_first_line(error)}. The rows were not written.") from None
        repeated = duplicate_keys(conformed, self.key)
        if repeated.height:
            raise ContractError(
                f"{self.name}: {repeated.height} key(s) ({', '.join(self.key)}) occur more than once, "
                f"first {repeated.row(0, named=True)}. The rows were not written."
            )
        return conformed


def _is_bounded(column: Any) -> bool:  # noqa: ANN401 - a pandera column
    return bool(column.checks) or column.unique or (not column.nullable and column.dtype.type.is_float())


def _first_line(error: Exception) -> str:
    """Say a pandera failure in one line."""
    check = getattr(error, "check", None)
    cases = getattr(error, "failure_cases", None)
    column = getattr(getattr(error, "schema", None), "name", None)
    if isinstance(cases, pl.DataFrame) and cases.height:
        shown = cases.head(3).to_series(0).to_list()
        return f"column {column}: {cases.height} value(s) break {check}, for example {shown}"
    return str(error).splitlines()[0]
