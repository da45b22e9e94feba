"""Years of a whole history: the versions that became known in one, and what was set aside of it."""

import polars as pl

from kairos.frames import Frame
from kairos.tables.core import Cleaned


def of_year(whole: Cleaned, year: int) -> Cleaned:
    """Return the versions that became known in a year (UTC), and the quarantine lines of that year."""
    return Cleaned(_known_in(whole.rows, year), whole.quarantine.filter(pl.col("year") == year), repeated=whole.repeated)


def _known_in(rows: Frame, year: int) -> Frame:
    return rows.filter(pl.col("known_at").dt.year() == year)
