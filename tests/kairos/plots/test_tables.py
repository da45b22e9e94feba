"""Pictures of tables: small PNGs that follow the data; empty and complete frames say so."""

from datetime import date
from io import BytesIO

import polars as pl
import pytest
from PIL import Image

from kairos.calendar import sessions_between
from kairos.plots.tables import missingness, quarantine_bars, sessions_rows, universe_reasons
from kairos.tables.raw import QUARANTINE
from kairos.tables.universe import MID_CAP_XX

SESSIONS = sessions_between(date(2014, 1, 2), date(2016, 12, 30))


def height_of(data):
    assert len(data) < 100_000
    image = Image.open(BytesIO(data))
    assert image.format == "PNG"
    return image.height


def test_only_columns_with_gaps_are_drawn():
    one = pl.DataFrame({"whole": [1, 2], "gap": [None, 1.0]})
    many = one.with_columns(**{f"gap_{i}": pl.Series([None, float("nan")]) for i in range(10)})
    assert height_of(missingness(many)) > height_of(missingness(one))


def test_not_a_number_counts_as_missing():
    gaps = pl.DataFrame({"a": [1.0, None]})
    nans = pl.DataFrame({"a": [1.0, float("nan")]})
    assert missingness(gaps) == missingness(nans)


def test_hundreds_of_columns_stay_one_picture():
    height_of(missingness(pl.DataFrame({f"feature_{i}": [None, 1.0, 2.0] for i in range(300)})))


def test_rejected_rows_and_nulled_values_look_different():
    def frame(action):
        rows = [
            {"writer": "w", "year": 2014, "source": "s", "dataset": "sep", "payload_id": "p", "row": i, "reason": "bad_close",
             "action": action, "detail": "{}"}
            for i in range(9)
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=QUARANTINE.dtypes)

    rejected, nulled = quarantine_bars(frame("row_rejected")), quarantine_bars(frame("value_nulled"))
    height_of(rejected)
    assert rejected != nulled


def test_every_reason_has_its_bar():
    reasons = ["member"] * 5 + ["price_too_low"] * 3 + ["no_marketcap"]
    frame = pl.DataFrame({"universe_year": 2014, "reason": reasons, "included": [r != "price_too_low" for r in reasons]})
    assert height_of(universe_reasons(frame)) > height_of(universe_reasons(frame.filter(reason="member")))


def test_the_rows_of_each_session_are_drawn():
    frame = pl.DataFrame({"session": SESSIONS * 3})
    height_of(sessions_rows(frame, name="sep_base"))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: missingness(pl.DataFrame({"a": []})),
        lambda: missingness(pl.DataFrame({"a": [1]})),
        lambda: quarantine_bars(QUARANTINE.empty()),
        lambda: universe_reasons(MID_CAP_XX.empty()),
        lambda: sessions_rows(pl.DataFrame({"session": []}, schema={"session": pl.Date})),
    ],
)
def test_nothing_to_draw_is_said(draw):
    assert height_of(draw()) < 200
