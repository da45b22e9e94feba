"""The search for secrets finds them wherever they may stand."""

import polars as pl
import pyarrow as pa
import pytest

from tests.journeys.secrets_told import files_that_tell, secrets_in

KEY = "k+y/of=mine 50%"


@pytest.mark.parametrize(
    "text", [KEY, "x?api_key=k%2By%2Fof%3Dmine+50%25&a=1", "k%2By/of%3Dmine%2050%25", "ayt5L29mPW1pbmUgNTAl"]
)
def test_a_key_is_found_in_every_spelling(text):
    assert secrets_in(text.encode(), KEY)


def test_a_signature_is_found_and_plain_text_is_not():
    assert secrets_in(b"https://x/f.zip?Expires=1&Signature=ab", KEY)
    assert not secrets_in(b"https://x/f.zip?***", KEY)


def test_files_are_opened(tmp_path):
    (tmp_path / "clear.txt").write_text("nothing")
    (tmp_path / "log.txt").write_text(f"sent {KEY}")
    pl.DataFrame({"request": ["a", f"b?api_key={KEY}"]}).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "page.zst").write_bytes(pa.Codec("zstd").compress(KEY.encode() * 3, asbytes=True))
    assert [path.name for path in files_that_tell(tmp_path, KEY)] == ["log.txt", "page.zst", "rows.parquet"]
