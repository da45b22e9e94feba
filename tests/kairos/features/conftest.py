"""Made-up daily returns: well-behaved names, and nasty ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.features.core import FeatureSet, compute
from kairos.features.panel import price_panel
from kairos.features.registry import FEATURE_SETS

FIRST, LAST = date(2015, 1, 1), date(2017, 12, 31)
SESSIONS = sessions_between(FIRST, LAST)


def well_behaved(names: int = 6, *, seed: int = 1) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    shape = names * len(SESSIONS)
    intraday = np.expm1(chance.normal(0, 0.015, shape))
    overnight = np.expm1(chance.normal(0, 0.008, shape))
    open_to_close = 1 / (1 + intraday) - 1
    return pl.DataFrame(
        {
            "permaticker": np.repeat(np.arange(names) + 100, len(SESSIONS)),
            "session": list(SESSIONS) * names,
            "ret_cc": (1 + intraday) * (1 + overnight) - 1,
            "ret_co": overnight,
            "ret_oc": intraday,
            "high_to_close": np.maximum(0, open_to_close) + chance.exponential(0.005, shape),
            "low_to_close": np.minimum(0, open_to_close) - chance.exponential(0.005, shape),
            "dollar_volume": np.exp(chance.normal(16, 0.6, shape)),
            "closeunadj": np.exp(chance.normal(3, 0.1, shape)),
            "ret_source": "closeadj",
            "is_delisting": False,
        }
    ).with_columns(ret_cc=pl.when(pl.col("session") > SESSIONS[0]).then("ret_cc"))


def changed(frame: pl.DataFrame, name: int, **columns: pl.Expr | float | None) -> pl.DataFrame:
    """Replace columns of one name."""
    own = pl.col("permaticker") == name
    return frame.with_columns(
        pl.when(own).then(value if isinstance(value, pl.Expr) else pl.lit(value)).otherwise(pl.col(column)).alias(column)
        for column, value in columns.items()
    )


def nasty() -> pl.DataFrame:
    """Constant price, no volume, no range, one row, gaps, a break, missing inputs, a total loss, huge moves."""
    frame = well_behaved(11, seed=2)
    day = pl.int_range(pl.len()).over("permaticker")
    first = pl.col("session") == SESSIONS[0]
    frame = changed(frame, 100, ret_cc=pl.when(~first).then(0.0), ret_oc=0.0, high_to_close=0.0, low_to_close=0.0)
    frame = changed(frame, 101, dollar_volume=0.0)
    frame = changed(frame, 102, ret_cc=pl.when(~first).then(0.01), dollar_volume=1e6)
    frame = frame.filter((pl.col("permaticker") != 103) | first)
    frame = frame.filter((pl.col("permaticker") != 104) | (day % 97 < 80))
    frame = changed(frame, 105, ret_cc=pl.when(day != 400).then("ret_cc"))
    frame = changed(frame, 106, high_to_close=None, low_to_close=None, ret_oc=0.0)
    frame = changed(frame, 107, dollar_volume=pl.when(day % 50 != 3).then("dollar_volume"))
    frame = changed(frame, 108, ret_cc=pl.when(day == 500).then(-1.0).otherwise("ret_cc"))
    frame = changed(frame, 109, ret_cc=pl.when(day % 100 == 99).then(80.0).otherwise("ret_cc"))
    return changed(frame, 110, dollar_volume=pl.when(day % 4 == 0).then(0.0).otherwise("dollar_volume"))


@pytest.fixture(scope="session")
def returns() -> pl.DataFrame:
    return well_behaved()


@pytest.fixture(scope="session")
def nasty_returns() -> pl.DataFrame:
    return nasty()


def made_panel(**columns: list[float | None]) -> pl.DataFrame:
    """A panel of one name with chosen columns; R follows from C where it is not given."""
    rows = len(next(iter(columns.values())))
    base = dict.fromkeys(("R", "C", "O", "H", "L", "DV", "V", "P"), [None] * rows)
    frame = pl.DataFrame(
        {"permaticker": [1] * rows, "session": SESSIONS[:rows], **base, **columns},
        schema_overrides=dict.fromkeys(base, pl.Float64),
    ).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32))
    return frame if "R" in columns else frame.with_columns(R=pl.col("C") / pl.col("C").shift(1) - 1)


def values_of(feature_set: FeatureSet, name: str, **columns: list[float | None]) -> list[float | None]:
    one = replace(feature_set, features=tuple(feature for feature in feature_set.features if feature.name == name))
    return compute(one, made_panel(**columns))[name].to_list()


@pytest.fixture(scope="session")
def value_of() -> Callable[..., float | None]:
    """Give a feature's value on the last row of a hand-made panel."""
    return lambda feature_set, name, **columns: values_of(feature_set, name, **columns)[-1]


PANEL = ("R", "C", "O", "H", "L", "DV", "V", "P")


@pytest.fixture(scope="session")
def columns_of_a_name(returns) -> dict[str, np.ndarray]:
    """One name's panel columns, oldest first, with M and the sessions."""
    panel = price_panel(returns, first_session=FIRST).filter(pl.col("permaticker") == 101)
    market = market_by_hand(returns)
    return {name: panel[name].to_numpy() for name in PANEL} | {"M": market, "session": panel["session"].to_numpy()}


@pytest.fixture(scope="session")
def columns_of_every_name(returns) -> dict[str, np.ndarray]:
    """Panel columns of all names, shape (names, sessions), the second one that of `last_value`."""
    panel = price_panel(returns, first_session=FIRST)
    return {name: panel[name].to_numpy().reshape(-1, len(SESSIONS)) for name in PANEL}


def market_by_hand(returns: pl.DataFrame) -> np.ndarray:
    """The mean over the names of each session's return."""
    return returns["ret_cc"].to_numpy().reshape(-1, len(SESSIONS)).mean(axis=0)


@pytest.fixture(scope="session")
def last_value(returns) -> Callable[[FeatureSet, str], float]:
    """Give a feature's value on the last row of that name."""
    panel = price_panel(returns, first_session=FIRST)
    own = pl.col("permaticker") == 101
    made = {name: compute(feature_set, panel).filter(own) for name, feature_set in FEATURE_SETS.items()}
    return lambda feature_set, name: made[feature_set.name][name][-1]
