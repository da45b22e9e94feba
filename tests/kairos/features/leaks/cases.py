"""How planted leaks and honest look-alikes are written down: one column `x` from tables."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from kairos.features.leaks.subject import Subject, Tables

KEY = ["permaticker", "session"]
NAME = "permaticker"


@dataclass(frozen=True)
class Case:
    """A feature of known honesty.

    Attributes:
        name: What it does.
        kind: Which kind of leak, or of honest feature.
        make: Makes permaticker, session and x.
        reads: Tables it reads.
        stored: Whether its values were made once, from the whole market, and are only looked up since.
        per_name: Whether it is declared to read its own name's rows alone.
    """

    name: str
    kind: str
    make: Callable[[Tables], pl.DataFrame]
    reads: tuple[str, ...] = ("daily_returns",)
    stored: bool = False
    per_name: bool = False

    def subject(self, tables: Tables) -> Subject:
        """Return the case as the prover takes it; a stored one is made from `tables` now."""
        if not self.stored:
            return Subject(self.name, ("x",), self.make, per_name=self.per_name)
        kept = self.make(tables).select(*KEY, "x")
        return Subject(self.name, ("x",), lambda given: rows(given).select(KEY).join(kept, on=KEY, how="left"))


def rows(tables: Tables) -> pl.DataFrame:
    """Return the price rows by name and session: r (0 where none), w wealth since the first row, p mean of 21, n the next r."""
    traded = tables["daily_returns"].filter(~pl.col("is_delisting")).sort(KEY)
    return traded.with_columns(r=pl.col("ret_cc").fill_null(0.0)).with_columns(
        w=(1 + pl.col("r")).cum_prod().over(NAME),
        p=pl.col("r").rolling_mean(21).over(NAME),
        n=pl.col("r").shift(-1).over(NAME),
    )


def of_rows(expr: pl.Expr) -> Callable[[Tables], pl.DataFrame]:
    """A column over the price rows."""
    return lambda tables: rows(tables).with_columns(x=expr.cast(pl.Float64)).select(*KEY, "x")


def of_prices(expr: pl.Expr) -> Callable[[Tables], pl.DataFrame]:
    """A column over `sep_base`."""
    return lambda tables: tables["sep_base"].sort(KEY).with_columns(x=expr.cast(pl.Float64)).select(*KEY, "x")


def of_labels(expr: pl.Expr) -> Callable[[Tables], pl.DataFrame]:
    """A column over the forward returns."""
    return lambda tables: tables["targets"].sort(KEY).with_columns(x=expr.cast(pl.Float64)).select(*KEY, "x")


def with_lives(expr: pl.Expr, table: str = "tickers") -> Callable[[Tables], pl.DataFrame]:
    """A column over the price rows with the newest life of the name beside them."""

    def make(tables: Tables) -> pl.DataFrame:
        begins = "valid_from" if table == "tickers" else "entry"
        lives = tables[table].sort(begins).unique(NAME, keep="last").drop("session", strict=False)
        joined = rows(tables).join(lives, on=NAME, how="left", maintain_order="left")
        return joined.with_columns(x=expr.cast(pl.Float64)).select(*KEY, "x")

    return make
