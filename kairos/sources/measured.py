"""Whether what the feeds answered is measured by what they had answered before: one cut short looks like any other."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame
from kairos.sources.completeness import LATE, far_fewer
from kairos.sources.returned import question
from kairos.tables.core import Check, Outcome

SWEPT = ("sf1", "sp500", "fmp_news")  # asked by days that overlap: what was held must come again
ASKED = ("fmp_social", "quiver_congress", "quiver_insiders", "quiver_social")  # asked the same way again and again


def check_held_again(found: Frame, due: Frame, *, key: Sequence[str], dataset: str, since: date) -> None:
    """Raise unless what an earlier delivery held of the same span comes again, but for a few rows.

    Args:
        found: Rows of this delivery.
        due: Rows of the earlier one that lie in the span.
        key: The dataset's key.
        dataset: Whose rows.
        since: First day of the span.

    Raises:
        SourceError: Far fewer come again.
    """
    expected = due.select(key).unique()
    again = expected.join(found.select(key).unique(), on=list(key), how="semi", nulls_equal=True).height
    if far_fewer(again, expected.height):
        raise SourceError(
            f"{dataset}: {again} of {expected.height} rows since {since} that the delivery before had have come again, among "
            f"{found.height}. {LATE}"
        )


def with_measure(pulled: Frame, received: Frame) -> Frame:
    """Add `measured`: whether an earlier answer with rows tells how many rows there should be.

    Args:
        pulled: Rows of `raw_payloads` of this evening.
        received: Rows of `raw_payloads` before it.
    """
    told = received.filter(pl.col("rows") > 0)
    asked = told.select("dataset", question(pl.col("request")).alias("_asked")).unique().with_columns(_again=pl.lit(True))
    rows = pulled.with_columns(question(pl.col("request")).alias("_asked"))
    rows = rows.join(asked, on=["dataset", "_asked"], how="left", maintain_order="left")
    swept = pl.col("dataset").is_in(SWEPT) & pl.col("dataset").is_in(told["dataset"].unique().implode())
    return rows.with_columns((swept | pl.col("_again").fill_null(False)).alias("measured")).drop("_asked", "_again")


def measured(rows: Frame) -> Outcome:
    """Of every feed that was asked some answer could be measured by an earlier one.

    Args:
        rows: As `with_measure` gives them.
    """
    asked = rows.filter(pl.col("dataset").is_in([*SWEPT, *ASKED]))
    each = asked.group_by("dataset").agg(pl.col("measured").sum(), pl.len().alias("answers"), pl.col("rows").sum())
    each = each.sort("dataset")
    alone = each.filter(pl.col("measured") == 0)
    told = "; ".join(f"{name}: {count} answer(s) with {found} rows" for name, _, count, found in alone.iter_rows())
    return Outcome(
        passed=alone.is_empty(),
        summary=f"{told}: nothing received before tells how many rows there should be, so an answer that was cut short, or a "
        "sample in place of the table, would not be noticed. The next evening is measured by this one."
        if told
        else f"{int(each['measured'].sum())} of {asked.height} answers of {each.height} feed(s) were measured by earlier ones.",
        figures={f"{name}_measured": f"{known} of {count}" for name, known, count, _ in each.iter_rows()},
    )


MEASURED = Check(
    "measured_by_earlier_answers",
    "Of SF1, SP500, news, social and Quiver, something received before tells how many rows an answer should have",
    measured,
    blocking=False,
)
