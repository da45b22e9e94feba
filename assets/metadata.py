"""What the Dagster UI shows of a table: column schema, lineage, counts, plots."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from kairos.frames import Frame
from kairos.tables.core import Outcome, Table
from resources.table_io import Read

MAX_PLOT_BYTES = 100_000  # plots live in the event log
MAX_CELL_CHARS = 60


def static(table: Table, reads: Sequence[Read]) -> dict[str, Any]:
    """Return the metadata that holds for every materialisation of a table."""
    return {
        "dagster/table_name": table.name,
        "dagster/column_schema": column_schema(table),
        "dagster/column_lineage": column_lineage(table, reads),
        "key": ", ".join(table.key),
        "partitioned by": ", ".join(table.partition_by) or "nothing",
    }


def described(table: Table, more: str = "") -> str:
    """Return what the table holds, where it comes from, and what else there is to say."""
    said = [table.description, f"From: {table.origin}.", more if more != table.description else ""]
    return "\n\n".join(part for part in said if part)


def column_schema(table: Table) -> dg.TableSchema:
    """Return the columns with type, unit and description."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=str(table.dtypes[name]),
                description=_described(column.description, (column.metadata or {}).get("unit", "")),
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=(name,) == table.key),
            )
            for name, column in table.schema.columns.items()
        ]
    )


def column_lineage(table: Table, reads: Sequence[Read]) -> dg.TableColumnLineage:
    """Return, for every column that a table read has under the same name, where it comes from."""
    sources = {name: {read.asset_key for read in reads if name in read.table.columns} for name in table.columns}
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(asset_key=key, column_name=name) for key in sorted(keys)]
            for name, keys in sources.items()
            if keys
        }
    )


def check_result(name: str, asset_key: str, outcome: Outcome, *, blocking: bool) -> dg.AssetCheckResult:
    """Return the verdict of one check for the UI."""
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        description=outcome.summary,
        metadata=dict(outcome.figures),
    )


def picture(png: bytes) -> dg.MarkdownMetadataValue:
    """Return a PNG as metadata that the UI shows; one that is too large for the event log is left out and said so."""
    if len(png) > MAX_PLOT_BYTES:
        return dg.MetadataValue.md(f"A plot of {len(png):,} bytes was left out; metadata takes at most {MAX_PLOT_BYTES:,}.")
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(png).decode()})")


def preview(frame: Frame, rows: int = 8) -> dg.MarkdownMetadataValue:
    """Return the first rows as a Markdown table."""
    shown = frame.head(rows)
    header = f"| {' | '.join(shown.columns)} |\n|{'---|' * shown.width}\n"
    return dg.MetadataValue.md(header + "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in shown.rows()))


def counts(in_table: int, written: int, *, partitioned: bool, added: bool = False) -> dict[str, Any]:
    """Return row counts under Dagster's names: of the whole table, and of what this partition wrote."""
    shown: dict[str, Any] = {"dagster/row_count": in_table}
    if added:
        shown["rows added"] = written
    elif partitioned:
        shown["dagster/partition_row_count"] = written
    return shown


def reads_shown(reads: Mapping[str, int]) -> str:
    """Return the versions read in one line."""
    return ", ".join(f"{name}@{version}" for name, version in sorted(reads.items())) or "nothing"


def _cell(value: object) -> str:
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = shown.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"


def _described(description: str, unit: str) -> str:
    return f"{description} [{unit}]" if unit else description
