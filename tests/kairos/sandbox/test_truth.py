import numpy as np
import polars as pl
import pytest

from kairos.sandbox.alpha import PRICE_PARTS, SHARES
from kairos.sandbox.market import generate
from kairos.sandbox.strength import rank_ic
from kairos.sandbox.truth import oracle


@pytest.fixture(scope="module")
def expected(demo):
    return oracle(demo)


def ahead(market, horizon):
    """Cumulative return of the sessions after each row, by rows of the name."""
    total = (pl.col("total_return").fill_null(0) + 1).log().cum_sum()
    moved = (total.shift(-horizon) - total).exp().over("permaticker") - 1
    return market.bars.select("permaticker", "session", moved.alias("return"))


def mean_rank_ic(market, signals, column, horizon=1):
    joined = signals.filter(horizon=horizon).join(ahead(market, horizon), on=["permaticker", "session"]).drop_nulls("return")
    ics = (
        joined.group_by("session")
        .agg(pl.corr(column, "return", method="spearman").alias("ic"), pl.len())
        .filter(pl.col("len") > 5)
    )
    return ics["ic"].mean()


def shares_of(signals):
    variances = (
        signals.filter(horizon=1).group_by("session").agg(pl.col(*SHARES, "total").var()).select(*SHARES, "total").mean()
    )
    return variances.row(0, named=True)


def test_the_oracle_has_a_rank_ic_of_five_percent(demo, expected):
    assert 0.045 < mean_rank_ic(demo, expected, "total") < 0.055


def test_each_component_has_its_share_of_the_variance(expected):
    variances = shares_of(expected)
    whole = sum(variances[name] for name in SHARES)
    for name, share in SHARES.items():
        assert variances[name] / whole == pytest.approx(share, rel=0.05)


def test_the_components_are_uncorrelated(expected):
    variances = shares_of(expected)
    assert sum(variances[name] for name in SHARES) == pytest.approx(variances["total"], rel=0.06)


def test_the_parts_add_up(expected):
    sums = expected.select(
        (pl.sum_horizontal(*SHARES) - pl.col("total")).abs().max().alias("total"),
        (pl.sum_horizontal(*PRICE_PARTS) - pl.col("price_part")).abs().max().alias("price_part"),
    )
    assert max(sums.row(0)) < 1e-15


@pytest.mark.parametrize("horizon", [1, 5, 21])
def test_returns_follow_the_oracle_one_for_one(demo, expected, horizon):
    joined = expected.filter(horizon=horizon).join(ahead(demo, horizon), on=["permaticker", "session"]).drop_nulls("return")
    centred = joined.select(pl.col("total", "return") - pl.col("total", "return").mean().over("session"))
    slope = centred.select((pl.col("total") * pl.col("return")).sum() / (pl.col("total") ** 2).sum()).item()
    assert 0.7 < slope < 1.3


def test_longer_horizons_are_easier(demo, expected):
    assert mean_rank_ic(demo, expected, "total", 5) > mean_rank_ic(demo, expected, "total", 1) + 0.02


def test_without_alpha_the_oracle_knows_nothing():
    market = generate("demo", 3, alpha=False)
    assert abs(mean_rank_ic(market, oracle(market, horizons=[1]), "total")) < 0.008


def test_without_alpha_names_and_lives_stay_the_same(tiny):
    without = generate("tiny", 3, alpha=False)
    assert without.securities.drop("cap_first").equals(tiny.securities.drop("cap_first"))
    assert not without.bars["close"].equals(tiny.bars["close"])


def test_the_oracle_has_a_row_for_every_bar_and_horizon(demo, expected):
    assert expected.height == 3 * demo.bars.height
    assert expected["horizon"].unique().sort().to_list() == [1, 5, 21]


def test_rank_ic_matches_spearman_by_hand():
    signal, returns = np.array([[1.0, 2.0, 3.0, 9.0]]), np.array([[2.0, 1.0, 3.0, 0.0]])
    rows = np.array([[True, True, True, False]])
    assert rank_ic(signal, returns, rows) == pytest.approx(0.5)


def test_the_shares_are_those_of_the_design():
    assert SHARES == {
        "reversal": 0.25,
        "momentum": 0.20,
        "value": 0.15,
        "revisions": 0.15,
        "lead_lag": 0.15,
        "volatility": 0.10,
    }


def test_valuation_shows_the_value_signal(demo, expected):
    known = demo.daily.join(expected.filter(horizon=1), on=["permaticker", "session"]).drop_nulls("pb")
    ics = known.group_by("session").agg(pl.corr("pb", "value", method="spearman").alias("ic"))
    assert ics["ic"].mean() < -0.2
