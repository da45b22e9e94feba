"""Small raw frames: each builder fills what a test leaves out."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from kairos.calendar import prices_known_at, sessions_between
from kairos.frames import Frame
from kairos.tables.core import Table
from kairos.tables.market import ACTIONS, SEP_VERSIONS, TICKERS
from kairos.tables.raw import RAW_ACTIONS, RAW_DAILY, RAW_SEP, RAW_TICKERS

EVENING = datetime(2016, 1, 1, 1, tzinfo=UTC)
NO_SPANS = {"source": pl.String, "ticker": pl.String, "first_date": pl.Date, "last_date": pl.Date}

Rows = Iterable[Mapping[str, Any]]


def frame_of(table: Table, rows: Rows, /, **common: Any) -> Frame:
    filled = [dict.fromkeys(table.columns) | common | dict(row) for row in rows]
    return pl.DataFrame(filled, schema=table.dtypes, orient="row")


def raw_of(table: Table, rows: Rows, /, **common: Any) -> Frame:
    base = {"payload_id": "p", "source": "vendor", "fetched_at": EVENING, "received_year": 2016} | common
    return frame_of(table, [{"row": number} | dict(row) for number, row in enumerate(rows)], **base)


def price_row(close: float | None, **more: Any) -> dict[str, Any]:
    bar = {"open": close, "high": close, "low": close, "close": close, "volume": 1000.0}
    return bar | {"closeadj": close, "closeunadj": close} | more


@pytest.fixture
def raw_sep() -> Callable[..., Frame]:
    return lambda rows, **common: raw_of(RAW_SEP, rows, **common)


@pytest.fixture
def raw_tickers() -> Callable[..., Frame]:
    base = {"table": "SEP", "isdelisted": "N", "fetched_at": datetime(2015, 1, 1, tzinfo=UTC), "payload_id": "t"}
    return lambda rows, **common: raw_of(RAW_TICKERS, rows, **base | common)


@pytest.fixture
def raw_actions() -> Callable[..., Frame]:
    return lambda rows, **common: raw_of(RAW_ACTIONS, rows, **{"payload_id": "a"} | common)


@pytest.fixture
def raw_daily() -> Callable[..., Frame]:
    return lambda rows, **common: raw_of(RAW_DAILY, rows, **{"payload_id": "d"} | common)


@pytest.fixture
def bar() -> Callable[..., dict[str, Any]]:
    return price_row


@pytest.fixture
def no_spans() -> Frame:
    return pl.DataFrame(schema=NO_SPANS)


@pytest.fixture
def versions_of() -> Callable[..., Frame]:
    """Rows of sep_versions, each known and received with its session's prices unless told otherwise."""

    def build(rows: Rows, **common: Any) -> Frame:
        filled = []
        for number, row in enumerate(rows):
            known = prices_known_at(row["session"])
            base = {"permaticker": 1, "ticker": "AAA", "source": "vendor", "known_at": known, "fetched_at": known}
            base |= {"known_source": "assumed", "payload_id": f"p{row['session']}", "row": number} | common
            filled.append(base | price_row(row.get("close", 10.0)) | dict(row))
        return frame_of(SEP_VERSIONS, filled)

    return build


@pytest.fixture
def tickers_of() -> Callable[..., Frame]:
    def build(rows: Rows) -> Frame:
        base = {"permaticker": 1, "ticker": "AAA", "valid_from": date(2000, 1, 3), "firstpricedate": date(2000, 1, 3)}
        base |= {"isdelisted": False, "source": "vendor", "known_at": datetime(2000, 1, 3, tzinfo=UTC)}
        return frame_of(TICKERS, [base | {"known_source": "assumed"} | dict(row) for row in rows])

    return build


@pytest.fixture
def actions_of() -> Callable[..., Frame]:
    def build(rows: Rows) -> Frame:
        base = {"permaticker": 1, "row": 0, "known_at": EVENING, "known_source": "assumed", "payload_id": "a"}
        return frame_of(ACTIONS, [base | dict(row) for row in rows])

    return build


@pytest.fixture
def sessions_of() -> Callable[..., tuple[date, ...]]:
    """The sessions of the given years."""
    return lambda *years: sessions_between(date(min(years), 1, 1), date(max(years), 12, 31))
