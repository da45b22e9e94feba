"""How bad a figure is: `ok`, `warn` where a person should look, `block` where wrong data would reach a model."""

import polars as pl

from kairos.frames import Frame
from kairos.quality.feeds import FEEDS
from kairos.quality.measures import AGREEMENT, COMPLETENESS, DRIFT, FRESHNESS, NULL_RATE
from kairos.tables.quality import LEVELS

OK, WARN, BLOCK = LEVELS
EARLIER_SESSIONS = 12  # judged sessions whose median is the earlier level: a year
LEAST_EARLIER = 3

COMPLETE = 0.8  # of the companies that trade; the newly listed have not filed yet
LESS_COMPLETE = 0.9  # of the earlier level
COLLAPSED = 0.6  # of the earlier level: a third of the companies and more are gone
MORE_NULLS = 0.10  # share of the rows beyond the earlier level
MOSTLY_NULL = 0.5  # share of the rows beyond the earlier level: most names lost the fact
NULLS_AT_FIRST = 0.9  # where there is no earlier level; some files lack a column from the start
SHIFTED = 0.5  # twice the 0.25 that scorecards take for a shift: seasons and crises move real distributions that far
ANOTHER_SCALE = 2.5  # most values lie where a tenth did: a unit or a column has changed
AGREEING = 0.9  # of the pairs
DISAGREEING = 0.5  # of the earlier level
NEVER_AGREEING = 0.2  # of the pairs

_RHYTHM = {feed.table.name: float(feed.rhythm) for feed in FEEDS}
_REACHING = [feed.table.name for feed in FEEDS if feed.reaches_models]
_KEY = ["table_name", "check_name", "column_name"]


def judge(figures: Frame) -> Frame:
    """Return figures with `expected`, the bound beyond which a person should look, and `level`.

    A figure is held against a fixed bound and against the earlier level, the median of the year's judged sessions before
    it. Age alone never blocks: what was known last is still what was known.

    Args:
        figures: table_name, session, check_name, column_name and value.
    """
    earlier = (
        pl.col("value").rolling_median(EARLIER_SESSIONS, min_samples=LEAST_EARLIER).shift(1).over(_KEY, order_by="session")
    )
    levelled = figures.with_columns(earlier.alias("earlier")).with_columns(_expected().alias("expected"))
    bad = pl.when(pl.col("check_name").is_in([COMPLETENESS, AGREEMENT])).then(pl.col("value") < pl.col("expected"))
    worse = bad.otherwise(pl.col("value") > pl.col("expected"))
    # one side of a disagreement reaches models, whichever table shows it
    reaches = pl.col("table_name").is_in(_REACHING) | (pl.col("check_name") == AGREEMENT)
    level = pl.when(reaches & _blocks().fill_null(False)).then(pl.lit(BLOCK)).when(worse).then(pl.lit(WARN))
    return levelled.with_columns(level.otherwise(pl.lit(OK)).alias("level")).drop("earlier")


def _of(check: str) -> pl.Expr:
    return pl.col("check_name") == check


def _expected() -> pl.Expr:
    earlier = pl.col("earlier")
    return (
        pl.when(_of(FRESHNESS))
        .then(pl.col("table_name").replace_strict(_RHYTHM, default=None, return_dtype=pl.Float64))
        .when(_of(COMPLETENESS))
        .then(pl.max_horizontal(COMPLETE, LESS_COMPLETE * earlier))
        .when(_of(NULL_RATE))
        .then((earlier + MORE_NULLS).fill_null(NULLS_AT_FIRST))
        .when(_of(DRIFT))
        .then(SHIFTED)
        .when(_of(AGREEMENT))
        .then(AGREEING)
    )


def _blocks() -> pl.Expr:
    value, earlier = pl.col("value"), pl.col("earlier")
    return (
        pl.when(_of(COMPLETENESS))
        .then(value < COLLAPSED * earlier)
        .when(_of(NULL_RATE))
        .then(value > earlier + MOSTLY_NULL)
        .when(_of(DRIFT))
        .then(value > ANOTHER_SCALE)
        .when(_of(AGREEMENT))
        .then((value < NEVER_AGREEING) | (value < DISAGREEING * earlier).fill_null(False))
        .otherwise(False)
    )
