import gzip
import io
import tarfile
import zipfile

import polars as pl
import pytest

from kairos.errors import SourceError
from kairos.sources.formats import column_names, read_frame
from tests.kairos.sources.vendor_double import page

CSV = b"ticker,date,close\nNA,2015-01-02,1.50\nB,2015-01-05,\n"
ROWS = [("NA", "2015-01-02", "1.50"), ("B", "2015-01-05", None)]


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def drop(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{name}.csv")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


WRAPPED = {
    "csv": CSV,
    "csv with a byte order mark": b"\xef\xbb\xbf" + CSV,
    "csv with CRLF": CSV.replace(b"\n", b"\r\n"),
    "gzip": gzip.compress(CSV),
    "zip": zipped(one=CSV),
    "zip in a folder": zipped(folder__=b"", folder__one=CSV),
    "drop": drop(reports=b"", prices=CSV),
}


@pytest.mark.parametrize("content", WRAPPED.values(), ids=list(WRAPPED))
def test_a_table_is_the_same_in_every_wrapping(content):
    assert read_frame(content, where="f").rows() == ROWS
    assert column_names(content, where="f") == ["ticker", "date", "close"]


def test_parquet_keeps_its_types():
    buffer = io.BytesIO()
    frame = pl.DataFrame({"ticker": ["A"], "close": pl.Series([1.5], dtype=pl.Float32)})
    frame.write_parquet(buffer)
    assert read_frame(buffer.getvalue(), where="f").equals(frame)
    assert column_names(buffer.getvalue(), where="f") == ["ticker", "close"]


def test_a_json_page_keeps_numbers_exactly():
    rows = [["A", 0.1, 1, 9007199254740993], ["B", 2.5, 7.25, None], [None, None, "x", 10**30]]
    frame = read_frame(page(rows, names=["t", "float", "mixed", "big"]), where="f")
    assert frame["float"].to_list() == [0.1, 2.5, None]
    assert frame["mixed"].to_list() == ["1", "7.25", "x"]
    assert frame["big"].to_list() == ["9007199254740993", None, str(10**30)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(one=CSV * 200)[:-40], "cut short or damaged"),
        (gzip.compress(CSV * 200)[:-40], "cut short or damaged"),
        (drop(prices=CSV * 200)[:-8], "cut short or damaged"),
        (zipped(one=CSV, two=CSV), "holds 2 files"),
        (zipped(), "holds 0 files"),
        (drop(reports=CSV), "expected prices.csv"),
        (b"<html>moved</html>", "web page"),
        (b'{"error": "no"}', "datatable is missing"),
        (b"PAR1 and no more", "not readable as a table"),
        (b"", "not readable as a table"),
        (b"a,b\n1,2,3\n", "not readable as a table"),
        (b"close,close\n1,2\n", "comes twice in the header"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_with_its_reason(content, message):
    with pytest.raises(SourceError, match=message):
        read_frame(content, where="f")
