"""A partition's proof: bounded, repeatable, told in one line."""

from datetime import date

import polars as pl

from kairos.features.core import Feature, FeatureSet
from kairos.features.leaks.gate import prove_year, refusal
from kairos.features.leaks.sample import filled, made_up_tables
from kairos.features.leaks.sampling import common_cuts, own_cuts, sampled_names
from kairos.features.leaks.subject import Subject
from kairos.features.operators import C, wilder
from kairos.features.operators import R as R_OF_PANEL
from kairos.features.plugins import READABLE
from kairos.features.registry import FEATURE_SETS
from kairos.tables.leaks import FEATURE_LEAKS, outcome
from kairos.tables.registry import TABLES
from tests.kairos.features.leaks.cases import KEY, NAME, rows
from tests.kairos.features.leaks.declared import subject_of

R = pl.col("r")


def two(tables):
    return rows(tables).select(*KEY, honest=R.rolling_mean(5).over(NAME), leaky=R.shift(-1).over(NAME))


SUBJECT = Subject("feat_two", ("honest", "leaky"), two)


def of_returns(market):
    return {"daily_returns": market["daily_returns"]}


def test_every_feature_has_a_verdict_under_every_probe_that_means_something(market):
    verdicts = prove_year(SUBJECT, of_returns(market), year=2016)
    assert set(verdicts["feature"]) == {"honest", "leaky"}
    assert set(verdicts["probe"]) >= {"future", "label", "fit_window", "universe"}
    assert set(verdicts.filter(~pl.col("passed"))["feature"]) == {"leaky"}
    assert FEATURE_LEAKS.validate(verdicts).equals(verdicts)


def test_the_same_rows_give_the_same_verdicts(market):
    one, again = (prove_year(SUBJECT, of_returns(market), year=2016) for _ in range(2))
    assert one.equals(again)


def test_the_refusal_names_feature_probe_row_and_what_to_do(market):
    line = refusal(prove_year(SUBJECT, of_returns(market), year=2016))
    assert line.startswith("1 of 2 features of feat_two know what comes later: leaky fails future (")
    assert "permaticker 10" in line
    assert "docs/leaks.md" in line
    assert "\n" not in line


def test_a_year_without_prices_has_no_verdicts_and_passes(market):
    verdicts = prove_year(SUBJECT, of_returns(market), year=2030)
    assert verdicts.is_empty()
    assert outcome(verdicts).passed


def test_the_registry_passes_and_says_how_much_was_tried(market):
    subject = subject_of(FEATURE_SETS["feat_price_action"], year=2016)
    verdicts = outcome(prove_year(subject, of_returns(market), year=2016))
    assert verdicts.passed
    assert verdicts.figures == {"features": 26, "probes": 6, "names": 16, "cuts": 16, "leaks": 0}


AVERAGED = Feature(name="averaged", formula="", expr=wilder(R_OF_PANEL, 5), lookback=79, source="")
LEVEL = Feature(name="level", formula="", expr=C.log(), lookback=79, source="")


def test_where_a_history_begins_is_tried_of_the_features_of_full_windows_alone(market):
    subject = subject_of(FeatureSet("feat_two", "", (AVERAGED, LEVEL)), year=2016)
    assert subject.windowed == ("level",)
    found = prove_year(subject, of_returns(market), year=2016).filter(pl.col("probe") == "as_known")
    assert found.select("feature", "passed", "how").rows() == [("level", False, "history begins later, cut 2016-12-30")]


def test_names_that_die_or_are_new_are_among_those_looked_at(market):
    returns = market["daily_returns"]
    spans = returns.group_by(NAME).agg(pl.col("session").min().alias("began"), pl.col("session").max().alias("ended"))
    names = sampled_names(returns, seed=1, count=8)
    chosen = spans.filter(pl.col(NAME).is_in(names))
    assert len(names) == 8
    assert chosen.filter(pl.col("ended") < returns["session"].max()).height >= 2
    assert chosen.filter(pl.col("began") > returns["session"].min()).height >= 2


def test_cuts_lie_late_at_a_weeks_end_on_the_eve_of_a_death_on_a_day_of_news_and_soon_after_a_listing(market):
    cuts = [cut.session for cut in common_cuts(market, year=2016, seed=5)]
    traded = market["daily_returns"].filter(~pl.col("is_delisting"))
    sessions = traded.filter(pl.col("session").dt.year() == 2016)["session"].unique().sort().to_list()
    assert cuts[0] in sessions[-6:-1]
    assert (sessions[sessions.index(cuts[1]) + 1] - cuts[1]).days > 1
    assert cuts[2] in set(traded.group_by(NAME).agg(pl.col("session").max())["session"])
    assert market["fmp_income_statement"].filter(pl.col("known_at").dt.date() == cuts[3]).height > 0
    listed = traded.group_by(NAME).agg(pl.col("session").min())["session"]
    assert min((cuts[4] - day).days for day in listed if day > listed.min() and day <= cuts[4]) < 95


def test_each_name_has_a_cut_of_its_own_a_dying_one_its_last_price_and_a_new_one_its_first_sessions(market):
    (cut,) = own_cuts(market["daily_returns"], year=2016, seed=5)
    traded = market["daily_returns"].filter(~pl.col("is_delisting"))
    last = dict(traded.group_by(NAME).agg(pl.col("session").max()).iter_rows())
    end = max(last.values())
    assert set(cut.own) == set(last)
    assert all(cut.own[name] == day for name, day in last.items() if date(2016, 1, 1) <= day < end)
    first = dict(traded.group_by(NAME).agg(pl.col("session").min()).iter_rows())
    new = {name: day for name, day in first.items() if day >= date(2016, 1, 1) and last[name] == end}
    assert new
    assert all(0 <= (cut.own[name] - day).days < 95 for name, day in new.items())


def test_the_made_up_market_has_the_columns_of_the_warehouse():
    made = made_up_tables(1, names=12, first=date(2016, 1, 1), last=date(2016, 12, 31))
    for name in set(READABLE) & set(made):
        frame = filled(made[name], TABLES[name].dtypes)
        assert TABLES[name].conform(frame).columns == list(TABLES[name].columns)
        assert frame.height == made[name].height


def test_the_made_up_market_is_the_same_for_the_same_seed():
    span = {"names": 12, "first": date(2016, 1, 1), "last": date(2016, 12, 31)}
    one, again, other = made_up_tables(1, **span), made_up_tables(1, **span), made_up_tables(2, **span)
    assert all(one[name].equals(again[name]) for name in one)
    assert not one["daily_returns"].equals(other["daily_returns"])
