"""The embedded index: the largest companies, replaced as they fall behind or die, in the shape of Sharadar's SP500."""

from itertools import pairwise

import polars as pl

from kairos.sandbox.index import index_rows
from kairos.sandbox.views import VendorView


def rows_at(market, session):
    view = VendorView(market, session)
    return index_rows(market, view.names, session), view


def test_the_present_list_is_dated_today_and_replaced_every_day(demo):
    for session in demo.sessions[-2:]:
        assert rows_at(demo, session)[0].filter(action="current")["date"].unique().to_list() == [session]


def test_its_size_stays_the_same(demo):
    rows, _ = rows_at(demo, demo.last_session)
    counts = rows.filter(pl.col("action").is_in(["current", "historical"])).group_by("date").len()["len"]
    assert set(counts.to_list()) == {rows.filter(action="current").height}


def test_no_member_is_dead(demo):
    rows, view = rows_at(demo, demo.last_session)
    current = rows.filter(action="current").join(view.names, on="permaticker")
    assert (current["lastpricedate"] == demo.last_session).all()


def test_lists_and_changes_tell_of_each_other(demo):
    """From each quarter's list to the next by the changes between them."""
    rows, _ = rows_at(demo, demo.last_session)
    lists = rows.filter(action="historical").group_by("date").agg("permaticker").sort("date").rows()
    assert rows.filter(action="added").height > 3
    for (first, old), (second, new) in pairwise(lists):
        between = rows.filter(pl.col("date") > first, pl.col("date") <= second).sort("date", "action", descending=[False, True])
        members = set(old)
        for _, action, name in (
            between.filter(pl.col("action").is_in(["added", "removed"])).select("date", "action", "permaticker").iter_rows()
        ):
            (members.add if action == "added" else members.remove)(name)
        assert members == set(new)


def test_it_holds_the_larger_companies(demo):
    rows, _ = rows_at(demo, demo.last_session)
    caps = demo.daily.filter(session=demo.last_session)
    members = rows.filter(action="current")["permaticker"].implode()
    inside, outside = (
        caps.filter(part)["marketcap"].median()
        for part in (pl.col("permaticker").is_in(members), ~pl.col("permaticker").is_in(members))
    )
    assert inside > 3 * outside


def test_the_vendor_serves_it_by_action_and_by_date(get):
    current = get("SP500.json", action="current").json()["datatable"]["data"]
    assert len(current) >= 5
    since = get("SP500.json", **{"date.gte": "2013-12-01"}).json()["datatable"]["data"]
    assert {row[1] for row in since} >= {"current"}
    assert get("SP500.json", **{"lastupdated.gte": "2013-12-01"}).json()["quandl_error"]["code"] == "QESx04"
