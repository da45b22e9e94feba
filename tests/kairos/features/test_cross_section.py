import numpy as np
import polars as pl
import pytest

from kairos.features.core import compute
from kairos.features.cross_section import FEATURE_SET
from tests.kairos.features.conftest import SESSIONS


def grown(every, far, near=0):
    closes = every["C"]
    return closes[:, -1 - near] / closes[:, -1 - far]


def impact(every):
    return (abs(every["R"]) / every["DV"])[:, -63:].mean(axis=1)


def shock(every):
    volume = np.log1p(every["DV"])
    return volume[:, -1] - volume[:, -63:].mean(axis=1)


def standing(values):
    """Share of the others below the second name."""
    return (values < values[1]).sum() / (len(values) - 1)


def earlier(every, sessions=21):
    return {name: values[:, :-sessions] for name, values in every.items()}


def standings(every, rows):
    return [standing(every["R"][:, -1 - back]) for back in range(rows)]


RANKED = {
    "ret_1d": lambda every: every["R"][:, -1],
    "ret_5d": lambda every: grown(every, 5),
    "ret_21d": lambda every: grown(every, 21),
    "ret_63d": lambda every: grown(every, 63),
    "mom_6_1": lambda every: grown(every, 126, 21),
    "mom_12_1": lambda every: grown(every, 252, 21),
    "to_high_252d": lambda every: every["C"][:, -1] / every["C"][:, -252:].max(axis=1),
    "dollar_volume_63d": lambda every: every["DV"][:, -63:].mean(axis=1),
    "price": lambda every: every["P"][:, -1],
    "vol_63d": lambda every: every["R"][:, -63:].std(axis=1),
    "vol_252d": lambda every: every["R"][:, -252:].std(axis=1),
    "max_ret_21d": lambda every: every["R"][:, -21:].max(axis=1),
    "amihud_63d": impact,
    "volume_shock": shock,
    "abs_ret_1d": lambda every: abs(every["R"][:, -1]),
    "gap": lambda every: every["O"][:, -1] / every["C"][:, -2],
    "range": lambda every: (every["H"] - every["L"])[:, -1] / every["C"][:, -1],
}
CLIMBS = {
    "mom_6_1": RANKED["mom_6_1"],
    "dollar_volume_21d": lambda every: every["DV"][:, -21:].mean(axis=1),
    "vol_63d": RANKED["vol_63d"],
}
ORACLES = {
    **{f"{name}_rank": lambda every, x=x: standing(x(every)) for name, x in RANKED.items()},
    **{
        f"{name}_rank_change_21d": lambda every, x=x: standing(x(every)) - standing(x(earlier(every)))
        for name, x in CLIMBS.items()
    },
    "ret_1d_rank_mean_21d": lambda every: np.mean(standings(every, 21)),
    "ret_1d_rank_vol_63d": lambda every: np.std(standings(every, 63), ddof=1),
}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_every_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_every_name), rel=1e-5, abs=1e-6)


def on_one_session(**columns):
    """Values of names with chosen columns on one session."""
    names = len(next(iter(columns.values())))
    empty = dict.fromkeys(("R", "C", "O", "H", "L", "DV", "P"), [None] * names)
    frame = pl.DataFrame(
        {"permaticker": list(range(names)), "session": [SESSIONS[0]] * names, "row": [0] * names, **empty, **columns},
        schema_overrides={"row": pl.Int32, **dict.fromkeys(empty, pl.Float64)},
    )
    return compute(FEATURE_SET, frame)


def test_five_names_stand_at_quarters_and_ties_share_their_place():
    assert on_one_session(R=[0.03, -0.01, 0.0, 0.01, 0.02])["ret_1d_rank"].to_list() == [1, 0, 0.25, 0.5, 0.75]
    assert on_one_session(R=[0.02, -0.01, 0.0, 0.0, 0.02])["ret_1d_rank"].to_list() == [0.875, 0, 0.375, 0.375, 0.875]


def test_a_name_without_a_return_has_no_standing_and_is_not_counted():
    assert on_one_session(R=[0.05, 0.01, None, 0.02, 0.03, 0.04])["ret_1d_rank"].to_list() == [1, 0, None, 0.25, 0.5, 0.75]


def test_four_names_are_too_few_to_stand_among():
    assert on_one_session(R=[0.1, 0.2, 0.3, 0.4])["ret_1d_rank"].to_list() == [None] * 4


def test_what_moves_all_names_alike_changes_no_standing():
    prices = [5.0, 80.0, 20.0, 10.0, 40.0]
    assert on_one_session(P=prices).equals(on_one_session(P=[2 * price for price in prices]))


def test_a_large_fall_draws_as_much_attention_as_a_large_rise():
    assert on_one_session(R=[-0.3, 0.3, 0.0, 0.1, 0.2])["abs_ret_1d_rank"].to_list() == [0.875, 0.875, 0, 0.25, 0.5]
