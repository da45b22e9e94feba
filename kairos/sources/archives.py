"""The datasets that come as files alone: archives of posts and of announced earnings."""

from kairos.sources.core import BOOKKEEPING, RECORD, Dataset
from kairos.tables.archives import RAW_ARCHIVES

ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "social_posts": {
        "symbol": ("ticker", "cashtag"),
        "posted_at": ("created_at", "date", "timestamp"),
        "text": ("tokens", "body", "tweet"),
    },
    "earnings_surprises": {
        "symbol": ("ticker",),
        "date": ("report_date", "reportdate", "announced"),
        "quarter": ("qtr", "period"),
        "eps_estimated": ("eps_est", "epsestimated", "estimate"),
        "eps_actual": ("eps", "epsactual", "actual"),
        "eps_surprise": ("surp", "surprise"),
        "release_time": ("time", "when"),
    },
}
"""Names under which archives deliver a column, lower case."""
REQUIRED = {"social_posts": ("symbol", "posted_at", "text"), "earnings_surprises": ("symbol", "date", "eps_actual")}
KEYS = {"social_posts": ("symbol", "posted_at", "text"), "earnings_surprises": ("symbol", "date")}


def _archive(name: str) -> Dataset:
    table = RAW_ARCHIVES[name]
    columns = tuple(column for column in table.columns if column not in (*BOOKKEEPING, RECORD))
    return Dataset(
        name,
        table=table,
        vendor_code=name,
        key=KEYS[name],
        required=REQUIRED[name],
        expected=columns,
        rejecting=KEYS[name],
        aliases=ALIASES[name],
    )


ARCHIVES: dict[str, Dataset] = {name: _archive(name) for name in RAW_ARCHIVES}
"""The datasets by name."""
