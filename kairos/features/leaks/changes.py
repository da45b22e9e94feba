"""What comes after a cut, changed: left out, garbled, rescaled, thinned, emptied, and joined by names that were not there."""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl

from kairos.features.leaks.cuts import NAME, Cut, clock
from kairos.features.leaks.subject import Tables
from kairos.frames import Frame

Row = Callable[[pl.Expr, float], pl.Expr]
WILD = 10.0  # a rescaled value is beyond every clip and normaliser; more would only overflow
FIRST_ROWS = 7  # left out to move where a history begins
EXTRA = 5  # names that only appear after the cut


def without_future(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Leave out every row after the cut."""
    return {name: frame.filter(~cut.after(name, frame)) for name, frame in tables.items()}


def garbled(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Replace every number after the cut by another of the same kind, and nothing by something."""
    return _values_changed(tables, cut, _another)


def rescaled(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Multiply every number after the cut by ten."""
    return _values_changed(tables, cut, lambda value, _: value * WILD)


def emptied(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Take every number after the cut away."""
    return _values_changed(tables, cut, lambda value, _: pl.when(False).then(value))


def thinned(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Leave two of three rows after the cut out."""
    return {name: frame.filter(~cut.after(name, frame) | _third(frame)) for name, frame in tables.items()}


def with_extremes(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Make one name in three extreme after the cut and leave the others as they are."""
    return _by_turns(tables, cut, (rescaled, _left, _left))


def with_strangers(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Add names that only appear after the cut, with wild values."""
    made = dict(tables)
    for name, frame in tables.items():
        if NAME in frame.columns and frame.height:
            last = frame[NAME].unique().sort().tail(EXTRA).implode()
            wild = rescaled({name: frame.filter(pl.col(NAME).is_in(last))}, cut)[name]
            made[name] = pl.concat([frame, _strangers(name, wild, cut, after=int(frame[NAME].max()))])  # type: ignore[arg-type]
    return made


def in_another_order(tables: Tables, cut: Cut) -> dict[str, Frame]:  # noqa: ARG001 - one form for all changes
    """Turn the rows of every table round."""
    return {name: frame.reverse() for name, frame in tables.items()}


def without_first_rows(tables: Tables, cut: Cut) -> dict[str, Frame]:  # noqa: ARG001 - one form for all changes
    """Leave the first rows of every name out, so that a level chained from its first row is another."""
    late = pl.col("session").rank("dense").over(NAME) > FIRST_ROWS
    return {name: frame.filter(late) if "session" in frame.columns else frame for name, frame in tables.items()}


def mixed(tables: Tables, cut: Cut) -> dict[str, Frame]:
    """Garble the future of one name in four, rescale that of the next, empty and thin those of the others."""
    return _by_turns(tables, cut, (garbled, rescaled, emptied, thinned))


def _left(tables: Tables, cut: Cut) -> dict[str, Frame]:  # noqa: ARG001 - one form for all changes
    return dict(tables)


def _by_turns(tables: Tables, cut: Cut, kinds: Sequence[Callable[[Tables, Cut], dict[str, Frame]]]) -> dict[str, Frame]:
    """Change the rows of each name in one of the ways, by turns."""
    made: dict[str, Frame] = {}
    for name, frame in tables.items():
        if NAME not in frame.columns:
            made |= kinds[0]({name: frame}, cut)
            continue
        names = frame[NAME].unique().sort()
        turns = [names.gather_every(len(kinds), at).implode() for at in range(len(kinds))]
        parts = [
            kind({name: frame.filter(pl.col(NAME).is_in(turn))}, cut)[name] for kind, turn in zip(kinds, turns, strict=True)
        ]
        made[name] = pl.concat(parts).sort(NAME, maintain_order=True)
    return made


def _values_changed(tables: Tables, cut: Cut, change: Row) -> dict[str, Frame]:
    made = {}
    for name, frame in tables.items():
        after = pl.lit(cut.after(name, frame))
        made[name] = frame.with_columns(
            pl.when(after).then(change(pl.col(value), _floor(frame[value]))).otherwise(value).cast(dtype).alias(value)
            for value, dtype in frame.schema.items()
            if dtype.is_float() and clock(name, frame) is not None
        )
    return made


def _another(value: pl.Expr, floor: float) -> pl.Expr:
    """Another number: of the same sign where all are of one sign, near where returns are, where they differ."""
    return value.fill_null(1.0) * 7 + 3 if floor >= 0 else value.fill_null(0.02) * -0.7 + 0.013


def _floor(values: pl.Series) -> float:
    lowest = values.min()
    return float(lowest) if isinstance(lowest, int | float) else 0.0


def _third(frame: Frame) -> pl.Expr:
    key = [name for name in (NAME, "session", "period_end") if name in frame.columns]
    return pl.struct(key).hash(7) % 3 == 0 if key else pl.lit(value=True)


def _strangers(table: str, rows: Frame, cut: Cut, *, after: int) -> Frame:
    """The rows again under ids that are not there, those after the cut alone."""
    later = _listed_later(rows, cut.session) if clock(table, rows) is None else rows.filter(cut.after(table, rows))
    return later.with_columns(pl.col(NAME) + pl.lit(after + 1_000, rows.schema[NAME]))


def _listed_later(rows: Frame, cut: date) -> Frame:
    """Lives that begin after the cut."""
    begins = [name for name in ("valid_from", "firstpricedate", "entry") if name in rows.columns]
    return rows.unique(NAME, keep="first", maintain_order=True).with_columns(
        pl.lit(cut).dt.offset_by("10d").alias(name) for name in begins
    )
