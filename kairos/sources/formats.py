"""Bytes into frames with the sender's own column names: CSV, gzip, zip, tar.gz drops, Parquet and JSON pages."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame
from kairos.sources.ndl import Page, decode_page
from kairos.sources.objects import decode_objects, holds_objects, json_series, objects_frame

PARQUET, ZIP, GZIP, BOM = b"PAR1", b"PK", b"\x1f\x8b", b"\xef\xbb\xbf"
DROP_MEMBER = "prices.csv"
HEADER_BYTES = 1 << 20
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""What the standard library raises on archives that are cut short, damaged or locked."""
_Stream = IO[bytes] | gzip.GzipFile


def column_names(content: bytes, *, where: str) -> list[str]:
    """Return the names in the header of a file, reading no more of it than needed.

    Raises:
        SourceError: The bytes are no file of a known kind.
    """
    if content[:4] == PARQUET:
        with _polars_errors(where):
            return list(pl.read_parquet_schema(io.BytesIO(content)))
    with _opened(content, where=where) as stream:
        head = stream.readline(HEADER_BYTES)
        if _is_json(head):
            return _from_json(head + stream.read(), where=where).columns
    return _csv(head, where=where).columns


def read_frame(content: bytes, columns: Iterable[str] | None = None, *, where: str) -> Frame:
    """Return the rows of a file; CSV columns are text, others as typed by the sender.

    Args:
        content: The file.
        columns: Names wanted, all by default.
        where: What it is, for messages.

    Raises:
        SourceError: The bytes are cut short, damaged, or no file of a known kind.
    """
    wanted = None if columns is None else list(dict.fromkeys(columns))
    if content[:4] == PARQUET:
        with _polars_errors(where):
            return pl.read_parquet(io.BytesIO(content), columns=wanted)
    with _opened(content, where=where) as stream:
        body = stream.read()
    frame = _from_json(body, where=where) if _is_json(body) else _csv(body, where=where)
    return frame if wanted is None else frame.select(wanted)


def read_member(content: bytes, name: str, *, where: str) -> bytes:
    """Return the bytes of one file of a drop archive.

    Raises:
        SourceError: The archive is damaged, is none, or holds no such file.
    """
    if content[:2] != GZIP:
        raise SourceError(f"{where}: no tar.gz archive, so it holds no {name}. Give a vendor's drop, YYYYMMDD.tar.gz.")
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as drop:
            return _drop_member(drop, where, name).read()
    except BROKEN as error:
        raise SourceError(f"{where}: the archive is cut short or damaged ({error}). Fetch it again.") from None


def _csv(body: bytes, *, where: str) -> Frame:
    if body.removeprefix(BOM).lstrip()[:1] == b"<":
        raise SourceError(f"{where}: a web page, expected a table. Fetch the file again.")
    with _polars_errors(where):
        frame = pl.read_csv(body, infer_schema=False)
    repeated = [name for name in frame.columns if "_duplicated_" in name]
    if repeated:
        raise SourceError(
            f"{where}: a column name comes twice in the header ({repeated[0].split('_duplicated_')[0]}). Rename one."
        )
    return frame


def _from_json(body: bytes, *, where: str) -> Frame:
    if holds_objects(body):
        return objects_frame(decode_objects(body, where=where))
    return _from_page(decode_page(body, where=where))


def _from_page(page: Page) -> Frame:
    values = zip(*page.rows, strict=True) if page.rows else ([] for _ in page.columns)
    return pl.DataFrame([json_series(name, list(column)) for name, column in zip(page.columns, values, strict=True)])


def _is_json(head: bytes) -> bool:
    return head.removeprefix(BOM).lstrip()[:1] in {b"{", b"["}


@contextmanager
def _polars_errors(where: str) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(f"{where}: not readable as a table ({reason}). The file may be cut short; fetch it again.") from None


@contextmanager
def _opened(content: bytes, *, where: str) -> Iterator[_Stream]:
    """Open what lies inside the wrappings."""
    try:
        if content[:2] == ZIP:
            with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(_only_member(archive, where)) as stream:
                yield stream
        elif content[:2] == GZIP and _is_tar(content):
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as drop:
                yield _drop_member(drop, where)
        elif content[:2] == GZIP:
            with gzip.open(io.BytesIO(content)) as stream:
                yield stream
        else:
            yield io.BytesIO(content)
    except BROKEN as error:
        raise SourceError(f"{where}: the archive is cut short or damaged ({error}). Fetch it again.") from None


def _only_member(archive: zipfile.ZipFile, where: str) -> zipfile.ZipInfo:
    files = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX")]
    if len(files) != 1:
        names = ", ".join(info.filename for info in files[:5]) or "none"
        raise SourceError(
            f"{where}: the zip holds {len(files)} files ({names}), expected one CSV. Unpack it and give the folder."
        )
    return files[0]


def _is_tar(content: bytes) -> bool:
    with gzip.open(io.BytesIO(content)) as stream:
        return stream.read(512)[257:262] == b"ustar"


def _drop_member(drop: tarfile.TarFile, where: str, wanted: str = DROP_MEMBER) -> _Stream:
    names = drop.getnames()
    member = next((name for name in chain([wanted], names) if name in names and name.endswith(wanted)), None)
    stream = drop.extractfile(member) if member else None
    if stream is None:
        raise SourceError(f"{where}: the archive holds {', '.join(names) or 'nothing'}, expected {wanted}.")
    return stream
