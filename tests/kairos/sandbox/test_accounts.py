import numpy as np
import polars as pl
import pytest

from kairos.sandbox.accounts import yearly_items
from kairos.sandbox.levels import trailing_to_quarters

c = pl.col


@pytest.fixture(scope="module")
def filings(demo):
    return demo.filings


@pytest.fixture(scope="module")
def first(filings):
    return filings.filter(version=1)


def quarters(frame):
    return frame.filter(c("period") != "FY")


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("gross_profit", c("revenue") - c("cost_of_revenue")),
        ("income_before_tax", c("operating_income") - c("interest_expense")),
        ("net_income", c("income_before_tax") - c("income_tax_expense")),
        ("total_assets", c("total_liabilities") + c("total_stockholders_equity")),
        (
            "net_change_in_cash",
            c("operating_cash_flow")
            + c("capital_expenditure")
            + c("other_investing")
            + c("dividends_paid")
            + c("stock_repurchased")
            + c("debt_issued"),
        ),
    ],
)
def test_the_identities_of_accounting_hold_in_every_version(filings, whole, parts):
    assert filings.select((c(whole) - parts).abs().max()).item() == 0


def test_costs_and_parts_of_assets_are_never_negative(filings):
    overhead = c("gross_profit") - c("research_and_development") - c("operating_income")
    fixed = c("total_assets") - c("total_current_assets") - c("goodwill_and_intangibles")
    assert filings.select(pl.min_horizontal(overhead.min(), fixed.min(), c("cost_of_revenue").min())).item() >= -1e6


def test_a_year_is_the_sum_of_its_quarters_flows_and_the_last_ones_stocks():
    flows = {"revenue": np.arange(1.0, 9.0)[:, None]}
    rest = dict.fromkeys([name for name in _items() if name != "revenue"], np.full((8, 1), 2.0))
    year = yearly_items({**flows, **rest})
    assert year["revenue"][:, 0].tolist() == [1, 3, 6, 10, 14, 18, 22, 26]
    assert year["total_assets"][-1, 0] == 2
    assert year["net_income"][-1, 0] == 8


def _items():
    from kairos.sandbox.filings import ITEMS

    return ITEMS


def test_years_filed_are_the_sums_of_the_quarters_filed(first):
    summed = quarters(first).group_by("permaticker", "fiscal_year").agg(c("revenue", "net_income").sum(), pl.len())
    joined = first.filter(period="FY").join(summed.filter(len=4), on=["permaticker", "fiscal_year"], suffix="_sum")
    assert joined.height > 500
    assert (joined["revenue"] - joined["revenue_sum"]).abs().max() == 0
    assert (joined["net_income"] - joined["net_income_sum"]).abs().max() == 0


def test_a_full_pull_makes_sums_of_four_meet_the_trailing_level():
    trailing = np.array([4.0, 4.0, 4.0, 4.0, 5.0, 5.0])[:, None]
    flow = trailing_to_quarters(trailing, np.ones((6, 1)), pull=1.0)[:, 0]
    assert flow.tolist() == [1, 1, 1, 1, 2, 1]


def test_statements_agree_with_the_multiples_of_daily(demo, first):
    ordered = quarters(first).sort("permaticker", "quarter")
    trailing = ordered.with_columns(c("net_income", "revenue").rolling_sum(4).over("permaticker"))
    columns = ("permaticker", "filing_date", "net_income", "revenue", "total_stockholders_equity")
    shown = demo.daily.sort("session").join_asof(
        trailing.select(columns).sort("filing_date"),
        left_on="session",
        right_on="filing_date",
        by="permaticker",
        check_sortedness=False,
    )
    cap = c("marketcap") * 1e6
    compared = shown.drop_nulls(["pb", "net_income"]).select(
        book=pl.corr((c("total_stockholders_equity") / cap).log(), -c("pb").log()),
        exact=(c("total_stockholders_equity") / cap * c("pb") - 1).abs().median(),
        earnings=pl.corr(c("net_income") / cap, 1 / c("pe"), method="spearman"),
        sales=pl.corr(c("revenue") / cap, 1 / c("ps"), method="spearman"),
    )
    found = compared.row(0, named=True)
    assert found["book"] > 0.9
    assert found["exact"] < 0.01
    assert found["earnings"] > 0.75
    assert found["sales"] > 0.9


def test_equity_is_what_daily_implied_at_its_last_refresh_before_the_filing(demo, first):
    number = {day: i for i, day in enumerate(demo.sessions)}
    daily = demo.daily.drop_nulls("pb").with_columns(span=c("session").replace_strict(number, return_dtype=pl.Int64) // 63)
    refresh = daily.group_by("permaticker", "span", maintain_order=True).first()
    sample = quarters(first).filter(c("filing_date") > demo.sessions[70]).sample(60, seed=1)
    for row in sample.iter_rows(named=True):
        before = refresh.filter(c("permaticker") == row["permaticker"], c("session") < row["filing_date"]).row(-1, named=True)
        implied = before["marketcap"] * 1e6 / before["pb"]
        assert row["total_stockholders_equity"] == pytest.approx(implied, abs=1001)


def test_reports_come_in_time_late_or_never(demo, first):
    lag = (c("filing_date") - c("period_end")).dt.total_days()
    report = quarters(first).with_columns(lag=lag)
    interim, annual = report.filter(c("period") != "Q4"), report.filter(c("period") == "Q4")
    late = (report["lag"] >= 60).mean()
    assert report["lag"].min() >= 20
    assert report["lag"].max() <= 124
    assert annual["lag"].median() > interim["lag"].median() + 5
    assert 0.02 < late < 0.12  # annual reports take up to 65 days
    assert 0.01 < (interim["lag"] >= 60).mean() < 0.05
    due = demo.periods.filter(c("period") != "FY", c("reported_at").dt.date() <= demo.last_session)
    own = due.join(report.select("permaticker", "period_end"), on=["permaticker", "period_end"], how="anti")
    whole = demo.securities.filter(c("last_session").is_null(), c("first_session") == demo.first_session)["permaticker"]
    missing = own.filter(c("permaticker").is_in(whole.implode()))
    assert 0.01 < missing.height / due.filter(c("permaticker").is_in(whole.implode())).height < 0.03


def test_many_filings_are_accepted_after_the_close(first):
    hour = first["accepted_at"].dt.convert_time_zone("America/New_York").dt.hour()
    assert 0.4 < (hour >= 16).mean() < 0.5
    assert hour.max() == 17


def test_fiscal_years_end_in_several_months(first):
    ends = first.filter(period="FY")["period_end"].dt.month().unique()
    assert {12, 1, 6, 9} <= set(ends)


def test_restatements_come_later_under_the_old_stamp_or_a_new_one(filings):
    again = filings.filter(version=2).join(filings.filter(version=1), on=["permaticker", "period_end", "period"], suffix="_1")
    share = quarters(again).height / quarters(filings.filter(version=1)).height
    days = (again["served_at"] - again["served_at_1"]).dt.total_days()
    same = (again["accepted_at"] == again["accepted_at_1"]).mean()
    assert 0.02 < share < 0.06
    assert days.min() >= 29
    assert days.max() <= 405
    assert 0.4 < same < 0.6
    assert (again["revenue"] != again["revenue_1"]).all()
    assert again.select((c("accepted_at") == c("accepted_at_1")) | (c("accepted_at") == c("served_at"))).to_series().all()


def test_nobody_files_outside_his_life(demo, filings):
    lives = demo.securities.select("permaticker", "first_session", "last_session")
    joined = filings.join(lives, on="permaticker").with_columns(served=c("served_at").dt.date())
    assert joined.filter(c("served") > c("last_session")).is_empty()
    later = joined.filter(c("first_session") > demo.first_session)
    assert later.height > 100
    assert (later["filing_date"] >= later["first_session"]).all()


def test_names_without_multiples_file_nothing(demo, filings):
    blank = demo.daily.group_by("permaticker").agg(c("pb").is_null().all()).filter("pb")["permaticker"]
    assert blank.len() > 0
    assert filings.filter(c("permaticker").is_in(blank.implode())).is_empty()
