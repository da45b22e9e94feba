"""Files as payloads: CSV, gzip, zip, Parquet, JSON, captures and a vendor's daily drops; and ids for their symbols."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from kairos.calendar import Clock
from kairos.errors import SourceError
from kairos.frames import Frame, require_columns
from kairos.sources.datasets import SEP, Dataset, dataset_named
from kairos.sources.feeds import FEEDS
from kairos.sources.formats import column_names
from kairos.sources.mapping import file_request, parse_mapping, resolve_mapping
from kairos.sources.payloads import Payload
from kairos.sources.sent import spelled_columns

__all__ = [
    "capture_named",
    "drop_received_at",
    "files_among",
    "minted_permaticker",
    "parse_mapping",
    "read_files",
    "with_minted_permaticker",
]

SUFFIXES = (".csv", ".csv.gz", ".zip", ".parquet", ".pq", ".json", ".json.gz", ".tar.gz")
DROP_NAME = re.compile(r"(\d{4})(\d{2})(\d{2})\.tar\.gz")
CAPTURE_NAME = re.compile(r"([a-z][a-z0-9_]*)_(\d{4}-\d{2}-\d{2}T\d{6}Z)\.csv(\.gz)?")
CAPTURE_STAMP = "%Y-%m-%dT%H%M%SZ"
DROP_TIME = time(12, tzinfo=UTC)  # the vendor packs the drop named D at 12:00 UTC on D+1
# a drop's prices are as traded; its adj_close is the vendor's adjusted close of that day
DROP_MAPPING = {"ticker": "symbol", "close": "close", "closeunadj": "close", "closeadj": "adj_close"}
FIRST_MINTED = 10**12  # far above any vendor's permaticker
MINTED_RANGE = 8 * 10**15  # keeps ids below 2**53, so that JSON and doubles carry them exactly


def read_files(
    paths: Iterable[Path], dataset: str, *, mapping: Mapping[str, str] | None = None, source: str, clock: Clock
) -> Iterator[Payload]:
    """Yield one payload per file, folders searched through, in the order of their paths.

    Args:
        paths: Files and folders.
        dataset: Name of the dataset, such as sep or fmp_rating.
        mapping: {our column: their column}; columns with our own names, whatever the case, need none.
        source: Name that the rows will bear.
        clock: Stamps the payloads; a drop archive bears the time at which the vendor packed it, a capture that of its name.

    Raises:
        SourceError: Nothing to read, a file of an unknown kind, or columns that do not fit; the message has a `--map`.
    """
    spec = dataset_named(dataset)
    for file in files_among(paths):
        content = _content(file)
        drop, captured_at = _drop_day(file), _captured_at(file, spec)
        chosen = mapping or (DROP_MAPPING if drop and spec is SEP else {})
        theirs = _resolved(content, spec, chosen, where=str(file), spelled=captured_at is not None)
        fetched_at = drop_received_at(drop) if drop else captured_at or clock.now()
        yield Payload(source, dataset, file_request(file.name, theirs), content, fetched_at)


def drop_received_at(day: date) -> datetime:
    """Return when the drop archive named `day` is out: 12:00 UTC on the day after."""
    return datetime.combine(day + timedelta(days=1), DROP_TIME)


def minted_permaticker(source: str, ticker: str) -> int:
    """Return the id of a symbol that no vendor numbers: the same for the same source and ticker, at least 10**12.

    Ids spread over 8e15 numbers: among 30,000 tickers two coincide with a chance of about 6e-8.
    """
    digest = hashlib.sha256(f"{source}|{ticker}".encode()).digest()
    return FIRST_MINTED + int.from_bytes(digest[:8], "big") % MINTED_RANGE


def with_minted_permaticker(frame: Frame) -> Frame:
    """Return `frame` with the column permaticker (Int64) minted from its columns source and ticker, order kept."""
    require_columns(frame, ("source", "ticker"), where="minting ids")
    names = frame.select("source", "ticker").unique()
    ids = pl.Series("permaticker", [minted_permaticker(*row) for row in names.iter_rows()], dtype=pl.Int64)
    return frame.drop("permaticker", strict=False).join(
        names.with_columns(ids), on=["source", "ticker"], how="left", maintain_order="left"
    )


def files_among(paths: Iterable[Path]) -> list[Path]:
    """Return every file named or lying in a named folder, folders in the order of their paths, each once.

    Raises:
        SourceError: A path does not exist, or there is nothing to read.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path}: no such file or folder.")
        inside = _inside(path) if path.is_dir() else [path]
        if not inside:
            raise SourceError(f"{path}: the folder holds no file to import; expected {', '.join(SUFFIXES)}.")
        found.update(dict.fromkeys(file.resolve() for file in inside))
    if not found:
        raise SourceError("import: no file was given. Give one or more files or folders.")
    return list(found)


def _inside(folder: Path) -> Sequence[Path]:
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return sorted(file for file in files if file.name.lower().endswith(SUFFIXES))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror}). Check the path and its permissions.") from None


def _resolved(content: bytes, spec: Dataset, mapping: Mapping[str, str], *, where: str, spelled: bool) -> dict[str, str]:
    """Resolve a file's columns; those of a capture are known by the vendor's spelling, whatever else is mapped."""
    if not content:
        raise SourceError(f"{where}: the file is empty. Fetch it again.")
    found = column_names(content, where=where)
    known = spelled_columns(found, spec) if spelled else {}
    return resolve_mapping(found, spec, {**known, **mapping}, where=where)


def capture_named(file: Path) -> str | None:
    """Return the dataset that a capture bears in its name; None for other files."""
    match = CAPTURE_NAME.fullmatch(file.name)
    return match[1] if match and match[1] in FEEDS else None


def _captured_at(file: Path, spec: Dataset) -> datetime | None:
    """Return when a capture was taken, as its name says: fmp_rating_2024-03-01T213000Z.csv; None for other files."""
    match = CAPTURE_NAME.fullmatch(file.name)
    if match is None or not spec.keeps_record:
        return None
    if match[1] != spec.name:
        raise SourceError(f"{file}: the name says {match[1]}, expected {spec.name}. Import it as --dataset {match[1]}.")
    try:
        return datetime.strptime(match[2], CAPTURE_STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise SourceError(f"{file}: the name holds no instant; a capture is named DATASET_YYYY-MM-DDTHHMMSSZ.csv.") from None


def _drop_day(file: Path) -> date | None:
    match = DROP_NAME.fullmatch(file.name)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise SourceError(f"{file}: the name is no date; a drop is named YYYYMMDD.tar.gz.") from None
