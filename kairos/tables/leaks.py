"""The table of the leak prover's verdicts; the check of every feature asset writes its own partition."""

import pandera.polars as pa
import polars as pl

from kairos.features.leaks.gate import refusal
from kairos.features.leaks.prover import PROBES
from kairos.frames import Frame
from kairos.tables.core import Outcome, Table, field, measure


class FeatureLeaksRows(pa.DataFrameModel):
    """One feature under one probe in one year."""

    feature_set: str = field("Feature table")
    year: pl.Int32 = field("Calendar year of the partition")
    feature: str = field("Column of that table")
    probe: str = field(
        "future: rows after a cut changed; label: forward returns changed, or touched; fit_window: extremes, names and order "
        "after a cut changed; universe: later deaths and listings changed; as_known: later splits and restatements added, the "
        "start of history moved; neighbours: other names left out",
        isin=list(PROBES),
    )
    passed: bool = field("Whether every known value stayed as it was")
    names: int = field("Names in the sample", "names", ge=0)
    cuts: int = field("Cuts tried, those of single names counted each", "cuts", ge=0)
    how: str = field("What was changed, up to where values had to stay; empty where it passed")
    differing: int = field("Rows that changed", "rows", ge=0)
    permaticker: int = measure("Name of an example row")
    session: pl.Date = measure("Its session")
    value: float = measure("Its value with everything there is", "as the feature")
    value_then: float = measure("Its value in the changed world; the return to come where that was touched", "as the feature")


FEATURE_LEAKS = Table(
    "feature_leaks",
    group="features",
    key=("feature_set", "year", "feature", "probe"),
    rows=FeatureLeaksRows,
    origin="what the feature tables read, changed after a cut",
    description="The leak prover's word on one feature of one year under one probe; the year of a leaking one is not written.",
    partition_by=("feature_set", "year"),
)

TABLES = (FEATURE_LEAKS,)


def outcome(verdicts: Frame) -> Outcome:
    """Return the verdict on a feature set from those on its features."""
    figures: dict[str, float | int | str] = {
        "features": verdicts["feature"].n_unique(),
        "probes": verdicts["probe"].n_unique(),
        **{name: verdicts.select(pl.col(name).max().fill_null(0)).item() for name in ("names", "cuts")},
        "leaks": verdicts.filter(~pl.col("passed")).height,
    }
    said = refusal(verdicts)
    held = f"{figures['features']} features stay as they are under {figures['probes']} probes at {figures['cuts']} cuts"
    return Outcome(not said, said or (held if verdicts.height else "no prices in the year"), figures)
