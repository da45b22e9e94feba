from io import BytesIO

import polars as pl
import pytest
from PIL import Image

from kairos.plots.factors import factor_page, factor_picture
from kairos.tables.factors import FACTOR_HORIZONS, FACTOR_REPORT

PARTS = [
    ("all", "all"),
    ("year", "2014"),
    ("month", "2014-01"),
    ("month", "2014-02"),
    ("sector", "Energy"),
    ("volatility", "low"),
]


@pytest.fixture(scope="module")
def report():
    rows = [
        {"universe_year": 2014, "feature": f"feature_{number}", "horizon": horizon, "split": split, "part": part,
         "sessions": 20, "rank_ic": (number - 3) * 0.01 / horizon, "rank_ic_t": number - 3.0, "q5": 0.002,
         "q1": -0.001 * number}
        for number in range(7) for horizon in FACTOR_HORIZONS for split, part in PARTS
    ]  # fmt: skip
    frame = pl.DataFrame(rows)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in FACTOR_REPORT.dtypes.items() if name not in frame.columns]
    return FACTOR_REPORT.conform(frame.with_columns(absent))


def size(picture):
    return Image.open(BytesIO(picture)).size


def test_pictures_fit_the_event_log(report):
    for picture in (factor_page(report), factor_picture(report, feature="feature_1")):
        assert len(picture) < 100_000
        assert size(picture)[0] > 1000


def test_equal_rows_make_equal_bytes(report):
    assert factor_page(report) == factor_page(report.reverse())


def test_only_the_features_with_the_greatest_t_are_on_the_page(report):
    weak = pl.col("feature").is_in(["feature_2", "feature_3", "feature_4"])
    changed = report.with_columns(pl.when(weak).then(pl.col("q1") * 9).otherwise("q1").alias("q1"))

    assert factor_page(changed) == factor_page(report)


@pytest.mark.parametrize("frame", ["none", "silent"])
def test_without_a_rank_ic_the_picture_says_so(report, frame):
    rows = report.clear() if frame == "none" else report.with_columns(rank_ic=None, rank_ic_t=None)

    assert size(factor_page(rows))[1] < 200
    assert size(factor_picture(rows, feature="feature_1"))[1] < 200
