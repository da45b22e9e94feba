"""The rows of a matrix in one calendar year: feature tables side by side, as far as they speak of members."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.errors import ContractError
from kairos.features.core import KEY
from kairos.frames import Frame

Part = tuple[pl.LazyFrame, tuple[str, ...]]
"""A feature table and the columns that are taken from it."""
_ORDER = ("session", "permaticker")


def rows_of_year(members: Frame, sure: Sequence[Part], others: Sequence[Part], *, span: tuple[date, date]) -> Frame:
    """Return permaticker, session and the columns of every table for the members' sessions, sorted by session and name.

    Args:
        members: permaticker, entry and exit of the members.
        sure: Tables that must agree about the rows.
        others: Tables that may lack some; their columns are null there.
        span: First and last day.

    Raises:
        ContractError: Tables that must agree about the rows do not.
    """
    first = member_rows(members, sure[0], span=span)
    keys, rows = first.select(KEY), [first]
    for part in sure[1:]:
        other = member_rows(members, part, span=span)
        if not other.select(KEY).equals(keys):
            raise ContractError(_disagreement(first, other))
        rows.append(other.drop(KEY))
    for part in others:
        other = member_rows(members, part, span=span)
        same = other.select(KEY).equals(keys)
        rows.append((other if same else keys.join(other, on=KEY, how="left", maintain_order="left")).drop(KEY))
    return pl.concat(rows, how="horizontal")


def member_rows(members: Frame, part: Part, *, span: tuple[date, date] = (date.min, date.max)) -> Frame:
    """Return the rows of a feature table that belong to a member between entry and exit, sorted by session and name.

    Args:
        members: permaticker, entry and exit of the members.
        part: The table, and the columns that are kept beside the key.
        span: First and last day.
    """
    table, names = part
    term = members.select("permaticker", "entry", "exit")
    inside = (pl.col("session") >= pl.col("entry")) & (pl.col("session") <= pl.col("exit")).fill_null(True)
    read = table.filter(
        pl.col("session").is_between(*span), pl.col("permaticker").is_in(members["permaticker"].unique().implode())
    )
    return (
        read.select(*KEY, *names).join(term.lazy(), on="permaticker").filter(inside).select(*KEY, *names).sort(_ORDER).collect()
    )


def _disagreement(first: Frame, other: Frame) -> str:
    lacking = first.join(other, on=KEY, how="anti").height
    surplus = other.join(first, on=KEY, how="anti").height
    return (
        f"feature tables: the one with {other.columns[2]} lacks {lacking} member row(s) that the one with {first.columns[2]} "
        f"has, and has {surplus} more; expected the same rows. Rebuild the feature tables of these years together."
    )
