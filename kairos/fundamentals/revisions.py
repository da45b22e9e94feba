"""Revisions of the consensus beside one another: `fmp_revisions_cs`."""

import polars as pl

from kairos.frames import Frame
from kairos.fundamentals.cross_section import z_score
from kairos.tables.fundamentals import FMP_REVISIONS_CS

LARGEST = 1.0  # a revision of more than the whole estimate counts as that much: its base is next to nothing


def revisions_cs(feat_revisions: Frame) -> Frame:
    """Return each security's revision and its z-score among the session's, in the form of `fmp_revisions_cs`.

    A security without an estimate now and 63 sessions earlier has no row.

    Args:
        feat_revisions: Rows of `feat_revisions`, whole sessions.
    """
    known = feat_revisions.filter(pl.col("eps_revision_63d").is_not_null())
    rows = known.with_columns(pl.col("eps_revision_63d").cast(pl.Float64).alias("rev_eps_chg"))
    rows = rows.with_columns(pl.col("rev_eps_chg").clip(-LARGEST, LARGEST).alias("_held"))
    return FMP_REVISIONS_CS.conform(rows.with_columns(z_score("_held", ["session"]).alias("z_rev_eps")))
