"""The equity picture of one strategy, of many, and of none."""

from datetime import date
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from kairos.calendar import sessions_between
from kairos.plots.strategies import bias_bars, equity_curve
from kairos.tables.simulation import SIMULATION_DAILY, SURVIVORSHIP_BIAS

SESSIONS = sessions_between(date(2010, 1, 4), date(2019, 12, 31))


def daily_of(tag="base", *, mean=0.0004, seed=1):
    net = np.random.default_rng(seed).normal(mean, 0.01, len(SESSIONS))
    frame = pl.DataFrame({"session": SESSIONS, "ret_net": net, "ret_gross": net + 1e-4}).with_columns(
        universe_year=2010, tag=pl.lit(tag), model_id=pl.lit("ridge_2010"), horizon=5, k=50, cost_bps=10.0,
        segment=pl.when(pl.col("session") >= SESSIONS[-252]).then(pl.lit("holdout")).otherwise(pl.lit("validation")),
        nav_net=(1 + pl.col("ret_net")).cum_prod(), nav_gross=(1 + pl.col("ret_gross")).cum_prod(),
        cost=1e-4, turnover=0.1, positions=50, cash=0.0,
    )  # fmt: skip
    return SIMULATION_DAILY.conform(frame)


def picture(data):
    assert len(data) < 100_000
    image = Image.open(BytesIO(data))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


def near(pixels, colour):
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(pixels - wanted).sum(axis=2) < 30).sum())


def test_ten_years_of_one_strategy_make_a_small_picture_of_net_and_gross():
    pixels = picture(equity_curve(daily_of()))
    assert near(pixels, "#1257a6") > 500
    assert near(pixels, "#7fb2e5") > 500


def test_the_holdout_is_shaded():
    shaded = near(picture(equity_curve(daily_of())), "#fcf2e8")
    assert shaded > 10_000
    assert near(picture(equity_curve(daily_of().with_columns(segment=pl.lit("validation")))), "#fcf2e8") < shaded / 10


def test_more_than_eight_strategies_stay_small():
    picture(equity_curve(pl.concat([daily_of(f"t{i}", seed=i) for i in range(10)])))


def test_of_a_cost_grid_the_middle_is_drawn():
    grid = pl.concat([daily_of(mean=0.0004 - cost * 1e-6).with_columns(cost_bps=pl.lit(cost)) for cost in (5.0, 10.0, 20.0)])
    assert equity_curve(grid) == equity_curve(grid.filter(cost_bps=10.0))


def test_equal_data_make_equal_bytes():
    assert equity_curve(daily_of()) == equity_curve(daily_of())


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_short_book_is_drawn_all_the_same(rows):
    picture(equity_curve(daily_of().head(rows)))


def test_a_ruined_book_is_drawn():
    ruined = daily_of().with_columns(nav_net=pl.when(pl.col("session") > SESSIONS[50]).then(0.0).otherwise(pl.col("nav_net")))
    picture(equity_curve(ruined))


def bias_of(*, strategies=3, survivors=0.12):
    rows = [
        {"universe_year": 2010, "tag": "top50", "model_id": f"m{number}_2010", "horizon": 5, "k": 50, "cost_bps": 10.0,
         "segment": segment, "sessions": 252, "names": 400, "dead": 60, "taken_over": 30, "dead_held": 20, "cagr_net": 0.1,
         "cagr_net_survivors": survivors, "cagr_net_bias": None if survivors is None else survivors - 0.1}
        for number in range(strategies)
        for segment in ("validation", "holdout", "whole")
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SURVIVORSHIP_BIAS.dtypes)


def test_growth_without_the_dead_stands_beside_growth_with_them():
    pixels = picture(bias_bars(bias_of()))
    assert near(pixels, "#1257a6") > 500
    assert near(pixels, "#c0392b") > near(pixels, "#1257a6")  # 12 % against 10 %


@pytest.mark.parametrize("frame", [bias_of(strategies=0), bias_of(survivors=None)], ids=["no rows", "no comparison"])
def test_a_bias_that_cannot_be_told_is_said(frame):
    assert near(picture(bias_bars(frame)), "#c0392b") == 0


def test_the_bias_of_many_strategies_stays_small():
    picture(bias_bars(bias_of(strategies=12)))
