import hashlib
from datetime import timedelta

import polars as pl
import pytest

from kairos.sandbox.consensus import estimate_rows
from kairos.sandbox.estimates import weekly_sessions
from kairos.sandbox.feeds import FEEDS
from kairos.sandbox.market import generate
from kairos.sandbox.sizes import SIZES, MarketSize
from kairos.sandbox.world import make_world, world_parts

c = pl.col
BEFORE = {  # of the tiny market of seed 3 before it had any feed
    "securities": "d70ab973f78e6140",
    "symbols": "4b509e649238c8d5",
    "bars": "b993aaf3026c3258",
    "daily": "9c6b1f8e024b147d",
    "events": "789fb1f1a7e5ce91",
    "corrections": "fd3ef710fc78880d",
}


def digest(frame):
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", list(BEFORE))
def test_the_feeds_change_nothing_that_was_there_before(tiny, name):
    assert digest(tiny.frames()[name]) == BEFORE[name]


@pytest.mark.parametrize("name", FEEDS)
def test_the_same_seed_makes_the_same_feed(tiny, name):
    again = generate("tiny", 3).frames()[name]
    assert again.height > 0
    assert digest(again) == digest(tiny.frames()[name])


@pytest.mark.parametrize("name", FEEDS)
def test_feeds_hold_no_nulls_and_no_nonsense(demo, name):
    frame = demo.frames()[name]
    assert sum(frame.null_count().row(0)) == 0
    floats = [column for column in frame.iter_columns() if column.dtype == pl.Float64]
    assert all(column.is_finite().all() for column in floats)


def test_without_alpha_the_reports_come_on_the_same_days(tiny):
    plain = generate("tiny", 3, alpha=False)
    assert plain.filings["accepted_at"].to_list() == tiny.filings["accepted_at"].to_list()


def test_a_market_of_several_chunks_has_feeds_for_all():
    market = generate(MarketSize(520, SIZES["tiny"].first, SIZES["tiny"].last), 2)
    assert market.estimates["permaticker"].n_unique() > 470
    assert market.filings["permaticker"].n_unique() > 470


def states(seed):
    world = make_world(SIZES["demo"], seed)
    weeks = weekly_sessions(world.size.sessions)
    days = [world.size.sessions[i] for i in weeks]
    frames = [
        pl.DataFrame({"permaticker": number, "session": days, "state": part.latent.revisions[-len(part.free) :][weeks, i]})
        for part in world_parts(world)
        for i, number in enumerate(part.permaticker.tolist())
    ]
    return pl.concat(frames)


def test_four_weeks_of_revisions_carry_the_latent_state(demo):
    before = c("earnings").shift(4).over("permaticker")
    revised = demo.estimates.with_columns(change=(c("earnings") - before) / before.abs()).drop_nulls("change")
    joined = revised.join(states(3), on=["permaticker", "session"])
    whole = joined.select(pl.corr("change", "state", method="spearman")).item()
    by_week = joined.group_by("session").agg(pl.corr("change", "state", method="spearman").alias("ic"))["ic"].mean()
    assert 0.6 < whole < 0.8
    assert 0.6 < by_week < 0.8


def test_estimates_are_seen_once_a_week_while_a_name_trades(demo):
    weeks = [demo.sessions[i] for i in weekly_sessions(demo.sessions)]
    lives = demo.securities.select("permaticker", "first_session", c("last_session").fill_null(demo.last_session))
    joined = demo.estimates.join(lives, on="permaticker")
    assert set(demo.estimates["session"]) <= set(weeks)
    assert joined.select(c("session").is_between("first_session", "last_session").all()).item()


@pytest.fixture(scope="module")
def asked(demo):
    name = demo.filings["permaticker"].mode().min()
    return lambda session: pl.DataFrame({"permaticker": [name], "known": [session], "symbol": ["ZQXA"]})


def test_a_reported_period_keeps_its_last_consensus(demo, asked):
    number = asked(demo.last_session)["permaticker"][0]
    period = demo.periods.filter(c("permaticker") == number, c("period") == "Q1", c("period_end").dt.year() == 2015).row(
        0, named=True
    )
    reported = period["reported_at"].date()
    later = [day for day in demo.sessions if day > reported + timedelta(days=10)]
    seen = [
        estimate_rows(demo, asked(day)).filter(c("period_end") == period["period_end"], c("period") == "Q1")["netIncomeAvg"][0]
        for day in (later[0], later[60], later[200])
    ]
    open_days = [day for day in demo.sessions if day < reported - timedelta(days=10)]
    earlier = [
        estimate_rows(demo, asked(day)).filter(c("period_end") == period["period_end"], c("period") == "Q1")["netIncomeAvg"][0]
        for day in (open_days[-1], open_days[-30])
    ]
    assert len(set(seen)) == 1
    assert len(set(earlier)) == 2


def test_the_consensus_of_an_evening_is_the_last_weeks(demo, asked):
    week = demo.sessions[weekly_sessions(demo.sessions)[100]]
    index = demo.sessions.index(week)
    at, after, before = (estimate_rows(demo, asked(demo.sessions[index + step])) for step in (0, 1, -1))
    last = c("period_end") == at["period_end"].max()
    assert at.filter(last)["netIncomeAvg"].to_list() == after.filter(last)["netIncomeAvg"].to_list()
    assert at.filter(last)["netIncomeAvg"].to_list() != before.filter(last)["netIncomeAvg"].to_list()


def test_estimates_per_share_follow_a_split_and_totals_do_not(demo):
    split = demo.events.filter(c("action") == "split").join(demo.estimates.select("permaticker").unique(), on="permaticker")
    row = split.filter(c("session") > demo.sessions[300]).row(0, named=True)
    index = demo.sessions.index(row["session"])
    weeks = {demo.sessions[i] for i in weekly_sessions(demo.sessions)}
    ask = lambda day: pl.DataFrame({"permaticker": [row["permaticker"]], "known": [day], "symbol": ["ZQXA"]})  # noqa: E731
    before, after = (estimate_rows(demo, ask(demo.sessions[i])).filter(period="FY") for i in (index - 1, index))
    joined = before.join(after, on="period_end", suffix="_after").filter(c("epsAvg").abs() > 0.05)
    ratio = joined["epsAvg"] / joined["epsAvg_after"]
    assert ratio.median() == pytest.approx(row["value"], rel=0.05)
    if row["session"] not in weeks:
        assert joined["netIncomeAvg"].to_list() == joined["netIncomeAvg_after"].to_list()


def test_ratings_follow_the_accounts_and_sometimes_change_in_between(demo):
    served = demo.filings.filter(c("period") != "FY").select(
        "permaticker", session=c("served_at").dt.convert_time_zone("America/New_York").dt.date()
    )
    own = demo.ratings.join(served, on=["permaticker", "session"], how="anti")
    years = len(demo.sessions) / 252 * served["permaticker"].n_unique()
    profitable = demo.ratings.join(
        demo.filings.filter(version=1, period="Q4").select("permaticker", session="filing_date", roe="net_income"),
        on=["permaticker", "session"],
    )
    means = profitable.group_by(c("roe") > 0).agg(c("rating_score").mean()).sort("roe")["rating_score"]
    assert 1 < own.height / years < 2.5
    assert means[1] > means[0] + 1
    assert set(demo.ratings["rating_score"]) == {1, 2, 3, 4, 5}


def test_news_bursts_around_jumps(demo):
    told = demo.news.filter(c("kind") != "results").select(
        "permaticker", session=c("published_at").dt.convert_time_zone("America/New_York").dt.date()
    )
    counts = told.group_by("permaticker", "session").len()
    days = demo.bars.select("permaticker", "session", size=c("total_return").abs()).drop_nulls()
    joined = days.join(counts, on=["permaticker", "session"], how="left").with_columns(c("len").fill_null(0))
    wild = joined.filter(c("size") > 0.12)["len"].mean()
    calm = joined.filter(c("size") < 0.02)["len"].mean()
    assert wild > 40 * calm
    assert 0.02 < calm < 0.05


def test_rating_actions_lean_with_the_jump(demo):
    action = demo.news.filter(kind="action").with_columns(
        session=c("published_at").dt.convert_time_zone("America/New_York").dt.date()
    )
    joined = action.join(demo.bars.select("permaticker", "session", "total_return"), on=["permaticker", "session"])
    large = joined.filter(c("total_return").abs() > 0.08)
    assert large.height > 100
    assert (large["tone"] * large["total_return"].sign() > 0).mean() > 0.7


def test_disclosures_come_out_after_the_trade(demo):
    assert (demo.congress["reported"] - demo.congress["traded"]).dt.total_days().min() >= 10
    assert (demo.insiders["filed"] > demo.insiders["traded"]).all()
    for frame, day in ((demo.congress, "reported"), (demo.insiders, "filed")):
        assert (frame["uploaded_at"].dt.convert_time_zone("America/New_York").dt.date() >= frame[day]).all()
