from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import sessions_between
from kairos.evaluation.factor import factor_report
from kairos.evaluation.factor_days import forward_returns
from kairos.evaluation.factor_panel import factor_panel, volatility_regimes
from kairos.evaluation.hac import hac_lag, mean_t
from kairos.evaluation.ic import daily_ic
from kairos.tables.factors import CHECKS, FACTOR_REPORT
from kairos.targets.forward import with_forward_returns

SESSIONS = sessions_between(date(2014, 1, 1), date(2015, 12, 31))
FIRST = SESSIONS.index(next(day for day in SESSIONS if day.year == 2015))
SEALED = 60
HOLDOUT = SESSIONS[-SEALED]
HORIZONS = (1, 5, 21)
NAMES = 24
SECTORS = ("Energy", "Technology", None)


def made_returns(*, seed=2):
    rng = np.random.default_rng(seed)
    rows = NAMES * len(SESSIONS)
    return pl.DataFrame(
        {
            "permaticker": np.repeat(np.arange(NAMES) + 100, len(SESSIONS)),
            "session": list(SESSIONS) * NAMES,
            "ret_cc": rng.normal(0, 0.02, rows),
            "is_delisting": False,
        }
    )


def made_features(returns, *, seed=3):
    """A feature with some foresight of the next session, one of noise with gaps and ties, one that never varies."""
    rng = np.random.default_rng(seed)
    inside = returns.with_columns(
        seer=pl.col("ret_cc").shift(-1).over("permaticker").fill_null(0) + pl.Series(rng.normal(0, 0.05, returns.height)),
        noise=pl.Series(rng.normal(size=returns.height).round(1)),
        flat=pl.lit(1.0),
    ).filter(pl.col("session") >= SESSIONS[FIRST])
    gap = pl.int_range(pl.len()) % 11 == 4
    columns = pl.col("seer", "noise", "flat").cast(pl.Float32)
    shown = inside.select("permaticker", "session", columns).with_columns(pl.when(~gap).then("noise").alias("noise"))
    return [shown.select("permaticker", "session", "seer"), shown.select("permaticker", "session", "noise", "flat")]


def made_universe(**changes):
    members = pl.DataFrame(
        {
            "universe_year": [2015] * NAMES,
            "permaticker": np.arange(NAMES) + 100,
            "sector": [SECTORS[number % 3] for number in range(NAMES)],
            "entry": [SESSIONS[FIRST]] * NAMES,
            "exit": [None] * NAMES,
        },
        schema_overrides={"universe_year": pl.Int32, "exit": pl.Date},
    )
    return members.with_columns(**changes)


RETURNS = made_returns()
FEATURES = made_features(RETURNS)
TICKERS = pl.DataFrame({"permaticker": np.arange(NAMES) + 100, "delisting_reason": pl.Series([None] * NAMES, dtype=pl.String)})


def reported(*, returns=RETURNS, features=FEATURES, universe=None, holdout=HOLDOUT, tickers=TICKERS):
    return factor_report(
        made_universe() if universe is None else universe,
        features,
        returns,
        tickers=tickers,
        universe_year=2015,
        holdout_first=holdout,
        horizons=HORIZONS,
    )


@pytest.fixture(scope="module")
def report():
    return reported()


def row(report, feature="seer", horizon=1, split="all", part="all"):
    return report.filter(feature=feature, horizon=horizon, split=split, part=part).row(0, named=True)


def labelled(feature, horizon, *, names=None):
    """The obvious way to the same numbers: rows joined with the targets' own returns."""
    table = next(frame for frame in FEATURES if feature in frame.columns)
    before = table.filter(pl.col("session") < HOLDOUT).select("permaticker", "session", score=feature)
    targets = with_forward_returns(before, RETURNS.filter(pl.col("session") < HOLDOUT), tickers=TICKERS, horizons=(horizon,))
    rows = targets.with_columns(label=f"ret_{horizon}d_f")
    return rows if names is None else rows.filter(pl.col("permaticker").is_in(names))


def test_it_is_what_its_table_declares(report):
    assert_frame_equal(FACTOR_REPORT.validate(report), report)
    assert report["feature"].unique().sort().to_list() == ["flat", "noise", "seer"]


def test_nothing_from_the_sealed_holdout_on_changes_a_bit(report):
    sealed = pl.col("session") >= HOLDOUT
    returns = RETURNS.with_columns(pl.when(sealed).then(9.0).otherwise("ret_cc").alias("ret_cc"))
    features = [
        frame.with_columns(
            pl.when(sealed).then(-5.0).otherwise(pl.col(name)).cast(pl.Float32).alias(name) for name in frame.columns[2:]
        )
        for frame in FEATURES
    ]

    assert_frame_equal(reported(returns=returns, features=features), report, check_exact=True)
    assert_frame_equal(reported(returns=returns.filter(~sealed), features=features), report, check_exact=True)


def test_no_return_that_ends_inside_the_holdout_is_counted(report):
    before = len(SESSIONS) - SEALED - FIRST

    for horizon in HORIZONS:
        assert row(report, horizon=horizon)["sessions"] == before - horizon


def test_a_later_holdout_does_change_it(report):
    assert row(reported(holdout=SESSIONS[-SEALED + 1]))["rank_ic"] != row(report)["rank_ic"]


@pytest.mark.parametrize("feature", ["seer", "noise"])
@pytest.mark.parametrize("horizon", HORIZONS)
def test_means_deviations_and_t_are_those_of_the_daily_figures(report, feature, horizon):
    daily = daily_ic(labelled(feature, horizon)).drop_nulls("rank_ic")
    found = row(report, feature, horizon)

    for name, column in (("rank_ic", "rank_ic"), ("ic", "ic")):
        series = daily[column].to_numpy()
        assert found[name] == pytest.approx(series.mean(), abs=1e-12)
        assert found[f"{name}_sd"] == pytest.approx(series.std(ddof=1))
        assert found[f"{name.removesuffix('ic')}icir"] == pytest.approx(series.mean() / series.std(ddof=1))
        assert found[f"{name}_t"] == pytest.approx(mean_t(series, lag=hac_lag(horizon)))
    assert found["sessions"] == daily.height
    assert found["names"] == pytest.approx(daily["names"].mean())


@pytest.mark.parametrize("sector", ["Energy", "Technology", "unknown"])
def test_a_sector_is_measured_among_its_names_alone(report, sector):
    wanted = None if sector == "unknown" else sector
    names = made_universe().filter(pl.col("sector").eq_missing(pl.lit(wanted, pl.String)))["permaticker"].to_list()
    daily = daily_ic(labelled("noise", 5, names=names)).drop_nulls("rank_ic")["rank_ic"].to_numpy()
    found = row(report, "noise", 5, "sector", sector)

    assert found["rank_ic"] == pytest.approx(daily.mean(), abs=1e-12)
    assert found["rank_ic_t"] == pytest.approx(mean_t(daily, lag=10))
    assert found["ic"] is found["spread"] is None


@pytest.mark.parametrize("split", ["year", "month"])
def test_periods_add_up_to_the_whole(report, split):
    parts = report.filter(feature="noise", horizon=5, split=split)
    whole = row(report, "noise", 5)

    assert parts["sessions"].sum() == whole["sessions"]
    assert (parts["rank_ic"] * parts["sessions"]).sum() == pytest.approx(whole["rank_ic"] * whole["sessions"])


def test_regimes_cover_the_sessions_whose_volatility_is_known(report):
    assert report.filter(feature="seer", horizon=1, split="volatility")["sessions"].sum() == row(report)["sessions"]


def test_foresight_is_found_and_fades(report):
    assert row(report)["rank_ic_t"] > 10
    assert row(report)["spread"] > 0.005
    assert row(report, horizon=1)["rank_ic"] > 2 * row(report, horizon=21)["rank_ic"]
    assert abs(row(report, "noise")["rank_ic_t"]) < 3


def test_what_never_varies_has_no_figures_but_its_counts(report):
    found = row(report, "flat")

    assert found["sessions"] == 0
    assert [value for name, value in found.items() if name not in {*FACTOR_REPORT.key, "sessions"}] == [None] * 19


def test_a_feature_that_follows_the_return_has_an_ic_of_one():
    features = [labelled("seer", 5).select("permaticker", "session", mirror=pl.col("label").cast(pl.Float32))]
    found = row(reported(features=features), "mirror", 5)

    assert found["rank_ic"] == 1.0
    assert found["rank_ic_sd"] == 0 or found["rank_ic_sd"] is None
    assert found["rank_ic_t"] is None
    assert found["q1"] < found["q2"] < found["q3"] < found["q4"] < found["q5"]
    assert found["spread"] == pytest.approx(found["q5"] - found["q1"])


def test_only_members_between_entry_and_exit_count():
    leaves = SESSIONS[FIRST + 40]
    name = pl.col("permaticker")
    universe = made_universe(
        entry=pl.when(name == 100).then(pl.lit(SESSIONS[FIRST + 10])).otherwise("entry"),
        exit=pl.when(name == 101).then(pl.lit(leaves)).otherwise("exit"),
    ).filter(name != 102)
    inside = [
        frame.filter(
            (name != 102)
            & ((name != 100) | (pl.col("session") >= SESSIONS[FIRST + 10]))
            & ((name != 101) | (pl.col("session") <= leaves))
        )
        for frame in FEATURES
    ]

    assert_frame_equal(reported(universe=universe), reported(universe=made_universe().filter(name != 102), features=inside))


def test_a_dead_names_last_returns_count():
    dies = SESSIONS[FIRST + 30]
    dead = pl.col("permaticker") == 103
    returns = pl.concat(
        [
            RETURNS.filter(~dead | (pl.col("session") < dies)),
            RETURNS.filter(dead & (pl.col("session") == dies)).with_columns(
                ret_cc=pl.lit(-0.3), is_delisting=pl.lit(value=True)
            ),
        ]
    )
    features = [frame.filter(~dead | (pl.col("session") < dies)) for frame in FEATURES]
    panel = factor_panel(
        made_universe(), features, returns, tickers=TICKERS, universe_year=2015, holdout_first=HOLDOUT, horizons=(1,)
    )

    assert panel is not None
    column = panel.names.tolist().index(103)
    assert panel.returns[0, 29, column] == pytest.approx(-0.3)
    assert np.isnan(panel.returns[0, 30:, column]).all()


def test_a_universe_without_rows_has_an_empty_report():
    assert_frame_equal(reported(universe=made_universe().clear()), FACTOR_REPORT.empty())


def test_regimes_are_terciles_of_what_was_known():
    calm, wild = 0.001, 0.05
    swings = [(calm if day < 200 else wild) * (-1) ** day for day in range(len(SESSIONS))]
    returns = pl.DataFrame({"session": SESSIONS, "ret_cc": swings, "is_delisting": False})

    found = volatility_regimes(returns, SESSIONS)

    assert (found[:82] == -1).all()  # 21 sessions to a volatility, 63 of them to a tercile
    assert (found[85:199] >= 0).all()
    assert (found[201:270] == 2).all()


def test_later_returns_do_not_change_a_regime():
    cut = SESSIONS[300]
    later = RETURNS.with_columns(
        pl.when(pl.col("session") > cut).then(pl.col("ret_cc") * 40).otherwise("ret_cc").alias("ret_cc")
    )

    assert np.array_equal(volatility_regimes(RETURNS, SESSIONS)[:301], volatility_regimes(later, SESSIONS)[:301])
    assert set(volatility_regimes(RETURNS, SESSIONS).tolist()) == {-1, 0, 1, 2}


def test_the_checks_tell_of_silence_and_of_foresight(report):
    measured, plausible = (check.run(report) for check in CHECKS)

    assert not measured.passed
    assert measured.summary == "1 feature(s) have no RankIC: flat"
    assert not plausible.passed
    assert plausible.summary.startswith("1 feature(s) are too good to be true: seer")
    assert all(check.run(report.filter(feature="noise")).passed for check in CHECKS)
    assert not any(check.blocking for check in CHECKS)


def test_returns_are_put_in_order_once_for_all_features():
    returns = np.random.default_rng(0).normal(size=(2, 3, 5))

    assert forward_returns(returns).ranked.ranks.shape == returns.shape
