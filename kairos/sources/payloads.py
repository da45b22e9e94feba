"""Payloads: bytes as they were received, named by their digest and kept unchanged. Parsing them is in `parse`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kairos.errors import SourceError, WarehouseError
from kairos.sources.objects import says_nothing
from kairos.warehouse.aside import clear_dead, write_whole

FOLDER = "payloads"
ID_LENGTH = 32  # hexadecimal digits, 128 bits


@dataclass(frozen=True)
class Payload:
    """One answer of a vendor, or one file.

    Attributes:
        source: Who delivered it.
        dataset: Name of the dataset, such as sep or fmp_rating.
        request: What was asked: path and sorted parameters, never with a key; or `file/NAME` and its mapping.
        content: The bytes as received.
        fetched_at: When they were received, aware, UTC.
    """

    source: str
    dataset: str
    request: str
    content: bytes = field(repr=False)
    fetched_at: datetime

    def __post_init__(self) -> None:
        """Refuse an instant without a zone."""
        if self.fetched_at.tzinfo is None:
            raise SourceError(f"{self.request}: fetched_at {self.fetched_at} has no time zone; give an aware instant.")

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def payload_id(self) -> str:
        """Digest of source, dataset, request and bytes: the same bytes asked for in the same way are one payload."""
        named = f"{self.source}|{self.dataset}|{self.request}|{self.sha256}"
        return hashlib.sha256(named.encode()).hexdigest()[:ID_LENGTH]

    @property
    def says_nothing(self) -> bool:
        """Whether it is an empty list or no bytes: no data, an unknown name or no permission, the vendor does not say which."""
        return says_nothing(self.content)

    @property
    def received_year(self) -> int:
        """Year of `fetched_at` in UTC."""
        return self.fetched_at.astimezone(UTC).year

    @property
    def path(self) -> str:
        """Where a store keeps the bytes, relative to its home."""
        return f"{FOLDER}/{self.dataset}/{self.payload_id[:2]}/{self.payload_id}.zst"


@dataclass(frozen=True)
class PayloadStore:
    """Keeps payloads compressed under `home/payloads`; what was put is never changed."""

    home: Path

    def put(self, payload: Payload) -> str:
        """Keep a payload and return its path relative to the home; a payload that is there already is left alone.

        Raises:
            WarehouseError: The bytes could not be written; nothing half-written stays.
        """
        target = self.home / payload.path
        if self._holds(payload):
            clear_dead(self.home / FOLDER)  # whoever kept it may have died over it
        else:
            try:
                write_whole(target, _compress(payload.content), root=self.home / FOLDER)
            except OSError as error:
                raise WarehouseError(
                    f"{target}: the payload could not be stored ({error.strerror}). Nothing was kept of it; "
                    "make room or mend the permissions and run again."
                ) from error
        return payload.path

    def get(self, path: str, *, sha256: str) -> bytes:
        """Return the bytes kept at `path`, proven to be those that were received.

        Args:
            path: As `put` returned it and `raw_payloads.path` records it.
            sha256: Digest of the bytes as received.

        Raises:
            WarehouseError: The file is missing, unreadable or holds other bytes.
        """
        file = self.home / path
        try:
            content = _decompress(file.read_bytes())
        except OSError as error:
            raise WarehouseError(
                f"{file}: the payload cannot be read ({error}). Restore it from a backup, or fetch it anew."
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise WarehouseError(
                f"{file}: the bytes have SHA-256 {found[:12]}..., recorded is {sha256[:12]}.... "
                "The file was changed after it was stored; restore it from a backup."
            )
        return content

    def load(self, record: Mapping[str, Any]) -> Payload:
        """Rebuild a payload from its row of `raw_payloads`.

        Raises:
            WarehouseError: Its bytes are missing or changed, or the row names another payload.
        """
        content = self.get(record["path"], sha256=record["sha256"])
        payload = Payload(record["source"], record["dataset"], record["request"], content, record["fetched_at"].astimezone(UTC))
        if payload.payload_id != record["payload_id"]:
            raise WarehouseError(
                f"payload {record['payload_id']}: source, dataset, request and bytes give {payload.payload_id}. "
                "The row of raw_payloads was changed; restore an earlier version of the table."
            )
        return payload

    def _holds(self, payload: Payload) -> bool:
        file = self.home / payload.path
        try:
            return hashlib.sha256(_decompress(file.read_bytes())).hexdigest() == payload.sha256
        except OSError:  # not there, or damaged: the bytes at hand replace it
            return False


def _compress(content: bytes) -> bytes:
    import pyarrow as pa

    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def _decompress(content: bytes) -> bytes:
    import pyarrow as pa

    return bytes(pa.CompressedInputStream(pa.BufferReader(content), "zstd").read())
