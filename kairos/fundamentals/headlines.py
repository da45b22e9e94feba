"""Articles without an address: what stands in its place. Analysts' actions are read in `rating_actions`."""

from hashlib import sha256

import polars as pl

from kairos.frames import Frame


def addressed(rows: Frame) -> Frame:
    """Return articles with a url each: those without one bear one made of published_at and title."""
    without = rows.filter(pl.col("url").is_null()).select("published_at", "title").unique()
    if without.is_empty():
        return rows
    made = [f"urn:sha256:{sha256(f'{at}|{title}'.encode()).hexdigest()[:32]}" for at, title in without.iter_rows()]
    named = without.with_columns(pl.Series("_urn", made, dtype=pl.String))
    joined = rows.join(named, on=["published_at", "title"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.coalesce("url", "_urn").alias("url")).drop("_urn")
