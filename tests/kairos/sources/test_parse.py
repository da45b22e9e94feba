import io
import json
import time
from datetime import date

import polars as pl
import pytest

from kairos.errors import SourceError
from kairos.sources.datasets import dataset_named
from kairos.sources.parse import parse
from kairos.tables.raw import QUARANTINE, RAW_ACTIONS, RAW_DAILY, RAW_PAYLOADS, RAW_SEP, RAW_TICKERS
from tests.kairos.sources.vendor_double import RECEIVED, SEP_NAMES, page, payload, sep_row

TICKER_NAMES = ["table", "permaticker", "ticker", "name", "exchange", "isdelisted"]
TICKER_NAMES += ["category", "siccode", "firstpricedate", "lastpricedate", "cusips"]
ACTION_NAMES = ["date", "action", "ticker", "name", "value", "contraticker", "contraname"]
DAILY_NAMES = ["ticker", "date", "lastupdated", "ev", "evebit", "evebitda", "marketcap", "pb", "pe", "ps"]
UNSAID = [name for name in dataset_named("tickers").expected if name not in TICKER_NAMES]
SAMPLES = {
    "sep": (RAW_SEP, SEP_NAMES, [sep_row("ZQXA"), sep_row("ZQXB")]),
    "tickers": (
        RAW_TICKERS,
        [*TICKER_NAMES, *UNSAID],
        [["SEP", 199901, "ZQXA", "Z", "NYSE", "N", "ADR", 3674, "1999-03-12", "2025-07-24", "98", *(None for _ in UNSAID)]],
    ),
    "actions": (RAW_ACTIONS, ACTION_NAMES, [["2025-06-09", "split", "ZQXA", "Z", 4.0, "N/A", "N/A"]]),
    "daily": (RAW_DAILY, DAILY_NAMES, [["ZQXA", "2025-07-24", "2025-07-24", 10120.4, 22.1, 19.6, 10160, None, 30.2, 8.1]]),
}


@pytest.mark.parametrize("dataset", SAMPLES)
def test_a_page_becomes_rows_of_its_raw_table(dataset):
    table, names, rows = SAMPLES[dataset]
    made = parse(payload(page(rows, names=names), dataset))
    assert table.validate(made.rows).height == len(rows)
    assert RAW_PAYLOADS.validate(made.payload_row)["rows"].to_list() == [len(rows)]
    assert made.rejects.equals(QUARANTINE.empty())


def test_columns_are_found_by_name_and_not_by_place():
    order = list(reversed(SEP_NAMES))
    turned = page([list(reversed(sep_row("ZQXA")))], names=order)
    straight = page([sep_row("ZQXA")])
    drop = ["payload_id"]
    assert parse(payload(turned)).rows.drop(drop).equals(parse(payload(straight)).rows.drop(drop))


def test_columns_that_are_not_ours_are_passed_over():
    made = parse(payload(page([[*sep_row("ZQXA"), 0.3]], names=[*SEP_NAMES, "dividends"])))
    assert made.rows.columns == list(RAW_SEP.columns)


def test_a_vendor_column_that_is_gone_is_an_error_naming_it():
    with pytest.raises(SourceError, match="closeunadj missing from SHARADAR/SEP"):
        parse(payload(page([[*sep_row("A")[:8], "2025-07-24"]], names=[n for n in SEP_NAMES if n != "closeunadj"])))


def test_an_unknown_action_is_kept_and_not_available_is_null():
    rows = [["2025-06-09", "spacmerger", "ZQXA", "Z", None, "N/A", "ZB"]]
    found = parse(payload(page(rows, names=ACTION_NAMES), "actions")).rows.row(0, named=True)
    assert (found["action"], found["contraticker"], found["contraname"]) == ("spacmerger", None, "ZB")


def test_every_row_bears_its_payload_and_its_number():
    made = payload(page([sep_row("A"), sep_row("B")]))
    rows = parse(made).rows
    assert rows["row"].to_list() == [0, 1]
    assert rows.select("payload_id", "source", "fetched_at", "received_year").unique().rows() == [
        (made.payload_id, "sharadar", RECEIVED, 2025)
    ]


def test_a_page_without_rows_is_an_empty_frame():
    made = parse(payload(page([])))
    assert made.rows.equals(RAW_SEP.empty())
    assert made.payload_row["rows"].to_list() == [0]


BAD_ROWS = [
    sep_row("GOOD"),
    sep_row("BADDATE", "2025-07-99"),
    [None, *sep_row("X")[1:]],
    ["A", "2025-07-24", "abc", 51.2, "xyz", 50.8, 1.0, 50.8, 50.8, "2025-07-24"],
    ["B", "2025-07-24", 1.0, 1.0, 1.0, "n.a.x", 1.0, 1.0, 1.0, "2025-07-24"],
    ["", None, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, "2025-07-24"],
]


def test_what_cannot_be_read_is_rejected_or_nulled_and_told():
    rejects = QUARANTINE.validate(parse(payload(page(BAD_ROWS))).rejects)
    assert rejects.select("row", "reason", "action").rows() == [
        (1, "unreadable_date", "row_rejected"),
        (2, "missing_ticker", "row_rejected"),
        (3, "unreadable_number", "value_nulled"),
        (4, "unreadable_number", "row_rejected"),
        (5, "missing_date", "row_rejected"),
        (5, "missing_ticker", "row_rejected"),
    ]
    assert rejects["writer"].unique().to_list() == ["raw_sep"]
    details = [json.loads(text) for text in rejects["detail"]]
    assert details[2] == {"open": "abc", "low": "xyz", "ticker": "A", "date": "2025-07-24", "close": "50.8"}


def test_rows_kept_and_rejected_add_up():
    made = parse(payload(page(BAD_ROWS)))
    assert made.rows.select("row", "ticker", "open", "low").rows() == [(0, "GOOD", 50.1, 49.9), (3, "A", None, None)]
    assert made.payload_row.select("rows", "rejected").rows() == [(2, 4)]


def test_a_reject_is_filed_under_its_own_year_or_that_of_receipt():
    rows = [[None, *sep_row("X", "1999-05-03")[1:]], sep_row("Y", "never"), sep_row("Z")]
    assert parse(payload(page(rows))).rejects["year"].to_list() == [1999, 2025]


def csv_file(text: str, request: str = "file/a.csv") -> object:
    return payload(text.encode(), request=request, source="mine")


def test_a_file_needs_only_what_is_required_and_takes_its_mapping_from_the_request():
    made = parse(csv_file("Symbol,Date,px\nNA,2015-01-02,1.5\n", "file/a.csv?map.close=px&map.ticker=Symbol"))
    assert made.rows.select("ticker", "date", "close", "closeadj").rows() == [("NA", date(2015, 1, 2), 1.5, None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ticker,date\nA,2015-01-02\n", r"column\(s\) close of sep missing"),
        (
            "ticker,date,close\nA,01/02/2015,1\nB,01/03/2015,1\n",
            "none of 2 values of date can be read; the first is '01/02/2015'",
        ),
        ('ticker,date,close,volume\nA,2015-01-02,1,"1,000"\n', "none of 1 values of volume can be read"),
        ("ticker,date,close\n,2015-01-02,1\n,2015-01-05,1\n", "none of 2 rows can be read as sep"),
    ],
)
def test_a_file_that_is_not_what_it_was_taken_for_is_refused(text, message):
    with pytest.raises(SourceError, match=message):
        parse(csv_file(text))


def test_nearly_two_million_parquet_rows_take_a_few_seconds():
    n = 1_800_000
    symbols = pl.Series([f"T{index:04d}" for index in range(450)])
    buffer = io.BytesIO()
    pl.select(
        ticker=symbols.gather(pl.int_range(n, eager=True) % 450),
        date=pl.date(2000, 1, 3) + pl.duration(days=pl.int_range(n) // 450),
        close=pl.int_range(n).cast(pl.Float32),
    ).write_parquet(buffer)
    started = time.process_time()
    made = parse(payload(buffer.getvalue(), request="file/big.parquet", source="mine"))
    assert made.rows.height == n
    assert time.process_time() - started < 6
