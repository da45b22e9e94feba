"""Made-up raw rows in the form of the raw tables."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from kairos.tables.archives import RAW_ARCHIVES
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.market import TICKERS

EPOCH = datetime(2018, 1, 1, tzinfo=UTC)


def raw(dataset: str, *rows: dict) -> pl.DataFrame:
    """Rows of a raw table; what is not given is null, `at` is the instant of the fetch and `payload` its id."""
    table = (RAW_FEEDS | RAW_ARCHIVES)[dataset]
    made = []
    for number, row in enumerate(rows):
        given = dict(row)
        at = given.pop("at", EPOCH)
        given.setdefault("source", "sharadar" if dataset == "sf1" else "fmp")
        given.setdefault("row", number)
        payload = given.pop("payload", f"{dataset}-{at.isoformat()}-{number}")
        meta = {"payload_id": payload, "fetched_at": at, "received_year": at.year, "record": json.dumps(row, default=str)}
        made.append({**meta, **given})
    if not made:
        return table.empty()
    sent = {name for row in made for name in row}
    types = {name: dtype for name, dtype in table.dtypes.items() if name in sent}
    frame = pl.DataFrame(made, schema_overrides=types, infer_schema_length=None)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in table.dtypes.items() if name not in frame.columns]
    return table.conform(frame.with_columns(missing))


def income(symbol="AAA", end=date(2017, 12, 31), *, period="Q4", accepted="2018-02-14 16:07:42", at=EPOCH, **facts) -> dict:
    filed = facts.pop("filing_date", date.fromisoformat(accepted[:10]) if accepted else None)
    return {
        "symbol": symbol, "date": end, "period": period, "fiscal_year": str(end.year), "accepted_date": accepted,
        "filing_date": filed, "at": at, **facts,
    }  # fmt: skip


def sf1(ticker="AAA", end=date(2017, 12, 31), *, dimension="ARQ", datekey=date(2018, 2, 14), at=EPOCH, **facts) -> dict:
    return {
        "ticker": ticker, "dimension": dimension, "calendardate": end, "datekey": datekey, "reportperiod": end,
        "fiscalperiod": f"{end.year}-Q{(end.month - 1) // 3 + 1}", "at": at, **facts,
    }  # fmt: skip


def tickers(*lives: tuple) -> pl.DataFrame:
    """Rows of `tickers` from (permaticker, ticker, valid_from, valid_to)."""
    frame = pl.DataFrame(
        [(*life[:4], life[4] if len(life) > 4 else None) for life in lives],
        schema={"permaticker": pl.Int64, "ticker": pl.String, "valid_from": pl.Date, "valid_to": pl.Date, "sector": pl.String},
        orient="row",
    ).with_columns(
        isdelisted=pl.col("valid_to").is_not_null(), source=pl.lit("sharadar"), known_source=pl.lit("assumed"),
        known_at=pl.lit(EPOCH, pl.Datetime("us", "UTC")),
    )  # fmt: skip
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in TICKERS.dtypes.items() if name not in frame.columns]
    return TICKERS.conform(frame.with_columns(missing))


LISTED = date(2000, 1, 3)
NAMES = tickers((1, "AAA", LISTED, None), (2, "BRK.B", LISTED, None), (3, "CCC", LISTED, date(2016, 6, 30)))


def payloads(count: int, *, seed: int) -> list[pl.DataFrame]:
    """Income statements as pulls served them: drifting facts, later stamps, repeated answers, an answer that goes back."""
    chance = np.random.default_rng(seed)
    facts: dict = {}
    out = []
    for pull in range(count):
        at = EPOCH + timedelta(hours=int(7 * pull + chance.integers(0, 5)))
        rows = []
        for symbol in ("AAA", "BRK-B", "LOST"):
            for quarter in range(3):
                end = (date(2017, 6, 30), date(2017, 9, 30), date(2017, 12, 31))[quarter]
                value, accepted = facts.get((symbol, end), (100.0, f"{end + timedelta(days=40)} 16:07:42"))
                turn = chance.random()
                if turn < 0.15:
                    value = float(chance.integers(1, 5) * 25)  # also back to an old value
                if turn < 0.07:
                    accepted = f"{(at - timedelta(days=1)).date()} 08:00:00"
                facts[symbol, end] = (value, accepted)
                if turn < 0.6:
                    rows.append(income(symbol, end, period=f"Q{quarter + 2}", accepted=accepted, at=at, revenue=value))
        if rows:
            out.append(raw("fmp_income_statement", *[{**row, "payload": f"p{pull}"} for row in rows]))
    return out
