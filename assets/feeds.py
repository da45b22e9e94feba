"""Raw assets of the feeds: an evening's answers about the companies that are due, and the rows of every answer."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg

from assets.partitions import sessions
from assets.parts import Part, Verdict, fill_parts
from assets.raw import parsed_asset, payload_asset, received
from kairos.calendar import require_session
from kairos.frames import stack
from kairos.sources.evenings import Asking, Clients, pull_evening
from kairos.sources.feeds import FEEDS
from kairos.sources.measured import MEASURED, with_measure
from kairos.tables.archives import RAW_ARCHIVES
from kairos.tables.market import TICKERS
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from resources.feeds import Feeds
from resources.platform import Platform
from resources.table_io import TableIO

PULLED_BY = "raw_payloads_feeds"


@payload_asset(
    PULLED_BY,
    "Payloads of the feeds' daily pulls, kept byte for byte; every company is asked once in five sessions.\n\n"
    "From: Financial Modeling Prep, Sharadar SF1, Quiver Quantitative.",
    partitions_def=sessions,
    checks=(MEASURED,),
)
def raw_payloads_feeds(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, feeds: Feeds) -> Iterator[Any]:
    """Pull statements, estimates, ratings, profiles and news of the companies that are due into the payload store."""
    with ExitStack() as opened:
        clients: list[Clients] = []

        def fill(key: str) -> dict[str, Part]:
            session = require_session(date.fromisoformat(key))
            if not clients:
                clients.append(opened.enter_context(feeds.clients()))  # in here, so that its errors are told like others
            return {PULLED_BY: _evening(context, platform, table_io, clients[0], session)}

        yield from fill_parts(context, context.partition_keys, fill, name=PULLED_BY)


def _evening(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, clients: Clients, session: date) -> Part:
    """Record what an evening brings, also where the day's calls end it: it goes on from there."""
    warehouse = platform.warehouse
    before = warehouse.read(RAW_PAYLOADS)
    asking = Asking(
        clients, platform.payloads, session, warehouse.read(TICKERS), before, warehouse=warehouse, settings=platform.settings
    )
    shown, pulled = Part(0), []
    for records in pull_evening(asking):
        shown = received(context, table_io, records, key=session.isoformat())
        pulled.append(records)
    outcome = MEASURED.run(with_measure(stack(RAW_PAYLOADS.empty(), *pulled), before))
    return replace(shown, verdicts=(Verdict(PULLED_BY, MEASURED.name, outcome, blocking=False),))


PARSED = [
    parsed_asset(TABLES[f"raw_{dataset}{suffix}"], dataset, pulled_by=PULLED_BY)
    for dataset in FEEDS
    for suffix in ("", "_bulk")
]
ARCHIVED = [parsed_asset(table, dataset) for dataset, table in RAW_ARCHIVES.items()]
