"""What the Dagster UI shows of a table: column schema, lineage, counts, plots."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from kairos.frames import Frame
from kairos.tables.core import Outcome, Table
from resources.table_io import Read

MAX_PLOT_BYTES = 100_000  # plots live in the event log


def static(table: Table, reads: Sequence[Read]) -> dict[str, Any]:
    """Return the metadata that holds for every materialisation of a table."""
    return {
        "dagster/table_name": table.name,
        "dagster/column_schema": column_schema(table),
        "dagster/column_lineage": column_lineage(table, reads),
        "key": ", ".join(table.key),
        "partitioned by": ", ".join(table.partition_by) or "nothing",
    }


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
    upstream = {read.asset_key: read.table for read in reads}
    sources = {
        name: [dg.TableColumnDep(asset_key=key, column_name=name) for key, read in upstream.items() if name in read.columns]
        for name in table.columns
    }
    return dg.TableColumnLineage({name: deps for name, deps in sources.items() if deps})


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
    """Return a PNG as metadata that the UI shows."""
    if len(png) > MAX_PLOT_BYTES:
        raise ValueError(f"plot of {len(png)} bytes; metadata takes at most {MAX_PLOT_BYTES}. Draw it smaller.")
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{base64.b64encode(png).decode()})")


def preview(frame: Frame, rows: int = 8) -> dg.MarkdownMetadataValue:
    """Return the first rows as a Markdown table."""
    shown = frame.head(rows)
    header = f"| {' | '.join(shown.columns)} |\n|{'---|' * shown.width}\n"
    return dg.MetadataValue.md(
        header + "\n".join("| " + " | ".join(str(value) for value in row) + " |" for row in shown.rows())
    )


def reads_shown(reads: Mapping[str, int]) -> str:
    """Return the versions read in one line."""
    return ", ".join(f"{name}@{version}" for name, version in sorted(reads.items())) or "nothing"


def _described(description: str, unit: str) -> str:
    return f"{description} [{unit}]" if unit else description
