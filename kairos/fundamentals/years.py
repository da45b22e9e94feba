"""Years of a whole history: the rows that became known in one, and what was set aside of it."""

import polars as pl

from kairos.tables.core import Cleaned


def of_year(whole: Cleaned, year: int) -> Cleaned:
    """Return the rows of a year's sessions, or those that became known in it (UTC), and the quarantine lines of that year."""
    dated = pl.col("session" if "session" in whole.rows.columns else "known_at")
    rows = whole.rows.filter(dated.dt.year() == year)
    return Cleaned(rows, whole.quarantine.filter(pl.col("year") == year), repeated=whole.repeated)
