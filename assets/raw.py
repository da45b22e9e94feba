"""Raw assets: payloads as received, and their rows as sent. Nothing is mended here."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from assets import metadata
from assets.partitions import sessions
from assets.parts import Part, contract_shown, fill_parts
from assets.table_asset import OWNERS, Work, check_specs, table_asset
from kairos.calendar import latest_published_session, require_session
from kairos.errors import SettingsError
from kairos.frames import Frame, stack
from kairos.sources.captures import CAPTURES, read_captures
from kairos.sources.feed_pulls import backfill_due, companies_at, pull_histories
from kairos.sources.files import read_files
from kairos.sources.ingest import DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.landing import land
from kairos.sources.sharadar import SharadarClient
from kairos.tables import raw
from kairos.tables.core import Check, Cleaned, Partition, Table
from kairos.tables.market import TICKERS
from kairos.tables.registry import TABLES
from resources.feeds import Feeds
from resources.platform import Platform
from resources.table_io import Read, TableIO
from resources.vendor import Vendor

VENDOR_POOL = "vendor_api"
BACKFILL = "fundamentals"  # dataset of a run that asks for the whole history of the feeds


class ImportFiles(dg.Config):
    """What `raw_payloads_bulk` brings in: files, or with none named the vendor's bulk exports."""

    paths: list[str] = Field(default_factory=list, description="Files or folders; empty for the vendor's exports")
    dataset: str = Field("sep", description="sep, tickers, actions or daily, a feed, or captures: files named by what they are")
    mapping: dict[str, str] = Field(default_factory=dict, description="Our column name to the file's")
    source: str = Field("file", description="Name of who made the files; part of the ids made from their symbols")


def payload_asset(
    name: str,
    description: str,
    *,
    partitions_def: dg.PartitionsDefinition[str] | None = None,
    checks: Sequence[Check] = (),
) -> Callable[[Callable[..., Iterator[Any]]], dg.AssetsDefinition]:
    """Return the decorator of an asset that adds to `raw_payloads`."""
    return dg.asset(
        name=name,
        group_name="raw",
        description=description,
        partitions_def=partitions_def,
        backfill_policy=None if partitions_def is None else dg.BackfillPolicy.single_run(),
        owners=OWNERS,
        kinds={"python", "deltalake"},
        metadata=metadata.static(raw.RAW_PAYLOADS, ()),
        check_specs=check_specs(name, checks),
        pool=VENDOR_POOL,
    )


@payload_asset(
    "raw_payloads_bulk",
    "Payloads of bulk exports and imported files, kept byte for byte.\n\nFrom: the vendor's exports, or files.",
)
def raw_payloads_bulk(
    context: dg.AssetExecutionContext,
    config: ImportFiles,
    *,
    platform: Platform,
    table_io: TableIO,
    vendor: Vendor,
    feeds: Feeds,
) -> Iterator[Any]:
    """Take files, the vendor's exports of all datasets, or the feeds' whole history into the payload store."""

    def fill(key: str) -> dict[str, Part]:
        if config.dataset == BACKFILL:
            return {"raw_payloads_bulk": _backfilled(context, platform, table_io, feeds)}
        records = stack(*(_files(config, platform) if config.paths else _exports(vendor, platform)))
        return {"raw_payloads_bulk": received(context, table_io, records, key=key)}

    yield from fill_parts(context, [""], fill, name="raw_payloads_bulk")


@payload_asset(
    "raw_payloads",
    "Payloads of the daily pulls, kept byte for byte.\n\nFrom: Nasdaq Data Link, Sharadar.",
    partitions_def=sessions,
)
def raw_payloads(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, vendor: Vendor) -> Iterator[Any]:
    """Pull each session's prices, metrics, securities, actions and corrections into the payload store."""
    with ExitStack() as opened:
        client: list[SharadarClient] = []

        def fill(key: str) -> dict[str, Part]:
            session = require_session(date.fromisoformat(key))
            if not client:
                client.append(opened.enter_context(vendor.client()))  # in here, so that its errors are told like others
            records = pull_session(
                client[0], platform.payloads, session, warehouse=platform.warehouse, min_tickers=vendor.min_tickers
            )
            return {"raw_payloads": received(context, table_io, records, key=key)}

        yield from fill_parts(context, context.partition_keys, fill, name="raw_payloads")


def _files(config: ImportFiles, platform: Platform) -> Iterator[Frame]:
    paths = [Path(path) for path in config.paths]
    if config.dataset == CAPTURES:
        for _, payloads in read_captures(paths, clock=platform.receipt_clock):
            yield land(payloads, platform.payloads).payload_rows
        return
    files = read_files(paths, config.dataset, mapping=config.mapping, source=config.source, clock=platform.receipt_clock)
    yield land(files, platform.payloads).payload_rows


def _backfilled(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, feeds: Feeds) -> Part:
    """Ask about companies, a few in each commit: whatever ends it, what was answered is kept and it goes on from there."""
    warehouse, shown, added, asked = platform.warehouse, Part(0), 0, 0
    companies = companies_at(warehouse.read(TICKERS), latest_published_session(platform.clock.now()))
    due = backfill_due(companies, warehouse.read(raw.RAW_PAYLOADS))
    with feeds.clients() as clients:
        if clients.fmp is None:
            raise SettingsError("the backfill asks Financial Modeling Prep, which is off. Set ENABLE_FMP=true and FMP_API_KEY.")
        for records in pull_histories(clients.fmp, platform.payloads, due, received=warehouse.read(raw.RAW_PAYLOADS)):
            shown = received(context, table_io, records, key="")
            added += shown.rows
            asked += records.filter(dataset="fmp_profile").height  # asked last of a company
            context.log.info(f"{asked} of {len(due)} companies; {added:,} payloads")
    return replace(shown, rows=added)


def _exports(vendor: Vendor, platform: Platform) -> Iterator[Frame]:
    with vendor.client() as client:
        yield from pull_exports(client, platform.payloads, warehouse=platform.warehouse, min_tickers=vendor.min_tickers)


def received(context: dg.AssetExecutionContext, table_io: TableIO, records: Frame, *, key: str) -> Part:
    """Record what was received, and return what the UI shows of it."""
    asset_key = context.asset_key.to_user_string()
    commit = table_io.commit(asset_key, run_id=context.run_id, key=key or "-", reads={})
    with contract_shown(asset_key, rows=records.height):
        added = table_io.add(raw.RAW_PAYLOADS, records, None, commit=commit)
    shown = metadata.counts(table_io.rows(raw.RAW_PAYLOADS), added, partitioned=bool(key), added=True)
    shown["rows inside"] = int(records["rows"].sum())
    shown["rows rejected"] = int(records["rejected"].sum())
    shown["bytes"] = int(records["bytes"].sum())
    shown["preview"] = metadata.preview(records.drop("path", "received_year"))
    return Part(added, shown)


def parsed_asset(table: Table, dataset: str, *, pulled_by: str = "raw_payloads") -> dg.AssetsDefinition:
    """Make the asset that reads a dataset's payloads into rows; `pulled_by` is the asset that pulls its sessions."""
    bulk = table.partition is Partition.NONE

    def fill(work: Work, raw_payloads: Frame) -> Cleaned:
        """Rows are as sent; what cannot be read goes to `quarantine`."""
        session = None if bulk else date.fromisoformat(work.key)
        platform = work.platform
        return read_payloads(raw_payloads, platform.payloads, dataset=dataset, session=session, warehouse=platform.warehouse)

    reads = (Read(raw.RAW_PAYLOADS, from_asset="raw_payloads_bulk" if bulk else pulled_by),)
    return table_asset(table, reads=reads, append=True)(fill)


PARSED = [parsed_asset(TABLES[f"raw_{dataset}{suffix}"], dataset) for dataset in DATASETS for suffix in ("", "_bulk")]
