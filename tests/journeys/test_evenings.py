"""Evenings of the feeds, without processes: no answer cut short is taken, and a budget's end is where they go on."""

import shutil
from datetime import date

import polars as pl
import pytest

from kairos.errors import BudgetError, SourceError
from kairos.sandbox.access import FMP_PLANS, Plan
from kairos.sandbox.faults import FaultKind
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from kairos.sources.measured import measured, with_measure
from kairos.sources.unfinished import Evening, unfinished
from kairos.tables.market import TICKERS
from tests.journeys.equality import assert_equal_contents
from tests.journeys.faulty_vendor import BY, SECRET, MovingClock, evening
from tests.journeys.feed_home import FeedHome

MARKET = generate("tiny", 3)
SESSIONS = MARKET.sessions
LAST = date(2013, 11, 5)  # in the days before it the embedded market has filings and news to be told again
BEFORE, EVE = (SESSIONS[SESSIONS.index(LAST) - back] for back in (5, 1))  # a round before: the same companies are asked
FMP = {"enable_sf1": False, "quiver_api_key": None}
SHARADAR = {"enable_fmp": False, "quiver_api_key": None}
QUIVER = {"enable_fmp": False, "enable_sf1": False}


def tickers():
    lives = MARKET.securities.select("permaticker", "first_session", "last_session")
    borne = MARKET.symbols.sort("valid_from").join(lives, on="permaticker")
    known = {"source": "sharadar", "known_source": "assumed"}
    rows = borne.with_columns(
        pl.when(pl.col("valid_to") < SESSIONS[-1]).then("valid_to").alias("valid_to"),
        isdelisted=pl.col("last_session").is_not_null(),
        lastpricedate="last_session",
        known_at=pl.lit(evening(SESSIONS[0])),
        **{name: pl.lit(value) for name, value in known.items()},
    )
    bare = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TICKERS.dtypes.items() if name not in rows.columns]
    return TICKERS.conform(rows.with_columns(bare))


@pytest.fixture(scope="module")
def vendor():
    clock = MovingClock(evening(BEFORE))
    with pytest.MonkeyPatch.context() as patch, VendorServer(MARKET, clock, key=SECRET) as server:
        patch.setitem(FMP_PLANS, SECRET, Plan.LEGACY)
        yield server, clock


@pytest.fixture(scope="module")
def known(vendor, tmp_path_factory):
    """A home that has asked every feed on the sessions before the last."""
    home = FeedHome(tmp_path_factory.mktemp("known") / "home", vendor[0])
    home.warehouse.replace(TICKERS, tickers(), partition={}, commit=BY)
    for session in (BEFORE, EVE):
        vendor[1].at = evening(session)
        home.evening(session)
    return home


@pytest.fixture
def home(known, vendor, tmp_path):
    vendor[0].clear_faults()
    vendor[1].at = evening(LAST)
    copied = known.copied(tmp_path / "home")
    shutil.rmtree(copied.folder / "budgets")  # as if it were another day
    yield copied
    vendor[0].clear_faults()


CUT = [
    ("SF1", FaultKind.EMPTY_TABLE, SHARADAR, r"sf1: 0 of \d+ rows since .* have come again, among 0"),
    ("SF1", FaultKind.SILENT_SAMPLE, SHARADAR, r"sf1: \d+ of \d+ rows since .* have come again, among \d+"),
    ("SF1", FaultKind.SKIPPED_ROWS, SHARADAR, r"sf1: \d+ of \d+ rows since .* have come again"),
    ("fmp_news", FaultKind.EMPTY_TABLE, FMP, r"fmp_news: 0 of \d+ rows since .* have come again, among 0"),
    ("fmp_social", FaultKind.SILENT_SAMPLE, FMP, r"fmp_social: \d+ rows for \d+ questions that gave \d+ before"),
    ("fmp_social", FaultKind.SHORT_PAGE, FMP, r"fmp_social: \d+ rows for \d+ questions that gave \d+ before"),
    ("quiver_social", FaultKind.SILENT_SAMPLE, QUIVER, r"quiver_social: \d+ rows for \d+ questions that gave \d+ before"),
    ("quiver_social", FaultKind.SHORT_PAGE, QUIVER, r"quiver_social: \d+ rows for \d+ questions that gave \d+ before"),
]


@pytest.mark.parametrize("course", CUT, ids=[f"{table}-{kind.value}" for table, kind, *_ in CUT])
def test_an_answer_cut_short_is_refused_with_its_counts(home, vendor, course):
    table, kind, alone, said = course
    before = home.received()
    vendor[0].inject(kind, table=table, count=None)
    with pytest.raises(SourceError, match=f"{said}.*nothing was written"):
        home.evening(LAST, **alone)
    assert home.received().equals(before)
    vendor[0].clear_faults()
    home.evening(LAST, **alone)
    assert home.received().height > before.height


@pytest.mark.parametrize("table", ["quiver_congress", "quiver_insiders"])
def test_quivers_day_before_is_asked_again_and_must_hold_what_it_held(home, vendor, table):
    vendor[0].inject(FaultKind.EMPTY_TABLE, table=table, count=1)  # the first question is about the day before
    with pytest.raises(SourceError, match=rf"{table}: \d+ rows for \d+ questions that gave [1-9]\d+ before"):
        home.evening(LAST, **QUIVER)


def test_a_first_evening_is_told_to_be_unmeasured_in_plain_words(known):
    received = known.received()
    first = received.filter(session=BEFORE)
    outcome = measured(with_measure(first, received.clear()))
    assert not outcome.passed
    for feed in ("sf1", "fmp_news", "fmp_social", "quiver_social"):
        assert f"{feed}: " in outcome.summary
    assert "nothing received before tells how many rows there should be" in outcome.summary


def test_a_later_evening_is_measured_by_the_earlier_ones(home):
    before = home.received()
    home.evening(LAST)
    pulled = home.received().join(before, on="payload_id", how="anti")
    outcome = measured(with_measure(pulled, before))
    assert outcome.figures["sf1_measured"] == "1 of 1"
    assert outcome.figures["fmp_news_measured"] == "1 of 1"


# ---- a budget that ends in the middle


@pytest.mark.parametrize("per_day", [5, 11, 23])
def test_an_evening_that_uses_up_the_day_goes_on_where_it_stopped(home, vendor, known, tmp_path, per_day):
    calm = known.copied(tmp_path / "calm")
    began = len(vendor[0].requests)
    calm.evening(LAST, **FMP)
    whole = len(vendor[0].requests) - began
    began = len(vendor[0].requests)
    with pytest.raises(BudgetError, match=f"the day's {per_day} calls are used up"):
        home.evening(LAST, **FMP, fmp_calls_per_day=per_day)
    assert unfinished(home.folder) == [LAST]
    with pytest.raises(BudgetError):  # the same day again: nothing is asked, nothing lost
        home.evening(LAST, **FMP, fmp_calls_per_day=per_day)
    assert len(vendor[0].requests) - began == per_day
    home.evening(LAST, **FMP)
    assert len(vendor[0].requests) - began < whole + 10  # no more than the company it stopped at is asked again
    assert unfinished(home.folder) == []
    assert_equal_contents(home.made(), calm.made())
    assert set(home.received()["payload_id"]) == set(calm.received()["payload_id"])


def test_what_had_come_before_the_end_of_the_budget_is_recorded(home):
    before = home.received()
    with pytest.raises(BudgetError):
        home.evening(LAST, fmp_calls_per_day=11)
    new = home.received().join(before, on="payload_id", how="anti")
    assert set(new["session"]) == {LAST}
    assert {"sf1"} <= set(new["dataset"])  # other vendors are not held up by this one's budget
    assert any(name.startswith("company ") for name in Evening(home.folder, LAST).asked())


def test_evenings_are_noted_by_session(tmp_path):
    for day in (date(2014, 3, 4), date(2014, 3, 3)):
        Evening(tmp_path, day).note(["company A"])
    Evening(tmp_path, date(2014, 3, 3)).note(["company B"])
    assert unfinished(tmp_path) == [date(2014, 3, 3), date(2014, 3, 4)]
    assert Evening(tmp_path, date(2014, 3, 3)).asked() == {"company A", "company B"}
    Evening(tmp_path, date(2014, 3, 3)).done()
    assert unfinished(tmp_path) == [date(2014, 3, 4)]
