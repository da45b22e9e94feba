"""Bulk exports of the stand-in vendor: when a file is ready, its pre-signed link, and its bytes."""

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.catalog import VENDOR
from kairos.sandbox.query import Query

LINK_LIFE = timedelta(minutes=30)
EXPIRED_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the only date a zip entry bears, so that equal rows give equal bytes


@dataclass
class _Job:
    target: date
    polls: int = 0
    ready: date | None = None


@dataclass(frozen=True)
class ExportFile:
    """What stands behind a link: a query as of a knowledge session."""

    query: Query
    known: date

    @property
    def stem(self) -> str:
        """Name of the zip and of the CSV in it, without suffix."""
        token = hashlib.sha256(f"{self.query.digest}|{self.known}".encode()).hexdigest()[:12]
        return f"{VENDOR}_{self.query.offer.code}_{token}"


@dataclass
class Exports:
    """All exports asked for so far; a file is ready once it has been asked for `polls` times in vain."""

    polls: int = 1
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _files: dict[str, ExportFile] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def poll(self, query: Query, known: date) -> tuple[str, ExportFile | None]:
        """Return the state of an export and the file that can be fetched now, if any: fresh, creating or regenerating."""
        with self._lock:
            job = self._jobs.setdefault(query.digest, _Job(known))
            if job.target != known:
                job.target, job.polls = known, 0
            if job.ready != known and job.polls >= self.polls:
                job.ready = known
            job.polls += 1
            if job.ready is None:
                return "creating", None
            file = ExportFile(query, job.ready)
            self._files[file.stem] = file
            return ("fresh" if job.ready == known else "regenerating"), file

    def offer(self, query: Query, known: date) -> ExportFile:
        """Return the file of a knowledge session, ready at once."""
        file = ExportFile(query, known)
        with self._lock:
            self._files[file.stem] = file
        return file

    def find(self, stem: str) -> ExportFile | None:
        """Return the file of that name, if a link to it was ever given out."""
        with self._lock:
            return self._files.get(stem)


def signed_path(file: ExportFile, now: datetime) -> str:
    """Return path and query of a link that works for LINK_LIFE without any key."""
    path, expires = f"/files/{file.stem}.zip", int((now + LINK_LIFE).timestamp())
    return f"{path}?Expires={expires}&Signature={_signature(path, expires)}"


def link_is_valid(path: str, *, expires: str, signature: str, now: datetime) -> bool:
    """Tell whether a link was signed here and has not expired."""
    signed = expires.isdigit() and signature == _signature(path, int(expires))
    return signed and now.timestamp() <= int(expires)


def _signature(path: str, expires: int) -> str:
    return hashlib.sha256(f"sandbox|{path}|{expires}".encode()).hexdigest()[:24]


def csv_bytes(frame: Frame) -> bytes:
    """Return the frame as CSV: header, ISO dates, whole numbers as `1200345.0`, empty for null."""
    volume = [pl.col(name) for name in frame.columns if name == "volume"]
    whole = [pl.when(v.round() == v).then(pl.format("{}.0", v.cast(pl.Int64))).otherwise(v.cast(pl.String)) for v in volume]
    printed = frame.with_columns(text.alias("volume") for text in whole)
    return printed.write_csv(None, date_format="%Y-%m-%d", float_scientific=False).encode()


def zip_bytes(frame: Frame, stem: str) -> bytes:
    """Return a zip that holds exactly one CSV; equal frames give equal bytes."""
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo(f"{stem}.csv", date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(entry, csv_bytes(frame), compresslevel=1)
    return buffer.getvalue()
