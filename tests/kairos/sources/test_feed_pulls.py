"""Pulls of the feeds from the embedded vendor: who is asked when, what is refused, and where a backfill goes on."""

from datetime import date

import polars as pl
import pytest
from pydantic import SecretStr

from kairos.calendar import FixedClock, prices_known_at, session_offset, sessions_between
from kairos.errors import BudgetError, SourceError
from kairos.sandbox.access import SANDBOX_FMP_LEGACY_KEY
from kairos.sandbox.faults import FaultKind
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from kairos.sources.budget import CallBudget
from kairos.sources.evenings import pull_news
from kairos.sources.feed_pulls import ROUND, backfill_due, companies_at, due_on, pull_companies, pull_histories
from kairos.sources.fmp import FmpClient
from kairos.sources.pace import RetryPolicy
from kairos.sources.payloads import PayloadStore
from kairos.tables.market import TICKERS
from kairos.tables.raw import RAW_PAYLOADS

MARKET = generate("tiny", 3)
SESSION = MARKET.last_session
CLOCK = FixedClock(prices_known_at(SESSION))
KEY = SecretStr(SANDBOX_FMP_LEGACY_KEY)
NOTHING = RAW_PAYLOADS.empty()


@pytest.fixture
def vendor():
    with VendorServer(MARKET, CLOCK) as server:
        yield server


@pytest.fixture
def store(tmp_path):
    return PayloadStore(tmp_path)


@pytest.fixture
def client(vendor, tmp_path):
    with _client(vendor, tmp_path) as made:
        yield made


def _client(vendor, home, per_day=None):
    budget = CallBudget(home, vendor="fmp", key=KEY, per_minute=10_000, per_day=per_day)
    return FmpClient(vendor.origin, KEY, clock=CLOCK, limiter=budget, policy=RetryPolicy(max_wait_s=0.5))


def tickers(*rows):
    known = {"source": "sharadar", "known_at": CLOCK.now(), "known_source": "assumed", "isdelisted": False}
    frame = pl.DataFrame(
        [known | dict(zip(("permaticker", "ticker", "valid_from", "valid_to"), row, strict=True)) for row in rows]
    )
    bare = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TICKERS.dtypes.items() if name not in frame.columns]
    return TICKERS.conform(frame.with_columns(bare))


@pytest.fixture(scope="module")
def symbols():
    """Six that trade on the last session."""
    lives = MARKET.securities.filter(pl.col("last_session").is_null())
    borne = MARKET.symbols.sort("valid_from").join(lives, on="permaticker", how="semi").unique("permaticker", keep="last")
    return borne.sort("permaticker")["ticker"].str.replace(".", "-", literal=True).to_list()[:6]


def test_whoever_trades_on_the_session_is_a_company_under_the_symbol_it_bears_then():
    day = date(2014, 6, 2)
    named = tickers(
        (1, "OLD", date(2010, 1, 4), date(2014, 5, 30)),
        (1, "NEW", date(2014, 6, 2), None),
        (2, "BRK.B", date(2010, 1, 4), None),
        (3, "LATE", date(2014, 6, 3), None),
    )
    dead = named.filter(permaticker=2).with_columns(permaticker=pl.lit(4), isdelisted=True, lastpricedate=date(2014, 5, 1))
    found = companies_at(pl.concat([named, TICKERS.conform(dead)]), day)
    assert found.rows() == [(1, "NEW"), (2, "BRK-B")]


def test_every_company_is_asked_once_in_a_round():
    companies = pl.DataFrame({"permaticker": range(50), "symbol": [f"S{n}" for n in range(50)]})
    days = sessions_between(date(2014, 6, 2), session_offset(date(2014, 6, 2), ROUND - 1))
    asked = [symbol for day in days for symbol in due_on(companies, day)]
    assert sorted(asked) == sorted(companies["symbol"])


def test_a_pull_lands_every_answer_and_no_key(client, store, symbols, vendor):
    records = pull_companies(client, store, symbols[:2], received=NOTHING, session=SESSION)
    assert set(records["dataset"]) == {
        "fmp_income_statement", "fmp_balance_sheet", "fmp_cash_flow", "fmp_key_metrics", "fmp_ratios",
        "fmp_analyst_estimates", "fmp_rating", "fmp_profile",
    }  # fmt: skip
    assert set(records["session"]) == {SESSION}
    assert not records["request"].str.contains(SANDBOX_FMP_LEGACY_KEY).any()
    assert all(store.load(record).content for record in records.iter_rows(named=True))
    assert {request.status for request in vendor.requests} == {200}


def test_answers_with_far_fewer_rows_than_the_last_time_are_refused(client, store, symbols, vendor):
    before = pull_companies(client, store, symbols, received=NOTHING, session=SESSION)
    vendor.inject(FaultKind.SILENT_SAMPLE, table="fmp_income_statement", count=None)
    with pytest.raises(SourceError, match=r"fmp_income_statement: \d+ rows for 6 questions that gave \d+ before"):
        pull_companies(client, store, symbols, received=before, session=SESSION)


def test_empty_answers_for_most_are_refused_and_for_few_are_not(client, store, symbols):
    unknown = [f"QQ{n}X" for n in range(8)]
    with pytest.raises(SourceError, match=r"[89] of 14 questions were answered with no row.*FMP_API_KEY"):
        pull_companies(client, store, [*symbols, *unknown], received=NOTHING, session=SESSION)
    assert pull_companies(client, store, [*symbols, *unknown[:2]], received=NOTHING, session=SESSION).height


def test_news_are_asked_for_all_companies_together(client, store, symbols, vendor):
    records = pl.concat(part.payload_rows for part in pull_news(client, store, symbols, SESSION))
    assert set(records["dataset"]) == {"fmp_news"}
    assert len({request.parameters["symbols"][0] for request in vendor.requests}) == 1


def test_a_backfill_goes_on_where_the_budget_ended_it(vendor, store, symbols, tmp_path):
    """In the midst of ten companies: what was answered is kept, and those that were done are asked no more."""
    companies = pl.DataFrame({"permaticker": range(6), "symbol": symbols})
    parts = [NOTHING]

    def ask(client):
        due = backfill_due(companies, pl.concat(parts))
        parts.extend(pull_histories(client, store, due, received=pl.concat(parts)))

    with _client(vendor, tmp_path, per_day=30) as client, pytest.raises(BudgetError, match="FMP_CALLS_PER_DAY"):
        ask(client)
    done, answered = pl.concat(parts), sum(request.status == 200 for request in vendor.requests)
    assert answered == 30
    assert done.height >= 30 - 7  # of a walk the last page says nothing
    left = backfill_due(companies, done)
    assert 0 < len(left) < 6
    with _client(vendor, tmp_path / "tomorrow") as client:
        ask(client)
    assert backfill_due(companies, pl.concat(parts)) == []
    again = {request.parameters["symbol"][0] for request in vendor.requests[30:]}
    assert again == set(left)


def test_a_company_that_an_evening_asked_is_not_due(client, store, symbols):
    companies = pl.DataFrame({"permaticker": range(6), "symbol": symbols})
    evening = pull_companies(client, store, symbols[:2], received=NOTHING, session=SESSION)
    assert backfill_due(companies, evening) == symbols[2:]
