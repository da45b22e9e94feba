"""Fundamental tables: every version of every fact with the instant it was known; what sessions make of them.

Statements, metrics, estimates, ratings, profiles and news keep versions, years of `known_at`. Posts, revisions and factors
are rows of sessions. Feature families over facts stand in `features`.
"""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables import fmp_columns as fmp
from kairos.tables.archives import SURPRISES
from kairos.tables.core import Partition, Table, field, measure
from kairos.tables.features import column
from kairos.tables.fmp_columns import Columns
from kairos.tables.market import KNOWN_SOURCES

STATEMENT_KEY = ("permaticker", "period_end", "period", "known_at")
_SENT = ("symbol", "date", "period", "accepted_date", "record")


class KnownRows(pa.DataFrameModel):
    """Where a version comes from and since when it was known."""

    record: str = field("The vendor's row as sent, as JSON")
    source: str = field("Who delivered it: fmp, sharadar, quiver, or the name given to `kairos import --source`")
    known_at: UTC_TIME = field("When this version could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    fetched_at: UTC_TIME = field("When this version was first received")
    payload_id: str = field("Payload it first came in")
    row: int = field("Number of the row in its payload, from 0", ge=0)


class SocialFeaturesRows(pa.DataFrameModel):
    """What was posted about one security between one session's close and the next."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session by whose close the posts had been received")
    posts: float = measure("Posts, reposts included", "posts", ge=0)
    comments: float = measure("Comments", "comments", ge=0)
    likes: float = measure("Likes", "likes", ge=0)
    impressions: float = measure("Views", "views", ge=0)
    mentions: float = measure("Mentions on WallStreetBets", "mentions", ge=0)
    senti_mean: float = measure("Mean sentiment, weighted by posts; 0.5 is neutral", "0-1", ge=0, le=1)
    senti_mentions: float = measure("Mean sentiment of the mentions, weighted by mentions", "as sent")
    facts_known_at: UTC_TIME = field("When the newest of the posts was known")
    reposts: float = measure("Of the single posts, those that repeat a text about the security", "posts", ge=0)


class RevisionsCsRows(pa.DataFrameModel):
    """How one security's consensus moved, beside the others of the session."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session after whose close the values are known")
    rev_eps_chg: float = measure(
        "Change over 63 sessions of the mean estimate of this fiscal year's earnings per share, on one split basis, "
        "over the absolute earlier estimate",
        "fraction",
    )
    z_rev_eps: float = measure("rev_eps_chg less the session's mean, over its standard deviation, within 3", ge=-3, le=3)
    facts_known_at: UTC_TIME = measure("known_at of the newest estimate that was used")


class FactorsRows(pa.DataFrameModel):
    """Fundamental factors of one security, standardised beside the others of the session."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session after whose close the values are known")
    sector: str = measure("Sector by which z-scores are taken, as known at the session or assumed")
    z_roe: float = measure("Return on equity, z-score within the sector", ge=-3, le=3)
    z_roa: float = measure("Return on assets, z-score within the sector", ge=-3, le=3)
    z_gm: float = measure("Gross margin, z-score within the sector", ge=-3, le=3)
    z_dta: float = measure("Debt to assets, z-score within the sector", ge=-3, le=3)
    z_rev: float = measure("Growth of revenue over four quarters, z-score within the sector", ge=-3, le=3)
    value: float = measure("Mean of the z-scores of earnings, book and sales to market capitalisation", ge=-3, le=3)
    quality: float = measure("Mean of z_roe, z_roa, z_gm and minus z_dta", ge=-3, le=3)
    liquidity: float = measure("Log of the 60-session mean dollar volume, z-score among all names", ge=-3, le=3)
    facts_known_at: UTC_TIME = measure("known_at of the newest fact that was used")


_ID: Columns = {"permaticker": column(pl.Int64, "Permanent security id")}
_PERIOD: Columns = {
    **_ID,
    "period_end": fmp.day("End of the fiscal period", nullable=False),
    "period": fmp.text("FY, or Q1 to Q4", nullable=False),
    "symbol": fmp.text("Symbol the row was sent under", nullable=False),
}
_ACCEPTED: Columns = {"accepted_at": column(UTC_TIME, "When the SEC accepted the filing", nullable=True)}
_SPLIT_BASIS: Columns = {
    "split_basis": fmp.day("Day on whose split basis the per-share facts and share counts stand", nullable=False)
}


def facts_of(sent: Columns) -> Columns:
    """Return the delivered columns that are facts, those the vendor's row is identified and stamped by left out."""
    return {name: declared for name, declared in sent.items() if name not in _SENT}


def _known() -> Columns:
    return dict(KnownRows.to_schema().columns)


def _versions(name: str, key: tuple[str, ...], columns: Columns, description: str, origin: str) -> Table:
    return Table(
        name,
        group="fundamentals",
        key=key,
        rows=pa.DataFrameSchema({**columns, **_known()}),
        origin=origin,
        description=description,
        partition=Partition.YEARS,
        partition_by=("year",),
    )


def _statement(name: str, sent: Columns, what: str, *, per_share: bool = False) -> Table:
    stamped = _ACCEPTED if "accepted_date" in sent else {}
    basis = _SPLIT_BASIS if per_share else {}
    return _versions(
        name,
        STATEMENT_KEY,
        {**_PERIOD, **stamped, **facts_of(sent), **basis},
        f"{what} of one security for one fiscal period, every version from its own known_at on.",
        f"raw_{name}, raw_{name}_bulk, raw_sf1, raw_sf1_bulk, tickers",
    )


def _of_sessions(name: str, rows: type[pa.DataFrameModel], description: str, origin: str) -> Table:
    return Table(
        name,
        group="fundamentals",
        key=("permaticker", "session"),
        rows=rows,
        origin=origin,
        description=description,
        partition=Partition.YEARS,
        partition_by=("year",),
    )


def _flags() -> Columns:
    names = {"is_etf": "an ETF", "is_fund": "a fund", "is_adr": "an ADR", "is_actively_trading": "trading"}
    return {name: column(pl.Boolean, f"Whether it is {what}", nullable=True) for name, what in names.items()}


def _estimates() -> Columns:
    forecast = {
        "period_end": fmp.day("End of the fiscal period that is forecast", nullable=False),
        "period": fmp.text("annual or quarter", nullable=False),
    }
    return {**_PERIOD, **forecast, **facts_of(fmp.ESTIMATES), **_SPLIT_BASIS}


FMP_INCOME_STATEMENT = _statement("fmp_income_statement", fmp.INCOME, "Income statement", per_share=True)
FMP_BALANCE_SHEET = _statement("fmp_balance_sheet", fmp.BALANCE, "Balance sheet")
FMP_CASH_FLOW = _statement("fmp_cash_flow", fmp.CASH_FLOW, "Cash flow statement")
FMP_KEY_METRICS = _statement("fmp_key_metrics", fmp.KEY_METRICS, "Key metrics as the vendor works them out")
FMP_RATIOS = _statement("fmp_ratios", fmp.RATIOS, "Ratios as the vendor works them out")
FMP_ANALYST_ESTIMATES = _versions(
    "fmp_analyst_estimates",
    STATEMENT_KEY,
    _estimates(),
    "Consensus on one fiscal period of one security, known from the snapshot that first showed it.",
    "raw_fmp_analyst_estimates, raw_fmp_analyst_estimates_bulk, tickers",
)
FMP_RATING = _versions(
    "fmp_rating",
    ("permaticker", "known_at"),
    {
        **_ID,
        "symbol": fmp.text("Symbol the row was sent under", nullable=False),
        "rating_date": fmp.day("Day of the rating; null in a snapshot"),
        **{{"rating_score": "ratingScore"}.get(name, name): declared for name, declared in facts_of(fmp.RATING).items()},
    },
    "The vendor's formula rating of one security, known from the snapshot that first showed it.",
    "raw_fmp_rating, raw_fmp_rating_bulk, tickers",
)
FMP_NEWS = _versions(
    "fmp_news",
    ("permaticker", "url", "known_at"),
    {
        **_ID,
        "url": fmp.text(
            "Address of the article; where the source tells none, a number made of stamp and title", nullable=False
        ),
        "symbol": fmp.text("Symbol the article is filed under", nullable=False),
        "published_at": column(UTC_TIME, "When it was published, by the vendor's stamp"),
        **{name: fmp.NEWS[name] for name in ("publisher", "title", "site", "text")},
        **fmp.ACTION,
    },
    "One article about one security, and the analyst's action that its headline tells of.",
    "raw_fmp_news, raw_fmp_news_bulk, tickers",
)
DIM_COMPANY_PROFILE = _versions(
    "dim_company_profile",
    ("permaticker", "known_at"),
    {**_ID, "symbol": fmp.text("Symbol the row was sent under", nullable=False), **facts_of(fmp.PROFILE), **_flags()},
    "What the vendor says of one company, known from the snapshot that first showed it.",
    "raw_fmp_profile, raw_fmp_profile_bulk, tickers",
)
EARNINGS_SURPRISES = _versions(
    "earnings_surprises",
    ("permaticker", "report_date", "known_at"),
    {
        **_ID,
        "symbol": fmp.text("Symbol the row was sent under", nullable=False),
        "report_date": fmp.day("Day of the announcement", nullable=False),
        **{name: declared for name, declared in SURPRISES.items() if name not in _SENT},
    },
    "Announced earnings of one security beside what was expected, known from the opening that follows the announcement.",
    "raw_earnings_surprises_bulk, tickers",
)
SOCIAL_FEATURES = _of_sessions(
    "social_features",
    SocialFeaturesRows,
    "Posts about one security that became known since the session before; none where no source delivers them.",
    "raw_fmp_social, raw_fmp_social_bulk, raw_quiver_social, raw_quiver_social_bulk, raw_social_posts_bulk, tickers",
)
FMP_REVISIONS_CS = _of_sessions(
    "fmp_revisions_cs",
    RevisionsCsRows,
    "Revision of one security's consensus and its place in the session's cross-section.",
    "feat_revisions",
)
FUNDAMENTALS_FACTORS_V1 = _of_sessions(
    "fundamentals_factors_v1",
    FactorsRows,
    "Fundamental z-scores of one security within its sector, and the factors value, quality and liquidity.",
    "feat_fundamentals, mv_liquidity_60d, dim_company_profile, tickers",
)

TABLES = (
    FMP_INCOME_STATEMENT,
    FMP_BALANCE_SHEET,
    FMP_CASH_FLOW,
    FMP_KEY_METRICS,
    FMP_RATIOS,
    FMP_ANALYST_ESTIMATES,
    FMP_RATING,
    FMP_NEWS,
    EARNINGS_SURPRISES,
    SOCIAL_FEATURES,
    DIM_COMPANY_PROFILE,
    FMP_REVISIONS_CS,
    FUNDAMENTALS_FACTORS_V1,
)
