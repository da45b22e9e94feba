"""What the kernels promise beyond their values: a value is made of the rows of its own window, to the bit."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.features.alpha158 import FEATURE_SET
from kairos.features.alpha158.fast import chunks, values
from kairos.features.alpha158.reference import INPUTS
from kairos.features.alpha158.scratch import BACK, TILE_ROWS
from kairos.features.causality import differing
from kairos.features.panel import price_panel

NAMES = FEATURE_SET.names


def made(rows=1300, names=3, *, seed=3, missing=0.0):
    """Names of `rows`, `rows` - 7, `rows` - 14 ... sessions."""
    chance, parts = np.random.default_rng(seed), []
    for name in range(names):
        count = rows - 7 * name
        close = np.exp(3 + np.cumsum(chance.normal(0, 0.02, count)))
        prices = {
            "O": close * 1.001,
            "H": close * (1.002 + chance.random(count) / 50),
            "L": close * (0.999 - chance.random(count) / 50),
            "C": close,
            "V": np.exp(chance.normal(12, 1, count)),
        }
        holes = {key: np.where(chance.random(count) < missing, np.nan, value) for key, value in prices.items()}
        parts.append(pl.DataFrame({"permaticker": [name] * count, "session": range(count), "row": range(count)} | holes))
    return pl.concat(parts).with_columns(
        pl.col("session").cast(pl.Date), pl.col("row").cast(pl.Int32), pl.col(INPUTS).fill_nan(None)
    )


@pytest.fixture(scope="module", params=[0.0, 0.02], ids=["whole", "with holes"])
def panel(request):
    return made(missing=request.param)


@pytest.fixture(scope="module")
def full(panel):
    return values(panel)


def same(one, other):
    assert one.height == other.height > 0
    assert one.select("permaticker", "session").equals(other.select("permaticker", "session"))
    assert differing(one, other, NAMES) == []


@pytest.mark.parametrize("back", [1, 2, 61, 500])
def test_the_last_sessions_from_a_short_look_back_are_those_of_the_full_rebuild(panel, full, back):
    since = pl.Series([1200 - back]).cast(pl.Date)[0]
    tail = panel.filter(pl.col("session") >= pl.Series([1200 - back - BACK]).cast(pl.Date)[0])
    same(values(tail, since=since), full.filter(pl.col("session") >= since))


def test_rows_older_than_the_look_back_change_no_bit(panel, full):
    at = 1100
    for lookback in sorted({feature.lookback for feature in FEATURE_SET.features}):
        old = pl.col("row") < at - lookback
        garbled = values(
            panel.with_columns(pl.when(old).then(7 * pl.col(name).reverse()).otherwise(name).alias(name) for name in INPUTS)
        )
        names = tuple(feature.name for feature in FEATURE_SET.features if feature.lookback == lookback)
        there = panel["row"] == at
        assert differing(garbled.filter(there), full.filter(there), names) == []


def test_the_oldest_row_of_the_look_back_matters():
    whole = made(rows=300, names=1)
    for lookback in sorted({feature.lookback for feature in FEATURE_SET.features}):
        oldest = pl.col("row") == 299 - lookback
        others = [
            values(_moved(whole, oldest, by=by)).tail(1)
            for by in ({"C": 3.0, "H": 3.1}, {"C": 0.2, "L": 0.1}, {"V": 9.0, "O": 1.2})
        ]
        names = {feature.name for feature in FEATURE_SET.features if feature.lookback == lookback}
        last = values(whole).tail(1)
        assert names - {name for other in others for name in differing(other, last, NAMES)} == set()


def _moved(panel, rows, *, by):
    return panel.with_columns(
        pl.when(rows).then(factor * pl.col(name)).otherwise(name).alias(name) for name, factor in by.items()
    )


def test_where_a_tile_ends_does_not_matter(panel, full):
    assert panel.height > TILE_ROWS  # the names are cut at other places below
    for first in (1, 340):
        since = pl.Series([first]).cast(pl.Date)[0]
        same(values(panel, since=since), full.filter(pl.col("session") >= since))


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_bit(panel, full, threads):
    same(values(panel, threads=threads), full)


@pytest.mark.parametrize("rows", [1, 1500, 10**9])
def test_chunks_put_together_are_the_whole(panel, full, rows):
    parts = list(chunks(panel, rows=rows))
    same(pl.concat(parts), full)
    assert len(parts) == {1: 3, 1500: 2, 10**9: 1}[rows]


def test_too_few_rows_before_the_first_wanted_one_are_refused():
    cut = made(rows=200, names=1).slice(100)
    with pytest.raises(
        ContractError, match=r"permaticker 0 has 0 row\(s\) before the first wanted one, of 100 there are; expected 60"
    ):
        values(cut)


def test_a_name_listed_within_the_look_back_needs_no_more_than_it_has():
    young = made(rows=30, names=1)
    same(values(young, since=date(1970, 1, 30)), values(young).tail(1))


def test_a_break_in_the_chain_begins_a_new_name(nasty_returns):
    own = nasty_returns.filter(pl.col("permaticker") == 105)
    whole = price_panel(own, first_session=date(2015, 1, 1))
    assert (whole["row"] == 0).sum() == 2
    same(values(whole)[400:], values(whole[400:]))


def test_columns_are_single_precision_without_nan(full):
    assert {full.schema[name] for name in NAMES} == {pl.Float32()}
    assert full.select(pl.col(NAMES).is_finite().all()).row(0) == (True,) * len(NAMES)


def test_a_short_name_by_hand():
    panel = made(rows=3, names=1).with_columns(
        C=pl.Series([2.0, 4.0, 3.0]), H=pl.Series([5.0, 5.0, 4.0]), L=pl.Series([2.0, 1.0, 1.0]), V=pl.Series([8.0, 4.0, 0.0])
    )
    last = values(panel).row(2, named=True)
    expected = {
        "MA5": 1.0, "STD5": 1 / 3, "BETA5": 0.5 / 3, "RSQR5": 0.25, "RESI60": -0.5 / 3, "MAX5": 5 / 3, "MIN5": 1 / 3,
        "QTLU5": 3.6 / 3, "QTLD5": 2.4 / 3, "RANK5": 2 / 3, "RSV5": 0.5, "IMAX5": 1 / 5, "IMIN5": 2 / 5, "IMXD5": -1 / 5,
        "CNTP5": 1 / 3, "CNTN5": 1 / 3, "CNTD5": 0.0, "SUMP5": 2 / 3, "SUMN5": 1 / 3, "SUMD5": 1 / 3,
        "VSUMP5": 0.0, "VSUMN5": 1.0, "VSUMD5": -1.0, "WVMA5": np.std([4.0, 0.0], ddof=1) / 2, "VMA5": 4e12,
    }  # fmt: skip
    assert {name: last[name] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert last["ROC5"] is None
