"""Every table by name."""

from kairos.errors import NotFoundError
from kairos.tables import features, feeds, fundamentals, leaks, market, matrix, models, quality, raw, simulation, universe
from kairos.tables.core import Table

TABLES: dict[str, Table] = {
    table.name: table
    for group in (raw, feeds, market, quality, fundamentals, universe, features, leaks, matrix, models, simulation)
    for table in group.TABLES
}


def table_named(name: str) -> Table:
    """Return a table.

    Raises:
        NotFoundError: There is no such table; the message names the nearest.
    """
    from difflib import get_close_matches

    if name in TABLES:
        return TABLES[name]
    near = get_close_matches(name, TABLES, n=3)
    raise NotFoundError(
        f"no table {name!r}; " + (f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(TABLES)}")
    )
