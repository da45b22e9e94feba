"""What a dataset is. The datasets themselves stand in `datasets` (prices) and `feeds` (everything else)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from kairos.errors import SourceError
from kairos.tables.core import Table
from kairos.tables.raw import RawRows

BOOKKEEPING = tuple(RawRows.to_schema().columns)
"""Columns that Kairos adds to every raw row."""
RECORD = "record"
"""Column with the vendor's row as sent, where a raw table has one."""


@dataclass(frozen=True)
class Dataset:
    """One kind of rows.

    Attributes:
        name: Short name, such as sep or fmp_rating.
        table: Raw table that declares the columns.
        vendor_code: What the vendor calls it: path of the table at Nasdaq Data Link, or name of an endpoint.
        key: The vendor's primary key.
        required: Columns without which no file is accepted.
        expected: Columns that the vendor always sends; an answer without one is refused.
        rejecting: Columns whose unreadable value rejects the row; elsewhere only the value is dropped.
        since_filter: Filter that finds what changed since a day.
        session_filter: Filter that finds one day, if there is one.
        fixed: Filters that go with every request.
        aliases: Names under which other vendors deliver a column, lower case.
        spellings: Names under which the vendor itself delivers a column, the current one first; a column without one bears
            its own name.
        from_request: Columns that are a parameter of the request where the answer does not have them.
    """

    name: str
    table: Table
    vendor_code: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    expected: tuple[str, ...]
    rejecting: tuple[str, ...]
    since_filter: str = ""
    session_filter: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_request: tuple[str, ...] = ()

    @cached_property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Names and types of the columns that a source delivers, in the raw table's order."""
        return {name: dtype for name, dtype in self.table.dtypes.items() if name not in (*BOOKKEEPING, RECORD)}

    @property
    def keeps_record(self) -> bool:
        """Whether every raw row bears the vendor's row as sent."""
        return RECORD in self.table.columns

    @cached_property
    def never_null(self) -> tuple[str, ...]:
        """Delivered columns that every row must fill."""
        columns = self.table.schema.columns
        return tuple(name for name in self.dtypes if not columns[name].nullable)


def require_expected(has: Iterable[str], *, dataset: Dataset, where: str, found: Iterable[str] | None = None) -> None:
    """Raise if a vendor's answer lacks a column that the vendor always sends.

    Args:
        has: Our names of the columns that are there.
        dataset: The dataset.
        where: What was asked, for the message.
        found: The vendor's names of its columns, where they differ from ours.

    Raises:
        SourceError: One or more are missing; the message names them.
    """
    present = list(has)
    missing = [name for name in dataset.expected if name not in present]
    if missing:
        raise SourceError(
            f"{where}: column(s) {', '.join(missing)} missing from {dataset.vendor_code}; "
            f"found {', '.join(present if found is None else found) or 'none'}. Nothing was read; the vendor may have changed "
            "its table: run again later, or look for a newer Kairos."
        )
