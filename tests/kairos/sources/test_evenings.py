"""An evening asked again: what SF1 says then is a delivery of its own, also where it said so before."""

from datetime import date, timedelta

import polars as pl

from kairos.calendar import prices_known_at
from kairos.frames import stack
from kairos.settings import Settings
from kairos.sources.evenings import Asking, Clients, pull_evening
from kairos.sources.feeds import FEEDS, SF1_COLUMNS
from kairos.sources.parse import parse
from kairos.sources.payloads import Payload, PayloadStore
from kairos.tables.market import TICKERS
from kairos.tables.raw import RAW_PAYLOADS
from kairos.warehouse.store import Warehouse
from tests.kairos.sources.vendor_double import page

SESSION = date(2018, 6, 1)
COURSE = [100.0, 101.0, 101.0, 100.0, 100.0, 102.0]


class OneRow:
    """A vendor that has changed one row of SF1; `told` is its revenue, `turn` the hour."""

    def __init__(self):
        self.told, self.turn = 0.0, 0

    def updated_since(self, dataset, day):
        told = {
            "ticker": "AAA", "dimension": "ARQ", "calendardate": "2018-03-31", "datekey": "2018-05-10",
            "reportperiod": "2018-03-31", "lastupdated": "2018-05-31", "revenue": self.told,
        }  # fmt: skip
        content = page([[told.get(name) for name in SF1_COLUMNS]], names=list(SF1_COLUMNS))
        asked = f"datatables/SHARADAR/SF1.json?lastupdated.gte={day}"
        return [Payload("sharadar", dataset, asked, content, prices_known_at(SESSION) + timedelta(hours=3 + self.turn))]


def test_what_sf1_said_last_stands_also_where_it_said_so_before(tmp_path):
    client, store = OneRow(), PayloadStore(tmp_path)
    settings = Settings(KAIROS_HOME=tmp_path, ENABLE_SF1=True)
    received, newest = RAW_PAYLOADS.empty(), []
    for client.turn, client.told in enumerate(COURSE):
        clients = Clients(None, client, None)
        warehouse = Warehouse(tmp_path / "warehouse")
        asking = Asking(clients, store, SESSION, TICKERS.empty(), received, warehouse=warehouse, settings=settings)
        rows = stack(*pull_evening(asking))
        received = stack(received, rows.join(received, on="payload_id", how="anti"))
        held = pl.concat([parse(store.load(record)).rows for record in received.iter_rows(named=True)]).sort("fetched_at")
        newest.append(held.unique(FEEDS["sf1"].key, keep="last")["revenue"].item())
    assert newest == COURSE
    assert received.height == 4  # what merely stays is no delivery of its own
