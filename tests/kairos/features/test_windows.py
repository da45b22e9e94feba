import numpy as np
import pytest

from kairos.features import newest, ordered, windows

CHANCE = np.random.default_rng(5)
VALUES = np.where(CHANCE.random(120) < 0.02, np.nan, CHANCE.normal(size=120).round(1))
WINDOWS = np.array([1, 2, 3, 5, 8, 21, 26, 63], np.int32)


def rows_of(values):
    return np.arange(values.size, dtype=np.int32)


def shared(loop, values, *more, lengths=WINDOWS, row=None):
    """All windows at once, one array each."""
    out, scratch = np.zeros((lengths.size, values.size)), np.empty((4, values.size))
    row = rows_of(values) if row is None else row
    loop(values, lengths, *more, row, out, np.arange(lengths.size, dtype=np.int32), scratch)
    return dict(zip(lengths.tolist(), out, strict=True))


def moments(values, window):
    centre = shared(windows.totals, values, 1.0, lengths=np.array([window], np.int32))[window] / window
    out = np.empty((3, values.size))
    ordered.moments(values, centre, window, *out)
    return out


def one(loop, values, *more):
    out = np.empty_like(values)
    loop(values, *more, rows_of(values), out, *([np.empty((4, values.size))] if loop is ordered.rank else []))
    return out


TWINS = {
    "totals": (lambda a: shared(windows.totals, a, 1.0), lambda x: x.sum()),
    "totals with decay": (
        lambda a: shared(windows.totals, a, 0.9),
        lambda x: sum(value * 0.9**age for age, value in enumerate(x[::-1])),
    ),
    "aged_totals": (lambda a: shared(windows.aged_totals, a), lambda x: sum(age * value for age, value in enumerate(x[::-1]))),
    "products": (lambda a: shared(windows.products, a), lambda x: x.prod()),
    "highest": (lambda a: shared(windows.highest, a), lambda x: x.max()),
    "ages_of_highest": (lambda a: shared(windows.ages_of_highest, a), lambda x: np.argmax(x[::-1])),
    "rank": (
        lambda a: {window: one(ordered.rank, a, window) for window in (2, 3, 21)},
        lambda x: sum((other < x[-1]) + 0.5 * (other == x[-1]) for other in x[:-1]) / (len(x) - 1),
    ),
    "median": (lambda a: {window: one(ordered.quantile, a, window, 0.5) for window in (1, 2, 21)}, np.median),
    "quantile": (lambda a: {window: one(ordered.quantile, a, window, 0.8) for window in (3, 8)}, lambda x: np.quantile(x, 0.8)),
    "moments": (lambda a: {window: moments(a, window)[2] for window in (2, 21)}, lambda x: ((x - x.mean()) ** 4).mean()),
}


def slow(values, window, summary):
    out = np.full(values.size, np.nan)
    for t in range(window - 1, values.size):
        inside = values[t - window + 1 : t + 1]
        out[t] = np.nan if np.isnan(inside).any() else summary(inside)
    return out


@pytest.mark.parametrize("name", TWINS)
def test_a_window_equals_its_obvious_twin(name):
    fast, summary = TWINS[name]
    for window, made in fast(VALUES).items():
        np.testing.assert_allclose(made, slow(VALUES, window, summary), rtol=1e-12, atol=1e-12, err_msg=str(window))


@pytest.mark.parametrize("name", TWINS)
def test_a_window_keeps_no_bit_of_what_came_before_it(name):
    fast, _ = TWINS[name]
    wild = np.concatenate([np.array([1e300, np.nan, -1e12, 1e-300]), VALUES])
    for window, made in fast(wild).items():
        np.testing.assert_array_equal(made[4 + window - 1 :], fast(VALUES)[window][window - 1 :], err_msg=str(window))


def test_a_window_is_the_same_whichever_are_made_with_it():
    alone = shared(windows.totals, VALUES, 0.9, lengths=np.array([21], np.int32))[21]
    np.testing.assert_array_equal(shared(windows.totals, VALUES, 0.9)[21], alone)


def test_a_window_does_not_reach_beyond_its_chain():
    row = np.concatenate([np.arange(60), np.arange(60)]).astype(np.int32)
    made = shared(windows.highest, np.ones(120), row=row)
    assert np.isnan(made[21][60:80]).all()
    assert made[21][80] == 1


def test_a_window_longer_than_the_array_gives_no_value():
    assert np.isnan(shared(windows.totals, np.ones(3), 1.0)[5]).all()


def test_lagging_by_more_rows_than_there_are_leaves_nothing():
    out = np.ones(3)
    ordered.lag(np.ones(3), 7, np.arange(3, dtype=np.int32), out)
    assert np.isnan(out).all()


def test_an_average_goes_on_from_the_mean_of_the_first_rows_until_its_window_is_full():
    x = np.array([9.0, np.nan, 1.0, 3.0, 5.0, 0.0, 8.0])
    np.testing.assert_allclose(one(ordered.begun, x, 2, 0.5, 4), [np.nan, np.nan, np.nan, 2, 3.5, np.nan, np.nan])
    out = np.empty(4)
    ordered.begun(np.ones(4), 2, 0.5, 9, np.array([0, 1, 0, 1], np.int32), out)
    np.testing.assert_array_equal(out, [np.nan, 1, np.nan, 1])


AT = np.array([0, 3, 20, 62, 63, 64, 90, 117, 119], np.int32)
NEGATIVE_ZEROS = np.where(CHANCE.random(120) < 0.3, -0.0, VALUES)
ROWS_OF_TWO_NAMES = np.concatenate([np.arange(50), np.arange(70)]).astype(np.int32)


def of_few(loop, values, *more):
    """All windows at the rows AT alone."""
    out = np.zeros((WINDOWS.size, values.size))
    loop(values, WINDOWS, *more, ROWS_OF_TWO_NAMES, out, np.arange(WINDOWS.size, dtype=np.int32), AT)
    return out


def assert_same_bits(few, whole):
    assert np.array_equal(few[..., AT].view(np.int64), np.stack(list(whole))[..., AT].view(np.int64))


@pytest.mark.parametrize("values", [VALUES, NEGATIVE_ZEROS], ids=["values", "negative zeros"])
@pytest.mark.parametrize("loop", ["totals", "aged_totals", "products", "highest", "ages_of_highest"])
def test_a_window_of_few_rows_alone_has_the_same_bits(loop, values):
    for more in [(1.0,), (0.9,)] if loop == "totals" else [()]:
        whole = shared(getattr(windows, loop), values, *more, row=ROWS_OF_TWO_NAMES)
        assert_same_bits(of_few(getattr(newest, loop), values, *more), whole.values())


@pytest.mark.parametrize("window", [2, 3, 21, 63])
def test_so_have_ranks_quantiles_and_moments(window):
    few, whole = np.zeros((5, VALUES.size)), np.zeros((5, VALUES.size))
    centre = shared(windows.totals, VALUES, 1.0, lengths=np.array([window], np.int32), row=ROWS_OF_TWO_NAMES)[window] / window
    ordered.rank(VALUES, window, ROWS_OF_TWO_NAMES, whole[0], np.empty((4, VALUES.size)))
    newest.rank(VALUES, window, ROWS_OF_TWO_NAMES, few[0], AT)
    ordered.quantile(VALUES, window, 0.3, ROWS_OF_TWO_NAMES, whole[1])
    newest.quantile(VALUES, window, 0.3, ROWS_OF_TWO_NAMES, few[1], AT)
    ordered.moments(VALUES, centre, window, *whole[2:])
    newest.moments(VALUES, centre, window, *few[2:], AT)
    assert_same_bits(few, whole)
