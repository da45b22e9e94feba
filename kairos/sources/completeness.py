"""Whether a pull is all there, judged by the vendor's other answers and by what came before. `exported` judges bulk files.

A vendor that loses rows still answers with status 200. No single answer says how many rows there should be; two do.
"""

from datetime import date

import polars as pl

from kairos.errors import PlanError, SourceError
from kairos.frames import Frame
from kairos.sources.datasets import Dataset

MIN_SHARE = 0.9  # of what is expected; a usual session misses under 1 % of the names
FEW = 2  # missing rows that may be chance however few there are: a halt and a death in a market of twenty names
LATE = "The vendor's file is late or incomplete; nothing was written, run this partition again later."


def check_not_sample(rows: Frame, *, floor: int) -> None:
    """Raise if a full load holds so few tickers that it must be the vendor's free sample.

    Args:
        rows: Rows with a column `ticker`.
        floor: Fewest tickers of a real load (`SHARADAR_MIN_TICKERS`).

    Raises:
        PlanError: There are fewer.
    """
    found = rows["ticker"].n_unique() if rows.height else 0
    if found < floor:
        raise PlanError(
            f"full load: {found} ticker(s), expected at least {floor}. Without a subscription the vendor sends a sample "
            "in place of the table: check NASDAQ_DATA_LINK_API_KEY, or lower SHARADAR_MIN_TICKERS if this is all there is."
        )


def check_session_complete(found: int, expected: int, *, session: date, dataset: str = "sep", floor: int = 0) -> None:
    """Raise if a session's rows are absent, or far fewer than expected.

    Args:
        found: Names received.
        expected: Names of a usual session, such as those of the session before; 0 when nothing is known.
        session: The session asked for.
        dataset: sep or daily.
        floor: Fewest names of any real session; it counts only where nothing is known.

    Raises:
        SourceError: Nothing came, or far less than is usual.
        PlanError: There are fewer than in any real session, as in the vendor's free sample.
    """
    if found == 0:
        raise SourceError(
            f"{dataset}: 0 rows on {session}, expected about {expected or floor or 'one per name'}. "
            "The vendor publishes after 17:30 New York; run this partition again later."
        )
    if far_fewer(found, expected):
        raise SourceError(f"{dataset}: {found} rows on {session}, expected about {expected}. {LATE}")
    if not expected and found < floor:
        raise PlanError(
            f"{dataset}: {found} rows on {session}, expected at least {floor}. The session may be incomplete, or a sample in "
            "place of the table: run again later, check NASDAQ_DATA_LINK_API_KEY, or lower SHARADAR_MIN_TICKERS."
        )


def check_swept(asked: Frame, swept: Frame, spec: Dataset, *, since: date) -> None:
    """Raise unless every row of a session comes again among the changes since a day before it.

    Args:
        asked: Rows that came when asked for the session.
        swept: Rows that came when asked for what changed since `since`.
        spec: The dataset.
        since: The day.

    Raises:
        SourceError: Rows that have changed since are missing from the changes, so others may be.
    """
    due = asked.filter(pl.col("lastupdated") >= since)
    missing = due.join(swept, on=spec.key, how="anti").height
    if missing:
        raise SourceError(
            f"{spec.name}: {missing} of {due.height} rows of the session are not among the {swept.height} changed since "
            f"{since}, expected all. The changes are cut short; nothing was written, run this partition again later."
        )


def check_seen_again(found: int, before: int, *, dataset: str, since: date) -> None:
    """Raise if a sweep brings far fewer rows than an earlier delivery held for the same span: what changed stays changed.

    Args:
        found: Rows of this sweep.
        before: Rows that the delivery before it held and that are dated or changed since `since`.
        dataset: Whose rows.
        since: First day of the span.

    Raises:
        SourceError: Far fewer came.
    """
    if far_fewer(found, before):
        raise SourceError(
            f"{dataset}: {found} rows since {since}, expected at least the {before} that the delivery before it had of them. "
            f"{LATE}"
        )


def far_fewer(found: int, expected: int, *, share: float = MIN_SHARE) -> bool:
    """Tell whether `found` is a smaller share of what was expected than chance explains."""
    return found < share * expected and expected - found > FEW


def dated(spec: Dataset) -> str:
    """Return the column that says when a row is dated or was changed: the one that sweeps ask by."""
    return spec.since_filter.partition(".")[0]
