"""How rows get into a Delta table: one commit of one frame or of parts, in what order, in what files."""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from kairos.errors import ContractError, WarehouseError
from kairos.frames import Frame, Parts, is_sorted_by
from kairos.tables.core import Table
from kairos.warehouse.commit import Commit

if TYPE_CHECKING:
    import pyarrow as pa

LOG_RETENTION = {"delta.logRetentionDuration": "interval 36500 days"}  # models name versions for as long as they live
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MAX_ATTEMPTS = 40  # with the waits below about a minute of contention before a writer gives up
LONGEST_WAIT_S = 2.0
TARGET_FILE_BYTES = 128 * 1024 * 1024
RUN_ROWS = 65_536  # of parts, handed over together, and of a row group: the writer holds some of each, and swaps neighbours
COMPAT = pl.CompatLevel.oldest()


@dataclass(frozen=True)
class Change:
    """One commit to a table.

    Attributes:
        table: What is written.
        mode: `overwrite` or `append`.
        predicate: Rows that are replaced, as SQL; None for all, or for those of an append.
        commit: Who writes, from what.
        merge: Whether the rows and the table may have different columns.
    """

    table: Table
    mode: str
    predicate: str | None
    commit: Commit
    merge: bool


def write(folder: Path, rows: Frame | Parts, change: Change, *, sleep: Callable[[float], None]) -> None:
    """Commit rows to the table in `folder`; parts are made anew for every attempt.

    Raises:
        WarehouseError: Other writers did not let go, or the disk refused.
        Exception: What making a part raised.
    """
    from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

    folder.mkdir(parents=True, exist_ok=True)
    table, what = change.table, f"{change.table.name} ({change.predicate or 'append'})"
    frame = clustered(rows, table) if isinstance(rows, Frame) else rows
    chance = random.Random(f"{change.commit.run_id}{change.commit.partition}{time.monotonic_ns()}")
    for attempt in range(MAX_ATTEMPTS):
        stream = _Stream(frame, table) if isinstance(frame, Parts) else None
        try:
            return _attempt(folder, frame if stream is None else stream.reader(), change, in_parts=stream is not None)
        except (CommitFailedError, TableNotFoundError):
            sleep(chance.uniform(0.01, min(LONGEST_WAIT_S, 0.05 * 2**attempt)))
        except (DeltaError, OSError) as error:
            if stream is not None and stream.failures:
                raise stream.failures[0] from None
            raise WarehouseError(
                f"{what}: {_plain(error)}. Nothing of it was committed; "
                "make room or mend the permissions, and run the command again."
            ) from error
    raise WarehouseError(
        f"{what}: other writers won {MAX_ATTEMPTS} commits in a row. "
        "Nothing was written; run the partition again when they are done."
    )


def _attempt(folder: Path, rows: "Frame | pa.RecordBatchReader", change: Change, *, in_parts: bool) -> None:
    from deltalake import CommitProperties, write_deltalake

    write_deltalake(  # type: ignore[call-overload]
        str(folder),
        rows,
        mode=change.mode,
        predicate=change.predicate,
        partition_by=list(change.table.partition_by) or None,
        commit_properties=CommitProperties(custom_metadata=change.commit.metadata()),
        configuration=LOG_RETENTION,
        **({"schema_mode": "merge"} if change.merge else {}),
        **_file_form(change.table, in_parts=in_parts),
    )


def clustered(rows: Frame, table: Table) -> Frame:
    """Return the rows by date first, so that a new session touches little and a day reads fast."""
    dates = [name for name in table.key if name in {"session", "date"}]
    order = dates + [name for name in table.key if name not in dates]
    in_order = (not dates or rows[dates[0]].is_sorted()) and is_sorted_by(rows, order)
    return rows if in_order else rows.sort(order)


@dataclass(frozen=True)
class _Stream:
    """Parts as the writer takes them, batch by batch; it keeps what making one raised, which the writer tells in words only."""

    parts: Parts
    table: Table
    failures: list[Exception] = field(default_factory=list)

    def reader(self) -> "pa.RecordBatchReader":
        import pyarrow as pa

        ascending = self._ascending()
        first = next(ascending)
        schema = first.clear().to_arrow(compat_level=COMPAT).schema
        return pa.RecordBatchReader.from_batches(schema, self._batches(first, ascending))

    def _batches(self, first: Frame, later: Iterator[Frame]) -> Iterator["pa.RecordBatch"]:
        try:
            part: Frame | None = first
            while part is not None:
                rows = clustered(part, self.table)
                for start in range(0, rows.height, RUN_ROWS):
                    yield from rows.slice(start, RUN_ROWS).rechunk().to_arrow(compat_level=COMPAT).to_batches()
                del part, rows
                part = next(later, None)
        except Exception as error:
            self.failures.append(error)
            raise

    def _ascending(self) -> Iterator[Frame]:
        last: Any = None
        for part in self.parts:
            first, end = part.select(pl.col("session").min(), pl.col("session").max().alias("end")).row(0)
            if last is not None and first is not None and first <= last:
                raise ContractError(
                    f"{self.table.name}: a part begins on {first}, the one before ended on {last}; expected later sessions. "
                    "Nothing was written; make the parts in the order of time."
                )
            last = end or last
            yield part
            del part  # it would be held while the next one is made


def _file_form(table: Table, *, in_parts: bool) -> dict[str, Any]:
    """How files are written: floats of features hardly ever repeat, so that a dictionary costs time and room."""
    from deltalake import ColumnProperties, WriterProperties

    plain = ColumnProperties(dictionary_enabled=False)
    properties = WriterProperties(
        compression="ZSTD",
        compression_level=1,
        column_properties={name: plain for name, dtype in table.dtypes.items() if dtype == pl.Float32},
        max_row_group_size=RUN_ROWS if in_parts else None,
    )
    return {"writer_properties": properties, "target_file_size": TARGET_FILE_BYTES if in_parts else None}


def _plain(error: Exception) -> str:
    """Return what delta-rs says in one line, without its colours and arrows."""
    return " ".join(COLOURS.sub("", str(error)).replace("↳", "").split())
