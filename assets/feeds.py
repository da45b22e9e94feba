"""Raw assets of the feeds: an evening's answers about the companies that are due, and the rows of every answer."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import dagster as dg

from assets.partitions import sessions
from assets.parts import Part, fill_parts
from assets.raw import parsed_asset, payload_asset, received
from kairos.calendar import require_session
from kairos.sources.feed_pulls import Clients, pull_evening
from kairos.sources.feeds import FEEDS
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
)
def raw_payloads_feeds(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, feeds: Feeds) -> Iterator[Any]:
    """Pull statements, estimates, ratings, profiles and news of the companies that are due into the payload store."""
    with ExitStack() as opened:
        clients: list[Clients] = []

        def fill(key: str) -> dict[str, Part]:
            session = require_session(date.fromisoformat(key))
            if not clients:
                clients.append(opened.enter_context(feeds.clients()))  # in here, so that its errors are told like others
            warehouse = platform.warehouse
            pulled = pull_evening(
                clients[0],
                platform.payloads,
                session,
                tickers=warehouse.read(TICKERS),
                received=warehouse.read(RAW_PAYLOADS),
                settings=platform.settings,
            )
            return {PULLED_BY: received(context, table_io, pulled, key=key)}

        yield from fill_parts(context, context.partition_keys, fill, name=PULLED_BY)


PARSED = [
    parsed_asset(TABLES[f"raw_{dataset}{suffix}"], dataset, pulled_by=PULLED_BY)
    for dataset in FEEDS
    for suffix in ("", "_bulk")
]
