"""From raw rows to versions with the instant each was known."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.fundamentals.versions import (
    STATEMENTS,
    estimate_versions,
    news_versions,
    profile_versions,
    rating_versions,
    statement_versions,
)
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.fundamentals import FMP_INCOME_STATEMENT, FMP_KEY_METRICS
from tests.kairos.fundamentals.raw_made_up import EPOCH, NAMES, income, payloads, raw, sf1, tickers

NO_SF1 = RAW_FEEDS["sf1"].empty()
NO_INCOME = RAW_FEEDS["fmp_income_statement"].empty()
LATER = datetime(2018, 6, 1, tzinfo=UTC)
WEEKS = [LATER + timedelta(days=7 * week) for week in range(3)]


def incomes(*rows, others=NO_SF1, names=NAMES):
    return statement_versions(FMP_INCOME_STATEMENT, raw("fmp_income_statement", *rows), others, names)


def known(cleaned):
    return cleaned.rows.select("revenue", "known_at", "known_source", "source").rows()


def utc(*when):
    return datetime(*when, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "instant", "source"),
    [
        ({"accepted": "2018-02-14 16:07:42"}, utc(2018, 2, 14, 21, 7, 42), "vendor"),
        ({"accepted": "2018-07-14 16:07:42", "at": LATER + timedelta(days=99)}, utc(2018, 7, 14, 20, 7, 42), "vendor"),
        ({"accepted": None, "filing_date": date(2018, 2, 16)}, utc(2018, 2, 20, 14, 30), "vendor"),
        ({"accepted": "2018-02-14 00:00:00"}, utc(2018, 2, 15, 14, 30), "vendor"),
        ({"accepted": None}, utc(2018, 4, 2, 13, 30), "assumed"),
        ({"accepted": "2017-12-31 09:00:00"}, utc(2018, 4, 2, 13, 30), "assumed"),
        ({"accepted": "2018-07-14 16:07:42"}, LATER, "observed"),
    ],
    ids=[
        "accepted",
        "summer",
        "filed before a long weekend",
        "midnight",
        "no stamp",
        "stamp by the period's end",
        "seen first",
    ],
)
def test_a_statement_is_known_from_its_stamp(sent, instant, source):
    made = incomes(income(**{"at": LATER, "revenue": 5.0, **sent}))
    assert known(made) == [(5.0, instant, source, "fmp")]


def test_a_fact_seen_again_unchanged_makes_no_new_version():
    made = incomes(*(income(at=LATER + timedelta(days=day), revenue=5.0) for day in range(4)))
    assert (made.rows.height, made.repeated, made.quarantine.height) == (1, 3, 0)
    assert made.rows["fetched_at"][0] == LATER


def test_other_facts_under_the_same_stamp_are_known_from_their_receipt():
    again = LATER + timedelta(days=3)
    made = incomes(income(at=LATER, revenue=5.0), income(at=again, revenue=6.0))
    assert known(made) == [(5.0, utc(2018, 2, 14, 21, 7, 42), "vendor", "fmp"), (6.0, again, "observed", "fmp")]


def test_an_amendment_supersedes_from_its_own_stamp_alone():
    amended = income(at=LATER, accepted="2018-03-20 10:00:00", revenue=6.0)
    both = incomes(income(at=LATER, revenue=5.0), amended)
    assert known(both) == [
        (5.0, utc(2018, 2, 14, 21, 7, 42), "vendor", "fmp"),
        (6.0, utc(2018, 3, 20, 14, 0), "vendor", "fmp"),
    ]


def test_an_older_stamp_after_a_newer_one_is_known_from_its_receipt():
    again = LATER + timedelta(days=3)
    made = incomes(income(at=LATER, accepted="2018-03-20 10:00:00", revenue=6.0), income(at=again, revenue=5.0))
    assert known(made)[1] == (5.0, again, "observed", "fmp")


def test_an_answer_that_says_two_things_of_one_period_is_set_aside():
    made = incomes(income(at=LATER, revenue=5.0), income(at=LATER, revenue=6.0))
    assert made.rows.is_empty()
    assert made.quarantine["reason"].to_list() == ["conflicting_duplicate"] * 2


def test_bad_rows_are_set_aside_with_their_reasons():
    made = incomes(
        income("LOST", at=LATER),
        income(end=date(2018, 9, 30), at=LATER),
        income(period="H1", at=LATER),
        income("BRK-B", at=LATER),
    )
    assert sorted(made.quarantine["reason"]) == ["period_after_receipt", "unknown_period", "unmapped_symbol"]
    assert made.rows["permaticker"].to_list() == [2]


def test_per_share_facts_stand_on_the_split_basis_of_the_day_they_were_fetched():
    made = incomes(income(at=LATER, eps=2.0), income(at=LATER + timedelta(days=30), eps=1.0))
    assert made.rows["split_basis"].to_list() == [date(2018, 5, 31), date(2018, 6, 30)]


# ---- symbols


def test_a_symbol_means_the_security_that_bore_it_when_it_was_fetched():
    names = tickers(
        (1, "AAA", date(2000, 1, 3), date(2017, 1, 31)), (9, "AAA", date(2018, 3, 1), None), (1, "NEW", date(2017, 2, 1), None)
    )
    made = incomes(
        income("AAA", date(2016, 6, 30), period="Q2", accepted="2016-08-01 09:00:00", at=utc(2016, 8, 2)),
        income("AAA", date(2018, 3, 31), period="Q1", accepted="2018-05-01 09:00:00", at=LATER),
        income("NEW", date(2016, 9, 30), period="Q3", accepted="2016-11-01 09:00:00", at=LATER),
        names=names,
    )
    assert made.rows.select("permaticker", "symbol").rows() == [(1, "AAA"), (1, "NEW"), (9, "AAA")]


def test_what_is_told_long_after_a_security_died_is_not_about_it():
    ends = (date(2016, 6, 30), date(2017, 12, 31))
    made = incomes(*(income("CCC", end, at=LATER, accepted=f"{end + timedelta(days=40)} 09:00:00") for end in ends))
    assert made.rows["period_end"].to_list() == [ends[0]]
    assert made.quarantine["reason"].to_list() == ["unmapped_symbol"]


def test_a_dead_security_is_found_under_the_number_the_vendor_gives_it():
    names = tickers((1, "AAA", date(2000, 1, 3), date(2010, 1, 29)), (9, "AAA", date(2015, 3, 2), None))
    rows = raw("sf1", sf1("AAA1", date(2009, 9, 30), datekey=date(2009, 11, 2), at=LATER), sf1("AAA", at=LATER))
    made = incomes(others=rows, names=names)
    assert made.rows.select("permaticker", "period_end").rows() == [(1, date(2009, 9, 30)), (9, date(2017, 12, 31))]


# ---- SF1


def test_sf1_is_known_a_session_after_its_datekey_and_trailing_rows_stay_out():
    rows = [
        sf1(dimension=kind, at=LATER, revenue=value) for kind, value in (("ARQ", 1.0), ("ARY", 4.0), ("ART", 4.0), ("MRQ", 2.0))
    ]
    made = incomes(others=raw("sf1", *rows))
    opening = utc(2018, 2, 15, 14, 30)
    assert made.rows.select("period", "revenue", "known_at", "known_source", "source").rows() == [
        ("FY", 4.0, opening, "assumed", "sharadar"),
        ("Q4", 1.0, opening, "assumed", "sharadar"),
    ]


def test_where_fmp_was_seen_arriving_it_stands_and_elsewhere_sf1_does():
    live = utc(2018, 2, 15, 2, 0)
    others = raw("sf1", sf1(at=LATER, revenue=5.5))
    seen = incomes(income(at=live, revenue=5.0), others=others)
    assert known(seen) == [(5.0, utc(2018, 2, 14, 21, 7, 42), "vendor", "fmp")]
    backfilled = incomes(income(at=LATER, revenue=5.0), others=others)
    assert known(backfilled) == [(5.5, utc(2018, 2, 15, 14, 30), "assumed", "sharadar")]
    restated = LATER + timedelta(days=1)
    changed = incomes(income(at=LATER, revenue=5.0), income(at=restated, revenue=7.0), others=others)
    assert known(changed)[1:] == [(7.0, restated, "observed", "fmp")]


def test_fmp_wins_at_an_equal_known_at():
    old, new = LATER, LATER + timedelta(days=1)
    both = raw("sf1", sf1(at=old, revenue=5.5), sf1(at=new, revenue=5.6))
    made = incomes(income(at=old, revenue=5.0), income(at=new, revenue=7.0), others=both)
    assert [row for row in known(made) if row[1] == new] == [(7.0, new, "observed", "fmp")]


@pytest.mark.parametrize("table", STATEMENTS, ids=[table.name for table in STATEMENTS])
def test_sf1_fills_every_statement_table(table):
    stamps = NO_INCOME if "accepted_at" not in table.columns else None
    rows = raw("sf1", sf1(at=LATER, netinc=1.0, assets=2.0, ncfo=3.0, marketcap=4.0, grossmargin=0.5, debt=7.0, cashneq=3.0))
    made = statement_versions(table, RAW_FEEDS[table.name].empty(), rows, NAMES, raw_income=stamps)
    assert made.rows.height == 1
    assert table.validate(made.rows).equals(made.rows)
    if "net_debt" in table.columns:
        assert made.rows["net_debt"][0] == 4.0


def test_metrics_take_the_stamp_of_their_income_statement():
    row = {"symbol": "AAA", "date": date(2017, 12, 31), "period": "Q4", "market_cap": 9.0, "at": LATER}
    other = {**row, "date": date(2017, 9, 30), "period": "Q3"}
    stamps = raw("fmp_income_statement", income(at=LATER))
    made = statement_versions(FMP_KEY_METRICS, raw("fmp_key_metrics", row, other), NO_SF1, NAMES, raw_income=stamps)
    assert made.rows.select("period", "known_at", "known_source").rows() == [
        ("Q3", utc(2017, 12, 29, 14, 30), "assumed"),
        ("Q4", utc(2018, 2, 14, 21, 7, 42), "vendor"),
    ]


# ---- any order, any repetition


def test_two_hundred_payloads_in_any_order_and_any_repetition_give_identical_tables():
    delivered = payloads(200, seed=5)
    assert len(delivered) >= 195
    others = raw(
        "sf1",
        *(
            sf1(end=end, datekey=end + timedelta(days=45), at=LATER, revenue=55.0)
            for end in (date(2017, 6, 30), date(2017, 9, 30))
        ),
    )
    first = statement_versions(FMP_INCOME_STATEMENT, pl.concat(delivered), others, NAMES)
    assert first.rows.height > 60
    assert first.quarantine.filter(pl.col("reason") == "unmapped_symbol").height > 60
    for seed in range(6):
        chance = np.random.default_rng(seed)
        again = [delivered[place] for place in [*chance.permutation(len(delivered)), *chance.integers(0, len(delivered), 50)]]
        made = statement_versions(
            FMP_INCOME_STATEMENT, pl.concat(again).sample(fraction=1, shuffle=True, seed=seed), others, NAMES
        )
        assert made.rows.equals(first.rows)
        key = ["payload_id", "row"]
        assert made.quarantine.sort(key).equals(first.quarantine.sort(key))


def test_every_row_is_kept_repeated_or_set_aside():
    given = pl.concat(payloads(40, seed=8))
    made = statement_versions(FMP_INCOME_STATEMENT, given, NO_SF1, NAMES)
    assert made.rows.height + made.rejected + made.repeated == given.height


def test_later_payloads_change_nothing_of_what_was_observed_before_them():
    delivered = payloads(60, seed=9)
    cut = EPOCH + timedelta(hours=7 * 30)
    early = [frame for frame in delivered if frame["fetched_at"][0] <= cut]
    so_far = statement_versions(FMP_INCOME_STATEMENT, pl.concat(early), NO_SF1, NAMES).rows
    whole = statement_versions(FMP_INCOME_STATEMENT, pl.concat(delivered), NO_SF1, NAMES).rows
    assert whole.filter(pl.col("fetched_at") <= cut).equals(so_far)


# ---- snapshots


def weekly(dataset, row, **facts):
    """The same row week by week, with each fact's value of the week."""
    weeks = zip(*facts.values(), strict=True)
    rows = ({**row, **dict(zip(facts, week, strict=True)), "at": WEEKS[place]} for place, week in enumerate(weeks))
    return raw(dataset, *rows)


def test_estimates_ratings_and_profiles_are_known_from_the_snapshot_that_first_showed_them():
    forecast = {"symbol": "AAA", "date": date(2018, 12, 31), "period": "annual"}
    made = estimate_versions(weekly("fmp_analyst_estimates", forecast, eps_avg=(2.0, 2.0, 2.5)), NAMES)
    kept = made.rows.select("eps_avg", "known_at", "known_source").rows()
    assert kept == [(2.0, WEEKS[0], "observed"), (2.5, WEEKS[2], "observed")]
    rated = rating_versions(weekly("fmp_rating", {"symbol": "AAA"}, rating_score=(4.0, 3.0, 3.0)), NAMES)
    assert rated.rows.select("ratingScore", "known_at").rows() == [(4.0, WEEKS[0]), (3.0, WEEKS[1])]
    profile = {"symbol": "AAA", "is_etf": "false", "is_adr": ""}
    told = profile_versions(weekly("fmp_profile", profile, sector=("Energy", "Energy")), NAMES)
    assert told.rows.select("sector", "is_etf", "is_adr", "known_at").rows() == [("Energy", False, None, WEEKS[0])]


@pytest.mark.parametrize("cut", range(1, 6))
def test_snapshots_built_part_by_part_equal_those_built_at_once(cut):
    days = [LATER + timedelta(days=7 * week) for week in range(7)]
    scores = (4.0, 4.0, 3.0, 3.0, 4.0, 4.0, None)
    rows = raw("fmp_rating", *({"symbol": "AAA", "rating_score": x, "at": at} for x, at in zip(scores, days, strict=True)))
    whole = rating_versions(rows, NAMES).rows
    first = rating_versions(rows[:cut], NAMES)
    rest = rating_versions(rows[cut:], NAMES, earlier=first.rows)
    assert whole["ratingScore"].to_list() == [4.0, 3.0, 4.0, None]
    assert pl.concat([first.rows, rest.rows]).equals(whole)
    assert first.repeated + rest.repeated == 3


def test_a_backfilled_history_of_ratings_tells_nothing_of_the_past():
    days = [date(2018, 5, day) for day in (1, 2, 3)]
    rows = [{"symbol": "AAA", "date": day, "rating_score": float(day.day), "at": LATER, "payload": "p"} for day in days]
    made = rating_versions(raw("fmp_rating", *rows), NAMES)
    assert made.rows.select("ratingScore", "known_at", "rating_date").rows() == [(3.0, LATER, date(2018, 5, 3))]


def test_news_captured_within_days_is_known_from_its_receipt_and_older_news_from_its_stamp():
    article = {"symbol": "AAA", "url": "u", "title": "t", "published_date": "2018-05-30 16:31:05"}
    old = {**article, "url": "v", "published_date": "2018-05-02 16:31:05"}
    again = LATER + timedelta(days=40)
    rows = (
        {**article, "at": LATER},
        {**old, "at": LATER},
        {**article, "title": "changed", "at": again},
        {**article, "symbol": None, "at": LATER},
    )
    made = news_versions(raw("fmp_news", *rows), NAMES)
    assert made.rows.select("url", "title", "known_at", "known_source").rows() == [
        ("u", "t", LATER, "observed"),
        ("u", "changed", again, "observed"),
        ("v", "t", utc(2018, 5, 2, 20, 31, 5), "vendor"),
    ]
    assert made.quarantine["reason"].to_list() == ["unmapped_symbol"]


def test_articles_without_an_address_are_told_apart_by_stamp_and_title():
    article = {"symbol": "AAA", "title": "Baird Upgrades AAA to Buy, Raises PT from $5 to $6", "at": LATER + timedelta(days=40)}
    stamps = ("2018-05-02 16:31:05", "2018-05-02 20:31:05+00:00", "2018-05-02T20:31:05Z", "2018-05-03 16:31:05")
    made = news_versions(raw("fmp_news", *({**article, "published_date": stamp} for stamp in stamps)), NAMES)
    assert made.rows["url"].n_unique() == made.rows.height == 2
    assert made.repeated == 2
    assert made.rows.sort("known_at")["known_at"].to_list() == [utc(2018, 5, 2, 20, 31, 5), utc(2018, 5, 3, 20, 31, 5)]
    assert made.rows.select("rating_firm", "rating_action", "price_target_from", "price_target_to").unique().rows() == [
        ("Baird", "upgrade", 5.0, 6.0)
    ]


def test_an_old_article_is_about_the_security_that_bore_its_symbol_last():
    old = {"symbol": "CCC", "title": "t", "url": "u", "published_date": "2016-05-02 16:31:05", "at": LATER}
    made = news_versions(raw("fmp_news", old, {**old, "url": "v", "published_date": "2017-12-02 16:31:05"}), NAMES)
    assert made.rows.select("permaticker", "url").rows() == [(3, "u")]
    assert made.quarantine.select("reason", "year").rows() == [("unmapped_symbol", 2017)]
