"""Features over facts: numbers worked out by hand, and nothing from after the close."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.calendar import session_close, sessions_between
from kairos.features.registry import ALL_FEATURES, FACT_SETS
from kairos.fundamentals.checks import nothing_from_the_future, same_as_known_then
from kairos.fundamentals.cross_section import z_score
from kairos.fundamentals.factors import factors
from kairos.fundamentals.features import build_fundamentals, build_revisions
from kairos.fundamentals.panel import Facts
from kairos.fundamentals.revisions import revisions_cs
from kairos.tables import features as feature_tables
from kairos.tables import fundamentals as tables
from kairos.tables.market import ACTIONS, DAILY_METRICS, DAILY_RETURNS, MV_LIQUIDITY_60D
from tests.kairos.fundamentals.raw_made_up import tickers

YEAR = 2018
SESSIONS = sessions_between(date(2018, 1, 1), date(2018, 12, 31))
DAY = session_close(date(2018, 7, 2))
ENDS = [date(year, month, day) for year in (2016, 2017) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]


def filled(table, rows):
    """Rows in a table's form; what is not given is null, or what a row without interest there would have."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    plain = {pl.String: "x", pl.Int64: 0, pl.Date: date(2018, 6, 29), pl.Boolean: False, pl.Float64: 0.0}
    missing = []
    for name, dtype in table.dtypes.items():
        if name not in frame.columns:
            known = datetime(2018, 6, 29, tzinfo=UTC) if name in {"known_at", "fetched_at"} else plain.get(dtype)
            value = "vendor" if name == "known_source" else known
            nullable = table.schema.columns[name].nullable
            missing.append(pl.lit(None if nullable else value).cast(dtype).alias(name))
    return table.conform(frame.with_columns(missing))


def statements(table, *, name=1, late=timedelta(days=40), **facts):
    rows = [
        {
            "permaticker": name,
            "period_end": end,
            "period": f"Q{end.month // 3}",
            "known_at": datetime(end.year, end.month, end.day, 21, 0, tzinfo=UTC) + late,
            **{fact: float(values[place]) for fact, values in facts.items()},
        }
        for place, end in enumerate(ENDS)
    ]
    return filled(table, rows)


def returns(names=(1,), sessions=SESSIONS):
    rows = [{"permaticker": name, "session": session, "ret_source": "actions"} for name in names for session in sessions]
    return filled(DAILY_RETURNS, rows)


def estimate(end, eps, known, **more):
    return {"permaticker": 1, "period_end": end, "period": "annual", "eps_avg": eps, "known_at": known, **more}


@pytest.fixture(scope="module")
def facts() -> Facts:
    cap = [
        {"permaticker": 1, "session": day, "marketcap": 1000.0, "known_at": session_close(day) + timedelta(hours=1.5)}
        for day in SESSIONS
    ]
    now, then = DAY - timedelta(days=1), session_close(SESSIONS[60])
    this, following = date(2018, 12, 31), date(2019, 12, 31)
    return Facts(
        income=statements(
            tables.FMP_INCOME_STATEMENT,
            revenue=[10, 20, 30, 40, 50, 60, 70, 80],
            gross_profit=[5, 10, 15, 20, 30, 36, 42, 48],
            net_income=[1, 2, 3, 4, 5, 6, 7, 8],
            weighted_average_shares_diluted=[100, 100, 100, 100, 100, 100, 100, 55],
        ).with_columns(
            split_basis=pl.when(pl.col("period_end") == ENDS[-1]).then(date(2018, 2, 9)).otherwise(date(2018, 6, 28))
        ),
        balance=statements(
            tables.FMP_BALANCE_SHEET,
            total_assets=[400] * 4 + [500] * 3 + [600],
            total_stockholders_equity=[200] * 8,
            total_debt=[90] * 8,
        ),
        cash_flow=statements(tables.FMP_CASH_FLOW, operating_cash_flow=[2] * 8),
        estimates=filled(
            tables.FMP_ANALYST_ESTIMATES,
            [
                estimate(this, 2.0, then, analysts_eps=8.0),
                estimate(this, 2.2, now, eps_high=2.5, eps_low=2.06, analysts_eps=9.0, net_income_avg=39.0),
                estimate(following, 3.3, then),
            ],
        ),
        ratings=filled(
            tables.FMP_RATING,
            [{"permaticker": 1, "ratingScore": score, "known_at": at} for score, at in ((4.0, then), (3.0, now))],
        ),
        daily_metrics=filled(DAILY_METRICS, cap),
        actions=filled(ACTIONS, [{"permaticker": 1, "session": date(2018, 5, 1), "action": "split", "value": 2.0}]),
    )


def value(made, name, session=date(2018, 7, 2)):
    return made.filter(pl.col("session") == session)[name].item()


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("earnings_to_market", 26 / 1000),
        ("book_to_market", 0.2),
        ("sales_to_market", 0.26),
        ("roe_ttm", 26 / 200),
        ("roa_ttm", 26 / 600),
        ("gross_margin_ttm", 156 / 260),
        ("gross_margin_change", 156 / 260 - 50 / 100),
        ("revenue_growth_ttm", 260 / 100 - 1),
        ("revenue_growth_q", 80 / 40 - 1),
        ("earnings_change_q", (8 - 4) / 400),
        ("asset_growth", 0.5),
        ("debt_to_assets", 0.15),
        ("accruals_ttm", (26 - 8) / 500),
        ("share_issuance", np.log(110 / 100)),
        ("days_since_report", 143),
        ("days_since_period_end", 183),
    ],
)
def test_fundamentals_by_hand(facts, name, by_hand):
    assert value(build_fundamentals(returns(), facts, year=YEAR), name) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("eps_revision_63d", (2.2 * 2 / 2 - 2.0) / 2.0),
        ("eps_dispersion", 0.2),
        ("forecast_eps_growth", 0.5),
        ("forecast_earnings_to_market", 0.039),
        ("forecast_to_earned", 0.5),
        ("analyst_coverage", 9),
        ("coverage_change_63d", 1),
        ("days_since_estimate", 1),
        ("rating_score", 3),
        ("rating_change_63d", -1),
    ],
)
def test_revisions_by_hand(facts, name, by_hand):
    made = build_revisions(returns(), facts, year=YEAR)
    assert value(made, name) == pytest.approx(by_hand, rel=1e-6)


def test_a_split_is_no_revision(facts):
    this, split = date(2018, 12, 31), date(2018, 5, 1)
    halved = [
        estimate(this, 2.0, session_close(SESSIONS[60]), split_basis=SESSIONS[60]),
        estimate(this, 1.0, session_close(split), split_basis=date(2018, 5, 2)),
    ]
    one = replace(facts, estimates=filled(tables.FMP_ANALYST_ESTIMATES, halved))
    made = build_revisions(returns(), one, year=YEAR).filter(pl.col("eps_revision_63d").is_not_null())
    assert made["eps_revision_63d"].unique().to_list() == [0.0]


def test_a_fiscal_year_that_is_forecast_later_does_not_stand_in_for_the_one_that_was(facts):
    changed = estimate(date(2018, 9, 30), 5.0, DAY, eps_high=6.0, eps_low=4.0)
    early = estimate(date(2018, 12, 31), 2.0, session_close(SESSIONS[60]), eps_high=3.0, eps_low=2.0)
    one = replace(facts, estimates=filled(tables.FMP_ANALYST_ESTIMATES, [changed, early]))
    made = build_revisions(returns(), one, year=YEAR)
    assert value(made, "eps_dispersion", date(2018, 6, 29)) == pytest.approx(0.5)
    assert value(made, "eps_dispersion", date(2018, 7, 2)) == pytest.approx(0.4)
    assert value(made, "eps_dispersion", date(2018, 10, 1)) == pytest.approx(0.5)


def test_amounts_in_another_currency_are_never_set_against_a_value_in_dollars(facts):
    abroad = replace(facts, income=facts.income.with_columns(reported_currency=pl.lit("CNY")))
    made = build_fundamentals(returns(), abroad, year=YEAR)
    assert made["book_to_market"].null_count() == made.height
    assert value(made, "roe_ttm") == pytest.approx(0.13)


def test_a_filing_after_the_close_counts_from_the_next_session(facts):
    filed = session_close(date(2018, 2, 9)) + timedelta(minutes=1)
    late = facts.income.with_columns(known_at=pl.when(pl.col("period_end") == ENDS[-1]).then(filed).otherwise("known_at"))
    made = build_fundamentals(returns(), replace(facts, income=late), year=YEAR)
    assert value(made, "revenue_growth_q", date(2018, 2, 9)) == pytest.approx(70 / 30 - 1)
    assert value(made, "revenue_growth_q", date(2018, 2, 12)) == pytest.approx(1.0)


# ---- promises


@pytest.mark.parametrize("build", [build_fundamentals, build_revisions])
def test_a_table_holds_to_its_contract_and_has_a_row_for_every_return(facts, build):
    made = build(returns(names=(1, 2)), facts, year=YEAR)
    table = feature_tables.FEAT_FUNDAMENTALS if build is build_fundamentals else feature_tables.FEAT_REVISIONS
    assert table.validate(made).height == 2 * len(SESSIONS)
    assert made.select("permaticker", "session").rows() == [(name, day) for name in (1, 2) for day in SESSIONS]
    assert made.filter(permaticker=2)["facts_known_at"].null_count() == len(SESSIONS)


@pytest.mark.parametrize("build", [build_fundamentals, build_revisions])
def test_what_becomes_known_later_changes_nothing_before(facts, build):
    made = build(returns(), facts, year=YEAR)
    for cut in (SESSIONS[30], date(2018, 7, 2)):
        known = facts.known_by(session_close(cut))
        early = build(returns(sessions=[day for day in SESSIONS if day <= cut]), known, year=YEAR)
        assert made.filter(pl.col("session") <= cut).equals(early)


@pytest.mark.parametrize("build", [build_fundamentals, build_revisions])
def test_nothing_comes_from_the_future(facts, build):
    outcome = nothing_from_the_future(build(returns(), facts, year=YEAR))
    assert outcome.passed, outcome.summary


@pytest.mark.parametrize("build", [build_fundamentals, build_revisions])
def test_a_row_made_from_a_later_fact_is_found(facts, build):
    made = build(returns(), facts, year=YEAR)
    at = pl.col("session") == date(2018, 7, 2)
    for late in (timedelta(microseconds=1), timedelta(days=30)):
        planted = made.with_columns(facts_known_at=pl.when(at).then(pl.lit(DAY + late)).otherwise("facts_known_at"))
        outcome = nothing_from_the_future(planted)
        assert (outcome.passed, outcome.figures["from_the_future"]) == (False, 1)


def test_a_value_that_comes_from_no_fact_is_found(facts):
    made = build_fundamentals(returns(), facts, year=YEAR).with_columns(facts_known_at=pl.lit(None, pl.Datetime("us", "UTC")))
    assert nothing_from_the_future(made).figures["without_facts"] == made.height


def test_a_join_on_the_period_end_under_an_honest_stamp_is_found(facts):
    def remake(instant):
        return build_fundamentals(returns(), facts.known_by(instant), year=YEAR)

    names = FACT_SETS["feat_fundamentals"].names
    probes = [SESSIONS[5], SESSIONS[20], SESSIONS[100]]
    honest = build_fundamentals(returns(), facts, year=YEAR)
    assert same_as_known_then(honest, remake, probes, names=names).passed
    early = facts.income.with_columns(known_at=pl.col("period_end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    peeking = build_fundamentals(returns(), replace(facts, income=early), year=YEAR)
    assert nothing_from_the_future(peeking).passed  # the stamps lie
    assert not same_as_known_then(peeking, remake, probes, names=names).passed


def test_there_are_enough_features_and_their_names_are_their_own():
    assert len(FACT_SETS["feat_fundamentals"].features) >= 20
    assert len(FACT_SETS["feat_revisions"].features) >= 6
    every = [feature.name for feature in ALL_FEATURES]
    assert {name for chosen in FACT_SETS.values() for name in chosen.names} <= set(every)
    assert len(every) == len(set(every))


# ---- cross-sections


def test_z_scores_by_hand():
    frame = pl.DataFrame({"session": [1] * 6 + [2] * 4, "x": [1.0, 2, 3, 4, 5, None, 1, 2, 3, 4]})
    made = frame.select(z_score("x", ["session"]).alias("z"))["z"].to_list()
    assert made[:5] == pytest.approx([x / np.sqrt(2.5) for x in (-2, -1, 0, 1, 2)])
    assert made[5:] == [None] * 5
    assert frame.with_columns(x=pl.lit(0.1)).select(z_score("x", ["session"]).alias("z"))["z"].null_count() == 10


def test_revisions_beside_one_another_by_hand():
    changes = [-0.2, 0.0, 0.1, 0.3, 9.0, None]
    rows = {
        "permaticker": range(6),
        "session": [SESSIONS[0]] * 6,
        "eps_revision_63d": changes,
        "facts_known_at": [session_close(SESSIONS[0])] * 6,
    }
    made = revisions_cs(pl.DataFrame(rows))
    held = np.array([-0.2, 0.0, 0.1, 0.3, 1.0])
    assert made["rev_eps_chg"].to_list() == pytest.approx(changes[:5])
    assert made["z_rev_eps"].to_list() == pytest.approx((held - held.mean()) / held.std(ddof=1))


def test_factors_stand_within_their_sector_as_known():
    session = SESSIONS[10]
    known = session_close(session)
    roe = [0.1, 0.2, 0.3, 0.4, 0.5, 1.1, 1.2, 1.3, 1.4, 1.5]
    frame = {
        name: [None] * 10 for name in ("roa_ttm", "gross_margin_ttm", "revenue_growth_ttm", "book_to_market", "sales_to_market")
    }
    rows = pl.DataFrame(
        {
            "permaticker": range(10), "session": [session] * 10, "facts_known_at": [known - timedelta(days=5)] * 10,
            "roe_ttm": roe, "debt_to_assets": roe, "earnings_to_market": roe[::-1], **frame,
        },
        schema_overrides={"permaticker": pl.Int64, **dict.fromkeys(frame, pl.Float32)},
    )  # fmt: skip
    listed = tickers(*((name, f"T{name}", date(2000, 1, 3), None, "Low" if name < 5 else "High") for name in range(10)))
    told = [{"permaticker": 4, "sector": "High", "known_at": known + late} for late in (timedelta(seconds=1),)]
    dollars = filled(
        MV_LIQUIDITY_60D,
        [{"permaticker": name, "session": session, "avg_dollar_vol_60d": float(np.exp(name))} for name in range(10)],
    )

    def made(profiles):
        return factors(rows, mv_liquidity_60d=dollars, profiles=filled(tables.DIM_COMPANY_PROFILE, profiles), tickers=listed)

    unit = [x / np.sqrt(2.5) for x in (-2, -1, 0, 1, 2)]
    first = made(told)
    assert first["z_roe"].to_list() == pytest.approx(unit * 2)
    assert first["z_dta"].to_list() == pytest.approx(unit * 2)
    assert first["quality"].to_list() == pytest.approx([0.0] * 10, abs=1e-12)
    assert first["value"].to_list() == pytest.approx(unit[::-1] * 2)
    assert first["liquidity"].to_list() == pytest.approx([(name - 4.5) / np.std(range(10), ddof=1) for name in range(10)])
    assert nothing_from_the_future(first).passed
    then = made([{"permaticker": 4, "sector": "High", "known_at": known}])
    assert then["sector"].to_list() == ["Low"] * 4 + ["High"] * 6
    assert then.filter(permaticker=4)["facts_known_at"].item() == known
