"""Raw assets: payloads as received, and their rows as sent. Nothing is mended here."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from assets import metadata
from assets.partitions import sessions
from assets.table_asset import CONTRACT, OWNERS, Work, check_specs, table_asset
from kairos.calendar import require_session
from kairos.errors import KairosError
from kairos.frames import Frame, stack
from kairos.sources.files import read_files
from kairos.sources.ingest import DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.landing import land
from kairos.tables import raw
from kairos.tables.core import Cleaned, Outcome, Partition, Table
from kairos.tables.registry import TABLES
from resources.platform import Platform
from resources.table_io import Read, TableIO
from resources.vendor import Vendor

VENDOR_POOL = "vendor_api"


class ImportFiles(dg.Config):
    """What `raw_payloads_bulk` brings in: files, or with none named the vendor's bulk exports."""

    paths: list[str] = Field(default_factory=list, description="Files or folders; empty for the vendor's exports")
    dataset: str = Field("sep", description="sep, tickers, actions or daily")
    mapping: dict[str, str] = Field(default_factory=dict, description="Our column name to the file's")
    source: str = Field("file", description="Name of who made the files; part of the ids made from their symbols")


@dg.asset(
    group_name="raw",
    description="Payloads of bulk exports and imported files, kept byte for byte.\n\nFrom: the vendor's exports, or files.",
    owners=OWNERS,
    kinds={"python", "deltalake"},
    metadata=metadata.static(raw.RAW_PAYLOADS, ()),
    check_specs=check_specs("raw_payloads_bulk"),
    pool=VENDOR_POOL,
)
def raw_payloads_bulk(
    context: dg.AssetExecutionContext, config: ImportFiles, platform: Platform, table_io: TableIO, vendor: Vendor
) -> Iterator[dg.MaterializeResult[Any]]:
    """Take files, or the vendor's exports of all datasets, into the payload store."""
    try:
        records = stack(*(_files(config, platform) if config.paths else _exports(vendor, platform)))
    except KairosError as error:
        raise dg.Failure(f"raw_payloads_bulk: {error}", allow_retries=False) from error
    commit = table_io.commit("raw_payloads_bulk", run_id=context.run_id, key="-", reads={})
    platform.warehouse.append_new(raw.RAW_PAYLOADS, records, commit=commit)
    yield _landed("raw_payloads_bulk", records)


@dg.asset(
    group_name="raw",
    partitions_def=sessions,
    backfill_policy=dg.BackfillPolicy.single_run(),
    description="Payloads of the daily pulls, kept byte for byte.\n\nFrom: Nasdaq Data Link, Sharadar.",
    owners=OWNERS,
    kinds={"python", "deltalake"},
    metadata=metadata.static(raw.RAW_PAYLOADS, ()),
    check_specs=check_specs("raw_payloads"),
    pool=VENDOR_POOL,
)
def raw_payloads(
    context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, vendor: Vendor
) -> Iterator[dg.MaterializeResult[Any]]:
    """Pull each session's prices, metrics, securities, actions and corrections into the payload store."""
    landed: dict[str, Frame] = {}
    try:
        with vendor.client() as client:
            for key in context.partition_keys:
                session = require_session(date.fromisoformat(key))
                landed[key] = pull_session(client, platform.payloads, session, warehouse=platform.warehouse)
                commit = table_io.commit("raw_payloads", run_id=context.run_id, key=key, reads={})
                platform.warehouse.append_new(raw.RAW_PAYLOADS, landed[key], commit=commit)
    except KairosError as error:
        for key, records in landed.items():
            context.log_event(dg.AssetMaterialization("raw_payloads", partition=key, metadata={"payloads": records.height}))
        raise dg.Failure(f"raw_payloads: {error}", allow_retries=False) from error
    yield _landed("raw_payloads", stack(*landed.values()))


def _files(config: ImportFiles, platform: Platform) -> Iterator[Frame]:
    paths = [Path(path) for path in config.paths]
    payloads = read_files(paths, config.dataset, mapping=config.mapping, source=config.source, clock=platform.clock)
    yield land(payloads, platform.payloads).payload_rows


def _exports(vendor: Vendor, platform: Platform) -> Iterator[Frame]:
    with vendor.client() as client:
        yield from pull_exports(client, platform.payloads, min_tickers=vendor.min_tickers)


def _landed(asset_key: str, records: Frame) -> dg.MaterializeResult[Any]:
    """Report what was received."""
    rows = int(records["rows"].sum())
    held = Outcome(passed=True, summary="Every payload could be read.", figures={"payloads": records.height, "rows": rows})
    return dg.MaterializeResult(
        asset_key=asset_key,
        metadata={
            "dagster/row_count": records.height,
            "rows inside": rows,
            "rows rejected": int(records["rejected"].sum()),
            "bytes": int(records["bytes"].sum()),
            "preview": metadata.preview(records.drop("path", "received_year")),
        },
        check_results=[metadata.check_result(CONTRACT, asset_key, held, blocking=True)],
    )


def _parsed_asset(table: Table, dataset: str) -> dg.AssetsDefinition:
    """Make the asset that reads a dataset's payloads into rows."""
    bulk = table.partition is Partition.NONE

    def fill(work: Work, raw_payloads: Frame) -> Cleaned:
        """Rows are as sent; what cannot be read goes to `quarantine`."""
        session = None if bulk else date.fromisoformat(work.key)
        platform = work.platform
        return read_payloads(raw_payloads, platform.payloads, dataset=dataset, session=session, warehouse=platform.warehouse)

    reads = (Read(raw.RAW_PAYLOADS, from_asset="raw_payloads_bulk" if bulk else "raw_payloads"),)
    return table_asset(table, reads=reads, append=True)(fill)


PARSED = [_parsed_asset(TABLES[f"raw_{dataset}{suffix}"], dataset) for dataset in DATASETS for suffix in ("", "_bulk")]
