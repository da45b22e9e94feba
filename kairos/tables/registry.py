"""Every table by name."""

from collections.abc import Iterable

from kairos.errors import ContractError, NotFoundError
from kairos.tables import (
    archives,
    factors,
    features,
    feeds,
    fundamentals,
    leaks,
    market,
    matrix,
    models,
    quality,
    raw,
    simulation,
    universe,
)
from kairos.tables.core import Table

GROUPS = (raw, feeds, archives, market, quality, fundamentals, universe, features, leaks, matrix, models, factors, simulation)
TABLES: dict[str, Table] = {table.name: table for group in GROUPS for table in group.TABLES}

OF_KAIROS = frozenset(TABLES)
"""Names of the tables that are always there; the others are a user's own."""


def register(tables: Iterable[Table]) -> None:
    """Let a user's own tables stand among the others, in place of those registered before.

    Raises:
        ContractError: A name belongs to a table of Kairos.
    """
    own = {table.name: table for table in tables}
    taken = sorted(OF_KAIROS & set(own))
    if taken:
        raise ContractError(f"{taken[0]}: the name belongs to a table of Kairos. Choose another.")
    for name in [name for name in TABLES if name not in OF_KAIROS]:
        del TABLES[name]
    TABLES.update(own)


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
