import numpy as np
import pytest
from pydantic import TypeAdapter

from kairos.models.steps import STEPS, AnyStep, Place

NAN = np.nan
STARTS = np.array([0, 5, 10])
STEP = TypeAdapter(AnyStep)
BY_SESSION = [  # every step that reads one session alone
    {"step": "winsorise", "limit": 0.2},
    {"step": "winsorise", "method": "mad", "limit": 1.5},
    {"step": "rank"},
    {"step": "rank", "by": "sector"},
    {"step": "zscore"},
    {"step": "zscore", "by": "sector"},
    {"step": "neutralise", "against": ["market", "size"]},
    {"step": "neutralise", "against": ["sector"]},
    {"step": "fill"},
    {"step": "fill", "value": "median"},
    {"step": "fill", "value": "drop"},
]
FITTED = [
    {"step": "winsorise", "by": "window", "limit": 0.1},
    {"step": "winsorise", "by": "window", "method": "mad", "limit": 2},
    {"step": "zscore", "by": "window"},
    {"step": "fill", "value": "median", "by": "window"},
]


def step_of(**words):
    return STEP.validate_python(words)


def place_of(starts=STARTS, *, sectors=None, **exposures):
    rows = int(starts[-1])
    return Place(
        np.asarray(starts),
        np.zeros(rows, dtype=np.int64) if sectors is None else np.asarray(sectors),
        {name: np.asarray(values, dtype=float) for name, values in exposures.items()},
    )


def applied(values, *, place=None, **words):
    """Apply a step to one feature, fitted on the same values."""
    step, block = step_of(**words), np.array([values], dtype=float).T
    return step.apply(block, place or place_of([0, len(values)]), step.fit(block))[:, 0].tolist()


def made(rows, *, seed=3):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 3))
    values[rng.random(values.shape) < 0.15] = NAN
    return values


def made_place(starts):
    rows, rng = int(starts[-1]), np.random.default_rng(4)
    return place_of(starts, sectors=rng.integers(0, 3, rows), size=rng.normal(size=rows))


@pytest.mark.parametrize("words", BY_SESSION, ids=str)
def test_a_session_is_worked_out_of_its_own_rows_alone(words):
    starts = np.array([0, 20, 45, 60])
    step, values, place = step_of(**words), made(60), made_place(starts)
    changed = values.copy()
    changed[:20], changed[45:] = 99.0, NAN
    alone = Place(np.array([0, 25]), place.sectors[20:45], {name: column[20:45] for name, column in place.exposures.items()})

    whole = step.apply(values, place, {})

    assert step.fit(values) == {}
    assert np.array_equal(whole[20:45], step.apply(changed, place, {})[20:45], equal_nan=True)
    assert np.array_equal(whole[20:45], step.apply(values[20:45], alone, {}), equal_nan=True)


@pytest.mark.parametrize("words", FITTED, ids=str)
def test_a_fitted_step_applies_to_every_row_what_the_window_told(words):
    starts = np.array([0, 20, 45, 60])
    step, values, place = step_of(**words), made(60), made_place(starts)
    fitted = step.fit(values[:45])
    changed = values.copy()
    changed[45:] += 7

    assert step.is_fitted
    assert fitted
    assert np.array_equal(step.apply(values, place, fitted)[:45], step.apply(changed, place, fitted)[:45], equal_nan=True)


@pytest.mark.parametrize("words", [*BY_SESSION, *FITTED], ids=str)
def test_a_feature_is_worked_out_of_itself_alone(words):
    step, values, place = step_of(**words), made(60), made_place(np.array([0, 20, 45, 60]))
    found = step.apply(values, place, step.fit(values))

    for feature in range(3):
        one = values[:, [feature]]
        assert np.allclose(found[:, [feature]], step.apply(one, place, step.fit(one)), equal_nan=True, atol=1e-12)


def test_every_kind_of_step_is_under_test():
    assert {words["step"] for words in BY_SESSION} == set(STEPS)


def test_quantiles_are_cut_at_their_own_interpolation():
    # of 0 1 2 3 10 the 25 % and 75 % quantiles are 1 and 3
    assert applied([0, 1, 2, 3, 10], step="winsorise", limit=0.25) == [1, 1, 2, 3, 3]


def test_quantiles_agree_with_numpy():
    values = np.random.default_rng(1).normal(size=37)
    low, high = np.quantile(values, [0.07, 0.93])

    assert np.allclose(applied(values, step="winsorise", limit=0.07), values.clip(low, high))


def test_deviations_are_cut_at_scaled_median_absolute_ones():
    # median 2, absolute deviations 2 1 0 1 8 with median 1: 2 +- 2 x 1.4826
    assert applied([0, 1, 2, 3, 10], step="winsorise", method="mad", limit=2) == [0, 1, 2, 3, pytest.approx(4.9652)]


def test_without_a_median_deviation_nothing_is_cut():
    assert applied([5, 5, 5, 9], step="winsorise", method="mad", limit=1) == [5, 5, 5, 9]


def test_limits_of_a_window_hold_for_later_rows():
    step = step_of(step="winsorise", by="window", limit=0.25)
    fitted = step.fit(np.array([[0.0], [1], [2], [3], [10]]))

    assert fitted == {"low": (1.0,), "high": (3.0,)}
    assert step.apply(np.array([[-50.0], [2.5], [50]]), place_of([0, 3]), fitted)[:, 0].tolist() == [1, 2.5, 3]


def test_a_feature_without_a_value_in_the_window_has_no_limits():
    step = step_of(step="winsorise", by="window")
    fitted = step.fit(np.array([[NAN], [NAN]]))

    assert fitted == {"low": (None,), "high": (None,)}
    assert step.apply(np.array([[7.0]]), place_of([0, 1]), fitted).tolist() == [[7.0]]


def test_ranks_are_centred_and_the_unknown_stays_unknown():
    assert np.array_equal(applied([5, 9, 7, 7, NAN], step="rank"), [-0.375, 0.375, 0, 0, NAN], equal_nan=True)


def test_ranks_within_sectors_compare_a_sector_with_itself():
    place = place_of([0, 5], sectors=[0, 1, 0, 1, 1])

    assert applied([5, 1, 9, 3, 2], place=place, step="rank", by="sector") == pytest.approx([-0.25, -1 / 3, 0.25, 1 / 3, 0])


def test_z_scores_of_a_session_have_its_mean_and_deviation():
    assert applied([1, 3], step="zscore") == [-1, 1]
    assert applied([4, 4, 4], step="zscore") == [0, 0, 0]


def test_z_scores_of_a_window_have_the_windows_mean_and_deviation():
    step = step_of(step="zscore", by="window")
    fitted = step.fit(np.array([[1.0, 4], [3, 4], [NAN, 4]]))

    assert fitted == {"mean": (2.0, 4.0), "deviation": (1.0, 1.0)}
    assert step.apply(np.array([[2.5, 5.0], [99, NAN]]), place_of([0, 2]), fitted)[0].tolist() == [0.5, 1.0]


def test_neutral_to_the_market_is_less_the_mean():
    assert applied([1, 2, 6], step="neutralise", against=["market"]) == pytest.approx([-2, -1, 3])


def test_neutral_to_sectors_is_less_the_sectors_mean():
    place = place_of([0, 4], sectors=[0, 0, 1, 1])

    assert applied([1, 3, 10, 20], place=place, step="neutralise", against=["sector"]) == pytest.approx([-1, 1, -5, 5])


def test_what_is_linear_in_size_has_nothing_left_and_a_missing_value_stays_missing():
    place = place_of([0, 5], size=[1, 2, 3, 4, 5])

    left = applied([3, 5, NAN, 9, 11], place=place, step="neutralise", against=["market", "size"])

    assert np.allclose(left, [0, 0, NAN, 0, 0], atol=1e-5, equal_nan=True)


def test_what_is_left_is_uncorrelated_with_every_exposure():
    rng = np.random.default_rng(5)
    sectors, size = rng.integers(0, 4, 60), rng.normal(size=60)
    values = size + sectors + rng.normal(size=60)

    left = np.array(applied(values, place=place_of([0, 60], sectors=sectors, size=size), step="neutralise",
                            against=["market", "sector", "size"]))  # fmt: skip

    assert abs(left @ size) < 1e-4
    assert max(abs(left[sectors == sector].sum()) for sector in range(4)) < 1e-9
    assert left.std() > 0.5


def test_too_few_names_for_the_regression_leave_nothing_known():
    place = place_of([0, 2], size=[1, 2])

    assert np.isnan(applied([3, 9], place=place, step="neutralise", against=["market", "size"])).all()


def test_gaps_are_filled_with_zero_or_the_median():
    assert applied([1, NAN, 4], step="fill") == [1, 0, 4]
    assert applied([1, NAN, 4], step="fill", value="median") == [1, 2.5, 4]
    assert applied([NAN, NAN], step="fill", value="median") == [0, 0]


def test_a_median_of_the_window_fills_later_gaps():
    step = step_of(step="fill", value="median", by="window")
    fitted = step.fit(np.array([[1.0, NAN], [2, NAN], [9, NAN]]))

    assert step.apply(np.array([[NAN, NAN]]), place_of([0, 1]), fitted).tolist() == [[2.0, 0.0]]
