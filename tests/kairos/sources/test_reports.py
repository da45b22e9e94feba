"""Reports of a drop are read with or without their header line."""

import io
import tarfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from kairos.errors import SourceError
from kairos.sources.reports import REPORT_COLUMNS, read_reports

DROPS = Path(__file__).parents[3].parent / "shared" / "data" / "daily_drops"
HEADLESS = ("20150824", "20150831", "20150922")
HEADER = ",".join(REPORT_COLUMNS)
LINE = "AAA,2015-06-28,False,FY,2015,10-K,10.0,,30.0,1.5,1.4,0.5,6.0,7.0,8.0,9.0,10.0,11.0,-12.0,-13.0"


def archive(text: str | None, name: str = "reports.csv") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as drop:
        if text is not None:
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            drop.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def read(text: str | None) -> pl.DataFrame:
    return read_reports(archive(text), where="20150824.tar.gz")


def test_a_report_is_read():
    row = read(f"{HEADER}\n{LINE}\n").row(0, named=True)
    facts = ("symbol", "end_date", "amend", "period_focus", "fiscal_year", "doc_type", "revenues", "op_income", "cash_flow_fin")
    assert [row[name] for name in facts] == ["AAA", date(2015, 6, 28), False, "FY", 2015, "10-K", 10.0, None, -13.0]


def test_a_missing_header_is_restored():
    assert read(f"{LINE}\n").equals(read(f"{HEADER}\n{LINE}\n"))


def test_a_header_in_another_order_is_followed():
    names = [*REPORT_COLUMNS[:6], *reversed(REPORT_COLUMNS[6:])]
    cells = LINE.split(",")
    turned = ",".join([*cells[:6], *reversed(cells[6:])])
    assert read(f"{','.join(names)}\n{turned}\n").equals(read(f"{HEADER}\n{LINE}\n"))


@pytest.mark.parametrize("text", ["", f"{HEADER}\n"])
def test_a_day_without_reports_has_none(text):
    found = read(text)
    assert found.height == 0
    assert found.columns == list(REPORT_COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{LINE},1\n", "20150824.tar.gz reports.csv, line 1: 21 columns, expected 20"),
        (f"{LINE}\n{LINE.rpartition(',')[0]}\n", "line 2: 19 columns, expected 20"),
        (f"{HEADER}\n{LINE}\n\n{LINE},9\n", "line 4: 21 columns"),
        (f"{HEADER},extra\n{LINE},1\n", "the header has 21 columns, expected the 20 known ones; they differ in extra"),
        (f"{LINE.replace('2015-06-28', 'June')}\n", "line 1: end_date is 'June', expected Date"),
        (f"{LINE.replace('30.0', 'thirty')}\n", "line 1: net_income is 'thirty', expected Float64"),
        (f"{LINE.replace('False', '0')}\n", r"line 1: amend is '0', expected String \(True or False\)"),
        (f'{HEADER}\n"AAA\n', "not readable as CSV"),
        (None, "holds nothing, expected reports.csv"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(text, message):
    with pytest.raises(SourceError, match=message):
        read(text)


def test_what_is_no_archive_is_refused():
    with pytest.raises(SourceError, match=r"no tar.gz archive"):
        read_reports(HEADER.encode(), where="a.csv")
    with pytest.raises(SourceError, match="cut short or damaged"):
        read_reports(archive(f"{HEADER}\n")[:-9], where="a.tar.gz")


@pytest.mark.skipif(not DROPS.is_dir(), reason="the real data is not beside the checkout")
def test_the_real_drops_are_read_whole():
    found = {file.name[:8]: read_reports(file.read_bytes(), where=file.name) for file in sorted(DROPS.glob("*.tar.gz"))}
    assert sum(frame.height for frame in found.values()) == 4248 - (65 - 2 - len(HEADLESS))
    assert [day for day, frame in found.items() if frame.is_empty()] == ["20150703", "20150706"]
    for day in HEADLESS:
        assert found[day].height > 0
        assert found[day].select((pl.col("end_date") < pl.lit(day).str.to_date("%Y%m%d")).all()).item()
    whole = pl.concat(found.values())
    assert whole.select(pl.col("doc_type").is_in(["10-Q", "10-K", "10-Q/A", "10-K/A"]).all()).item()
    assert whole["fiscal_year"].is_between(2010, 2017).all()
