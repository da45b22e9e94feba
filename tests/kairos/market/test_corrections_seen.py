"""Each way in which the vendor rewrites what it has sent, from raw rows to `corrections`: seen, and nothing overwritten."""

from datetime import date, timedelta

import polars as pl
import pytest

from kairos.calendar import prices_known_at, sessions_between
from kairos.frames import newest_versions
from kairos.market.cleaned import no_waivers
from kairos.market.corrections import corrections
from kairos.market.versions import build_versions
from kairos.plots.quality import corrections_drawn
from kairos.tables.quality import CORRECTIONS

DAYS = sessions_between(date(2015, 3, 2), date(2015, 3, 13))
FIRST, LATER = (prices_known_at(day) + timedelta(hours=3) for day in (DAYS[-1], date(2015, 3, 16)))
PLAIN = {"close": 10.0, "volume": 1000.0, "closeadj": 9.5, "closeunadj": 10.0}
SPLIT = {"close": 5.0, "volume": 2000.0, "closeadj": 4.75, "closeunadj": 10.0}


@pytest.fixture
def seen(raw_sep, raw_tickers, bar):
    """What is seen of a second delivery, after a first one of ten plain sessions of AAA."""

    def deliver(rows, at, name):
        made = [{"ticker": "AAA", "date": day, **bar(row["close"]), **row} for day, row in rows]
        return raw_sep(made, fetched_at=at, payload_id=name)

    def see(second, tickers=(("AAA", FIRST),)):
        first = deliver([(day, PLAIN) for day in DAYS], FIRST, "first")
        listed = pl.concat(raw_tickers([{"ticker": name, "permaticker": 7}], fetched_at=at) for name, at in tickers)
        raw = pl.concat([first, deliver(second, LATER, "second")])
        versions = build_versions(raw, listed, year=2015, waivers=no_waivers()).rows
        return versions, CORRECTIONS.validate(corrections(versions))

    return see


def as_at(versions, instant):
    return newest_versions(versions.filter(pl.col("known_at") <= instant), ("permaticker", "session"))


def test_a_sweep_of_changed_rows_is_a_correction_with_its_instant_and_size(seen):
    versions, found = seen([(DAYS[3], PLAIN | {"close": 11.0, "closeunadj": 11.0}), (DAYS[4], PLAIN)])
    close = found.filter(column_name="close").row(0, named=True)
    assert (close["session"], close["kind"], close["old_value"], close["new_value"]) == (DAYS[3], "correction", 10.0, 11.0)
    assert (close["change"], close["known_at"]) == (pytest.approx(0.1), LATER)
    assert set(found["session"]) == {DAYS[3]}
    assert as_at(versions, FIRST)["close"].unique().to_list() == [10.0]


def test_a_history_adjusted_anew_after_a_split_is_seen_on_every_session_as_a_readjustment(seen):
    versions, found = seen([(day, SPLIT) for day in DAYS])
    assert set(found["kind"]) == {"readjustment"}
    assert found.filter(column_name="close")["session"].to_list() == list(DAYS)
    assert found.filter(column_name="close")["change"].unique().to_list() == [-0.5]
    assert "closeunadj" not in set(found["column_name"])
    assert versions.height == 2 * len(DAYS)
    assert as_at(versions, FIRST)["close"].unique().to_list() == [10.0]


def test_rows_that_went_to_another_ticker_are_seen_as_a_rename_although_no_price_changed(seen):
    renamed = [(day, PLAIN | {"ticker": "NEW"}) for day in DAYS]
    versions, found = seen(renamed, tickers=(("AAA", FIRST), ("NEW", LATER)))
    assert found.select("column_name", "kind", "ticker_before", "ticker").unique().rows() == [
        ("ticker", "rename", "AAA", "NEW")
    ]
    assert found["session"].to_list() == list(DAYS)
    assert as_at(versions, FIRST)["ticker"].unique().to_list() == ["AAA"]
    assert as_at(versions, LATER)["ticker"].unique().to_list() == ["NEW"]


def test_a_delivery_that_repeats_all_is_seen_nowhere(seen):
    versions, found = seen([(day, PLAIN | {"lastupdated": date(2015, 3, 16)}) for day in DAYS])
    assert (versions.height, found.height) == (len(DAYS), 0)


def test_renames_and_memberships_are_drawn(seen):
    _, renamed = seen([(day, PLAIN | {"ticker": "NEW"}) for day in DAYS], tickers=(("AAA", FIRST), ("NEW", LATER)))
    joined = renamed.head(1).with_columns(kind=pl.lit("membership"), column_name=pl.lit("sp500"), change=pl.lit(-1.0))
    drawings = {corrections_drawn(rows) for rows in (renamed, pl.concat([renamed, joined]), renamed.clear())}
    assert len(drawings) == 3
    assert all(drawing.startswith(b"\x89PNG") and len(drawing) < 100_000 for drawing in drawings)
