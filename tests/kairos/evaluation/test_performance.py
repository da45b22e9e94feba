"""The figures of one series equal empyrical's published values."""

import math

import numpy as np
import pytest

from kairos.evaluation.performance import cagr, calmar, drawdowns, hit_rate, max_drawdown, sharpe, total_return

MIXED = np.array([np.nan, 1, 10, -4, 2, 3, 2, 1, -10]) / 100
NEGATIVE = np.array([0, -6, -7, -1, -9, -2, -6, -8, -5]) / 100


@pytest.mark.parametrize(
    ("figure", "returns", "value"),
    [
        (sharpe, MIXED, 1.7238613961706866),
        (max_drawdown, MIXED, -0.1),
        (cagr, MIXED, 1.9135925373194231),
        (calmar, MIXED, 19.135925373194233),
        (total_return, MIXED, 0.0389310917),
        (sharpe, NEGATIVE, -24.406808633910085),
        (max_drawdown, NEGATIVE, -0.3659073),
        (cagr, [0.01], 11.2740),
    ],
)
def test_the_figure_equals_the_published_value(figure, returns, value):
    places = len(str(value).partition(".")[2])
    assert figure(returns) == pytest.approx(value, rel=1e-13, abs=0.5 * 10.0**-places)


def test_a_flat_line_has_no_risk():
    assert sharpe(np.full(100, 0.01)) == math.inf
    assert sharpe(np.full(100, -0.07)) == -math.inf
    assert math.isnan(sharpe(np.zeros(100)))


@pytest.mark.parametrize("figure", [sharpe, cagr, total_return, max_drawdown, calmar, hit_rate])
def test_nothing_has_no_figure(figure):
    assert math.isnan(figure([]))


def test_one_return_has_no_sharpe_ratio():
    assert math.isnan(sharpe([0.01]))
    assert math.isnan(sharpe([0.01, np.nan]))


def test_the_drawdown_starts_from_the_initial_capital():
    assert max_drawdown([-0.5, 0.1]) == pytest.approx(-0.5)
    assert drawdowns([-0.5, 1.5, -0.1]).tolist() == pytest.approx([-0.5, 0.0, -0.1])


def test_a_series_that_never_fell_has_no_calmar_ratio():
    assert max_drawdown([0.1, 0.1]) == 0.0
    assert math.isnan(calmar([0.1, 0.1]))


def test_a_total_loss_is_minus_one():
    assert (max_drawdown([0.1, -1.0]), cagr([0.1, -1.0])) == (-1.0, -1.0)


def test_a_hit_is_above_zero():
    assert hit_rate([0.01, 0.0, -0.01, np.nan]) == pytest.approx(1 / 3)


def test_the_year_can_be_another():
    assert sharpe(MIXED, per_year=1) == pytest.approx(1.7238613961706866 / math.sqrt(252))
    assert cagr([0.21, 0.0], per_year=1) == pytest.approx(0.1)
