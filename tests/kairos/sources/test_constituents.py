"""Pulls of the S&P 500's members from the embedded vendor: what is asked when, and that no answer cut short is taken."""

import json
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from pydantic import SecretStr

from kairos.calendar import FixedClock, prices_known_at
from kairos.errors import PlanError, SourceError
from kairos.frames import stack
from kairos.sandbox.faults import FaultKind
from kairos.sandbox.market import generate
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.sources.constituents import check_adds_up, check_listed_again, check_no_sample, pull_constituents
from kairos.sources.landing import land
from kairos.sources.pace import RetryPolicy
from kairos.sources.payloads import Payload, PayloadStore
from kairos.sources.sharadar import SharadarClient
from kairos.tables.raw import RAW_PAYLOADS

MARKET = generate("tiny", 3, names=80)
THURSDAY, FRIDAY = (next(day for day in reversed(MARKET.sessions) if day.weekday() == weekday) for weekday in (3, 4))
EARLIER = MARKET.sessions[MARKET.sessions.index(FRIDAY) - 6]


class Home:
    """A vendor and what has been received from it."""

    def __init__(self, server, clock, client, store):
        self.server, self.clock, self.client, self.store = server, clock, client, store
        self.received, self.trading = RAW_PAYLOADS.empty(), 0

    def pull(self, session, *, later=timedelta(0)):
        self.clock.instant = prices_known_at(session) + timedelta(hours=3) + later
        rows = pull_constituents(self.client, self.store, session, received=self.received, trading=self.trading)
        self.received = stack(self.received, rows.with_columns(session=pl.lit(session)))
        return rows


@pytest.fixture
def home(tmp_path):
    clock = FixedClock(prices_known_at(EARLIER) + timedelta(hours=3))
    with (
        VendorServer(MARKET, clock) as server,
        SharadarClient(server.base_url, SecretStr(SANDBOX_KEY), clock=clock, policy=RetryPolicy(max_wait_s=0.3)) as client,
    ):
        yield Home(server, clock, client, PayloadStore(tmp_path))


def asked(home, since):
    return [
        {name: values[0] for name, values in request.parameters.items() if not name.startswith("qopts")}
        for request in home.server.requests[since:]
    ]


def test_the_whole_table_is_asked_for_first_and_at_the_end_of_a_week(home):
    home.pull(EARLIER)
    assert asked(home, 0) == [{"action": "current"}, {}]
    home.pull(THURSDAY)
    assert asked(home, 2) == [{"action": "current"}, {"date.gte": (THURSDAY - timedelta(days=7)).isoformat()}]
    home.pull(FRIDAY)
    assert asked(home, 4) == [{"action": "current"}, {}]


def test_every_list_received_is_kept(home):
    home.pull(THURSDAY)
    home.pull(FRIDAY)
    lists = home.received.filter(pl.col("request").str.contains("action=current"))
    assert lists["payload_id"].n_unique() == 2


CUT = (
    (FaultKind.EMPTY_TABLE, 1, "0 present members, expected about 18"),
    (FaultKind.SILENT_SAMPLE, None, r"\d+ present members, expected about 18"),
    (FaultKind.SKIPPED_ROWS, 1, "9 present members, expected about 18"),
)


@pytest.mark.parametrize(("kind", "count", "said"), CUT, ids=[kind.value for kind, *_ in CUT])
def test_a_present_list_cut_short_is_refused_with_its_counts(home, kind, count, said):
    home.pull(EARLIER)
    home.server.inject(kind, table="SP500", count=count)
    with pytest.raises(SourceError, match=f"sp500: {said}.*nothing was written"):
        home.pull(FRIDAY)


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_TABLE, FaultKind.SKIPPED_ROWS, FaultKind.SILENT_SAMPLE])
@pytest.mark.parametrize("session", [THURSDAY, FRIDAY], ids=["sweep", "whole"])
def test_a_sweep_or_a_whole_table_cut_short_is_refused(home, kind, session):
    home.pull(EARLIER)
    home.server.inject(kind, table="SP500", count=1, after=1)
    with pytest.raises(SourceError, match=r"sp500: \d+ of 18 present members are not among the \d+ rows"):
        home.pull(session)


def test_a_first_pull_that_is_a_sample_is_refused_where_the_market_is_known_to_be_whole(home):
    home.server.inject(FaultKind.SILENT_SAMPLE, table="SP500", count=None)
    home.trading = 6_000
    with pytest.raises(PlanError, match=r"sp500: \d present members where 6000 securities trade, expected about 500"):
        home.pull(EARLIER)
    assert home.received.is_empty()


@pytest.mark.parametrize(("members", "trading"), [(503, 6_000), (451, 6_000), (18, 1_999), (18, 0)])
def test_a_first_list_is_taken_where_it_is_whole_or_nobody_can_know(members, trading):
    check_no_sample(pl.DataFrame({"ticker": [f"T{number}" for number in range(members)]}), trading=trading)


def test_a_first_pull_that_is_a_sample_of_all_is_noticed_by_nothing_but_its_size(home):
    """A sample that is the same in every answer agrees with itself: only an earlier list tells, or a whole market."""
    home.server.inject(FaultKind.SILENT_SAMPLE, table="SP500", count=None)
    rows = home.pull(EARLIER)
    assert int(rows.filter(pl.col("request").str.contains("action=current"))["rows"].sum()) < 18


def test_a_table_whose_lists_and_changes_disagree_is_refused(home):
    home.clock.instant = prices_known_at(FRIDAY) + timedelta(hours=3)
    rows = land(home.client.whole("sp500"), home.store).rows
    check_adds_up(rows)
    quarter = rows.filter(action="historical")["date"].max()
    lost = rows.filter(~((pl.col("date") == quarter) & (pl.col("row") % 2 == 0)))
    with pytest.raises(SourceError, match=r"18 present members, and \d+ by the list of .* \d+ names are only in one"):
        check_adds_up(lost)
    with pytest.raises(SourceError, match="no list of a quarter's end among its 18 rows"):
        check_adds_up(rows.filter(action="current"))


def test_members_that_are_dated_before_the_span_are_not_expected_in_it(home):
    rows = land(home.client.rows_where("sp500", action="current"), home.store).rows
    check_listed_again(rows, rows.clear(), since=FRIDAY + timedelta(days=30))


def test_a_change_announced_ahead_is_kept(tmp_path):
    """Sent days before it takes effect, as the vendor does."""
    ahead = FRIDAY + timedelta(days=12)
    columns = ["date", "action", "ticker", "name", "contraticker", "contraname", "note"]
    row = [str(ahead), "added", "AAA", "AAA CO", "N/A", "N/A", "Announced"]
    body = {"datatable": {"data": [row], "columns": [{"name": name} for name in columns]}, "meta": {"next_cursor_id": None}}
    payload = Payload(
        "sharadar", "sp500", "datatables/SHARADAR/SP500.json?", json.dumps(body).encode(), prices_known_at(FRIDAY)
    )
    landed = land([payload], PayloadStore(tmp_path))
    assert (landed.rows["date"].to_list(), landed.rejects.height) == ([ahead], 0)


class Respaced:
    """The vendor's client; `told` is a space more or less in what it says, so that the same rows come in other bytes."""

    def __init__(self, client):
        self.client, self.told = client, 0

    def _other(self, payloads):
        return [replace(one, content=one.content + b" " * self.told) for one in payloads]

    def rows_where(self, dataset, **filters):
        return self._other(self.client.rows_where(dataset, **filters))

    def whole(self, dataset):
        return self._other(self.client.whole(dataset))

    def updated_since(self, dataset, day):
        return self._other(self.client.updated_since(dataset, day))


@pytest.mark.parametrize("session", [THURSDAY, FRIDAY])
def test_a_list_that_comes_back_is_a_delivery_of_its_own(home, session):
    home.pull(EARLIER)
    home.client = Respaced(home.client)
    last = []
    for turn, told in enumerate((0, 1, 1, 0, 0)):
        home.client.told = told
        rows = home.pull(session, later=timedelta(hours=turn))
        home.received = home.received.unique("payload_id", keep="first", maintain_order=True)
        last.append(rows["payload_id"].to_list())
    for answers in zip(*last, strict=True):  # the present list, and what it is compared with
        assert [answers.index(payload_id) for payload_id in answers] == [0, 1, 1, 3, 3]
        assert home.received.filter(payload_id=answers[-1])["fetched_at"].item() == prices_known_at(session) + timedelta(
            hours=6
        )
