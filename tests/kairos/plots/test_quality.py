"""The picture of corrections follows their days, sizes and kinds; that of quality the tables, checks and levels."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import polars as pl
import pytest
from PIL import Image

from kairos.plots.quality import corrections_drawn, results_drawn
from kairos.tables.quality import CORRECTIONS, KINDS, LEVELS, MEASURES, QUALITY_RESULTS

FIRST = datetime(2016, 3, 2, 12, tzinfo=UTC)


def rows(*, number=40, kind="correction", change=0.01, days=1):
    known = [FIRST + timedelta(days=place % days) for place in range(number)]
    filled = dict.fromkeys(CORRECTIONS.columns) | {"ticker": "A", "ticker_before": "A", "column_name": "close", "kind": kind}
    filled |= {"session": date(2016, 3, 1), "change": change, "known_at_before": FIRST, "known_source": "observed"}
    made = [filled | {"permaticker": place, "known_at": at} for place, at in enumerate(known)]
    return pl.DataFrame(made, schema=CORRECTIONS.dtypes, orient="row")


def drawn(frame):
    data = corrections_drawn(frame)
    assert len(data) < 100_000
    assert Image.open(BytesIO(data)).format == "PNG"
    return data


def test_equal_rows_draw_equal_bytes():
    assert drawn(rows()) == drawn(rows())


@pytest.mark.parametrize("other", [{"days": 7}, {"change": 0.5}, {"kind": "readjustment"}, {"number": 80}])
def test_days_sizes_kinds_and_counts_are_seen(other):
    assert drawn(rows()) != drawn(rows(**other))


def test_every_kind_is_drawn_and_changes_that_have_no_size_too():
    mixed = pl.concat([rows(kind=kind, change=None if kind == "filled" else 1e9) for kind in KINDS])
    assert drawn(mixed) != drawn(rows())


def test_no_corrections_are_said():
    assert len(drawn(CORRECTIONS.empty())) < len(drawn(rows()))


def figures(*levels, table="sep_base", check="drift"):
    rows = [(table, FIRST.date(), check, f"c{place}", 1.0, 1.0, level, "") for place, level in enumerate(levels)]
    return pl.DataFrame(rows, schema=QUALITY_RESULTS.dtypes, orient="row")


def heat(frame):
    data = results_drawn(frame, name="quality_results")
    assert len(data) < 100_000
    assert Image.open(BytesIO(data)).format == "PNG"
    return data


def test_each_level_table_check_and_count_is_seen():
    base = heat(figures("ok"))
    others = [
        figures("warn"),
        figures("block"),
        figures("ok", "ok"),
        figures("ok", table="actions"),
        figures("ok", check="freshness"),
    ]
    assert len({base, *map(heat, others)}) == 6


def test_the_worst_level_of_a_cell_is_drawn():
    colours = {Image.open(BytesIO(heat(figures("ok", level, "ok")))).convert("RGB").getpixel((540, 70)) for level in LEVELS}
    assert len(colours) == 3


def test_every_table_and_check_is_drawn():
    every = pl.concat([figures("ok", "warn", table=f"t{place}", check=check) for place in range(13) for check in MEASURES])
    assert heat(every) == heat(every.reverse())


def test_nothing_judged_is_said():
    assert len(heat(QUALITY_RESULTS.empty())) < len(heat(figures("ok")))
