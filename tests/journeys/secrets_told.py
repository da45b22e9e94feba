"""Secrets in what was written: a key in any of its spellings, and signatures of links."""

import base64
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, quote_plus

import polars as pl

SIGNATURES = (b"Signature=", b"Signature%3D")


def spellings(key: str) -> tuple[bytes, ...]:
    """Return a key in clear, as addresses write it, and in base64."""
    coded = [encode(key.encode()).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)]
    return tuple({text.encode() for text in (key, quote(key), quote(key, safe=""), quote_plus(key), *coded)})


def secrets_in(text: bytes, key: str) -> list[bytes]:
    """Return the spellings of the key, and the signatures, that stand in a text."""
    return [secret for secret in (*spellings(key), *SIGNATURES) if secret in text]


def files_that_tell(folder: Path, key: str) -> list[Path]:
    """Return the files below a folder that hold the key or a signature, compressed ones opened."""
    seen: set[bytes] = set()
    telling = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest = sha256(content).digest()
        if digest not in seen and any(secrets_in(text, key) for text in (content, *_opened(path, content))):
            telling.append(path)
        seen.add(digest)
    return telling


def _opened(path: Path, content: bytes) -> Iterator[bytes]:
    if path.suffix == ".parquet":
        texts = pl.read_parquet(path).select(pl.col(pl.String).unique().implode())
        yield "\n".join(str(value) for column in texts for value in column[0].to_list()).encode()
    elif path.suffix == ".zst":
        import pyarrow as pa

        yield bytes(pa.CompressedInputStream(pa.BufferReader(content), "zstd").read())
