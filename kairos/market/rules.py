"""Rules that judge one price row by itself: what rejects it, and which of its values are set aside."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from kairos.frames import Frame
from kairos.market.cleaned import waived
from kairos.market.dates import session_table

PRICES = ("open", "high", "low", "close", "closeadj", "closeunadj")
VALUES = ("open", "high", "low", "close", "volume", "closeadj", "closeunadj")
ORDER_TOLERANCE = 1e-6  # relative; files in single precision carry about seven digits


@dataclass(frozen=True)
class ValueRule:
    """Sets values of a row to null where they cannot be true.

    Attributes:
        reason: Short name that goes into quarantine.
        breaches: For each condition, the columns that become null where it holds.
    """

    reason: str
    breaches: tuple[tuple[pl.Expr, tuple[str, ...]], ...]

    @property
    def holds(self) -> pl.Expr:
        """Whether a row breaks the rule."""
        return pl.any_horizontal([condition.fill_null(False) for condition, _ in self.breaches])

    def nulled(self) -> Mapping[str, pl.Expr]:
        """For each column, whether it becomes null."""
        found: dict[str, list[pl.Expr]] = {}
        for condition, columns in self.breaches:
            for name in columns:
                found.setdefault(name, []).append(condition.fill_null(False))
        return {name: pl.any_horizontal(conditions) for name, conditions in found.items()}


def _above(name: str, bound: str) -> pl.Expr:
    return pl.col(name) > pl.col(bound) * (1 + ORDER_TOLERANCE)


# zero means missing in real files, so a bar may lose single prices; a close is the row itself and rejects it instead
NONPOSITIVE = ValueRule("nonpositive_price", tuple((pl.col(name) <= 0, (name,)) for name in PRICES if name != "close"))
NEGATIVE_VOLUME = ValueRule("negative_volume", ((pl.col("volume") < 0, ("volume",)),))
OHLC_ORDER = ValueRule(
    "ohlc_order",
    (
        (_above("low", "high") | _above("close", "high") | _above("low", "close"), ("open", "high", "low")),
        (_above("open", "high") | _above("low", "open"), ("open",)),
    ),
)
VALUE_RULES = (NONPOSITIVE, NEGATIVE_VOLUME, OHLC_ORDER)
WAIVABLE = ("ohlc_order", "bad_print", "partial_session")


def finite(rows: Frame) -> Frame:
    """Return `rows` with NaN and infinity as null."""
    return rows.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in VALUES)


def rejection() -> pl.Expr:
    """Why a row cannot be kept, null where it can: needs permaticker, session and close."""
    sessions = session_table()["session"].implode()
    return (
        pl.when(pl.col("permaticker").is_null())
        .then(pl.lit("unknown_ticker"))
        .when(~pl.col("session").is_in(sessions))
        .then(pl.lit("not_a_session"))
        .when(pl.col("close").is_null())
        .then(pl.lit("missing_close"))
        .when(pl.col("close") <= 0)
        .then(pl.lit("nonpositive_price"))
    )


def apply_value_rules(rows: Frame, waivers: Frame) -> tuple[Frame, Frame]:
    """Return the rows with impossible values as null, and the rows as they were, once per broken rule with its reason."""
    broken: list[Frame] = []
    for rule in VALUE_RULES:
        hit = rows.select(rule.holds.alias("hit"))["hit"]
        if rule.reason in WAIVABLE and hit.any():
            hit = hit & ~waived(rows, waivers, rule.reason)
        if not hit.any():
            continue
        broken.append(rows.filter(hit).with_columns(pl.lit(rule.reason).alias("reason")))
        rows = rows.with_columns(
            pl.when(~(hit & condition)).then(pl.col(name)).alias(name) for name, condition in rule.nulled().items()
        )
    return rows, pl.concat(broken) if broken else rows.clear().with_columns(pl.lit("").alias("reason"))
