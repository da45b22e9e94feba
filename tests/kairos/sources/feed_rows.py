"""Rows of the feeds through the parser, for tests."""

import json

from kairos.sources.feeds import FEEDS
from kairos.sources.parse import Parsed, parse
from kairos.tables.raw import QUARANTINE, RawRows
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.vendor_double import payload

ESTIMATES = "stable/analyst-estimates?page=0&period=quarter&symbol=ZQXA"
OURS = [*RawRows.to_schema().columns, "record"]
OTHERS = {
    "fmp_social": bodies.SOCIAL,
    "quiver_congress": bodies.CONGRESS,
    "quiver_insiders": bodies.INSIDER,
    "quiver_social": bodies.MENTION,
}
ROWS = {**{name: both[0] for name, both in bodies.BOTH.items()}, **OTHERS}


def parsed(rows: object, dataset: str, request: str = ESTIMATES) -> Parsed:
    content = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return parse(payload(content, dataset, request, "fmp"))


def facts(rows: object, dataset: str) -> dict[str, object]:
    made = parsed(rows, dataset)
    assert made.rejects.equals(QUARANTINE.empty())
    return FEEDS[dataset].table.validate(made.rows).drop(OURS).row(0, named=True)
