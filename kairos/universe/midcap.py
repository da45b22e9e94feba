"""The mid-cap universe: decided once, by what was known at the year's first session, and never by what came later."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from kairos.calendar import first_session_of, prices_known_at, session_offset, sessions_between
from kairos.errors import NotFoundError
from kairos.frames import Frame
from kairos.settings import Settings
from kairos.tables.universe import MID_CAP_XX, MIDCAP_UNIVERSE

# ADRs are claims on foreign shares and secondary classes double a company: neither is a member
COMMON_STOCK = (
    "Domestic Common Stock",
    "Domestic Common Stock Primary Class",
    "Canadian Common Stock",
    "Canadian Common Stock Primary Class",
)
TRADING_SESSIONS = 5  # a name without a price for longer before the year is not trading
STALE_MARKETCAP = timedelta(days=31)
ENDED_SESSIONS = 20  # a series without prices for longer than this has ended, whatever the reason


@dataclass(frozen=True)
class Decision:
    """When a universe is decided: the year, its first session, and the instant up to which facts count."""

    universe_year: int
    first_session: date

    @property
    def eve(self) -> date:
        """The last session before the year."""
        return session_offset(self.first_session, -1)

    @property
    def recent(self) -> date:
        """The earliest session on which a name may have traded last to count as trading."""
        return session_offset(self.first_session, -TRADING_SESSIONS)

    @property
    def known_by(self) -> datetime:
        """The publication of the eve's prices; nothing later counts."""
        return prices_known_at(self.eve)


def candidates(
    tickers: Frame, daily_returns: Frame, daily_metrics: Frame, liquidity: Frame, *, universe_year: int, settings: Settings
) -> Frame:
    """Return every security with prices before the year, in or out and why, in the form of `mid_cap_xx`.

    Only rows known before the year's first session opens are read. The first reason that applies is stated: kind,
    trading, history, price, market cap, dollar volume. A kind is asked of securities that state one; an unadjusted price
    of those that have one. Where no market cap is known, dollar volume decides alone.

    Args:
        tickers: The `tickers` table.
        daily_returns: Rows of `daily_returns` of the year before at least.
        daily_metrics: Rows of `daily_metrics` of the year before.
        liquidity: Rows of `mv_liquidity_60d` of the year before.
        universe_year: First year of the universe.
        settings: Its `universe_*` fields are the bounds.

    Raises:
        NotFoundError: There are no prices before the year, or none shortly before it.
    """
    decision = Decision(universe_year, first_session_of(universe_year))
    lives = _lives(daily_returns, tickers, decision, settings)
    facts = (
        lives.join(_named(tickers, decision), on="permaticker")
        .join(_latest(daily_metrics, decision), on="permaticker", how="left")
        .join(_liquid(liquidity, decision), on="permaticker", how="left")
    )
    reasons = facts.with_columns(_reason(decision, settings).alias("reason"))
    return MID_CAP_XX.conform(
        reasons.with_columns(
            pl.lit(universe_year).alias("universe_year"),
            pl.col("reason").is_in(["member", "no_marketcap"]).alias("included"),
        )
    ).sort("permaticker")


def _lives(daily_returns: Frame, tickers: Frame, decision: Decision, settings: Settings) -> Frame:
    """What prices say of each security before the decision."""
    priced = daily_returns.filter(~pl.col("is_delisting"))
    before = priced.filter(pl.col("session") < decision.first_session)
    if before.filter(pl.col("session") >= decision.recent).is_empty():
        raise NotFoundError(_nothing(priced, tickers, decision, settings))
    return (
        before.sort("permaticker", "session")
        .group_by("permaticker")
        .agg(
            pl.len().alias("sessions_before"),
            pl.col("session").first().alias("first_session"),
            pl.col("session").last().alias("last_session"),
            pl.col("closeunadj").last(),
        )
    )


def _nothing(priced: Frame, tickers: Frame, decision: Decision, settings: Settings) -> str:
    spans = [priced["session"].min(), priced["session"].max(), tickers["firstpricedate"].min(), tickers["lastpricedate"].max()]
    days = sorted(day for day in spans if isinstance(day, date))
    year = f"universe year {decision.universe_year}"
    if not days:
        return f"{year}: no prices before {decision.first_session}; found none at all. Import or download prices first."
    first, last = days[0], days[-1]
    fitting = [later for later in range(first.year + 1, last.year + 1) if _long_enough(first, later, settings)]
    if first < decision.first_session:
        problem = f"no prices in the {TRADING_SESSIONS} sessions before {decision.first_session}"
        advice = f"choose {fitting[-1]} or import later prices" if fitting else "import more prices"
    else:
        problem = f"no prices before {decision.first_session}"
        advice = f"choose {fitting[0]} or import earlier prices" if fitting else "import more prices"
    return f"{year}: {problem}; found {first} to {last}; {advice}."


def _long_enough(first: date, year: int, settings: Settings) -> bool:
    return len(sessions_between(first, date(year - 1, 12, 31))) >= settings.universe_min_sessions


def _named(tickers: Frame, decision: Decision) -> Frame:
    """Ticker, category, sector of each security on the eve of the year, and whether it was dead by then."""
    ordered = tickers.sort("permaticker", "valid_from")
    known = ordered.filter((pl.col("known_at") <= decision.known_by) & (pl.col("valid_from") < decision.first_session))
    newest = known.unique("permaticker", keep="last", maintain_order=True)
    # prices may begin before the vendor's own first price date; the earliest name stands for them
    others = ordered.join(newest, on="permaticker", how="anti").unique("permaticker", keep="first")
    dead = (pl.col("isdelisted") & (pl.col("lastpricedate") < decision.eve)).fill_null(False)
    return pl.concat([newest, others]).select("permaticker", "ticker", "category", "sector", dead.alias("dead"))


def _latest(daily_metrics: Frame, decision: Decision) -> Frame:
    oldest = decision.first_session - STALE_MARKETCAP
    known = daily_metrics.filter(
        (pl.col("known_at") <= decision.known_by)
        & pl.col("session").is_between(oldest, decision.first_session, closed="left")
        & pl.col("marketcap").is_not_null()
    )
    newest = known.sort("permaticker", "session").unique("permaticker", keep="last", maintain_order=True)
    return newest.select("permaticker", "marketcap")


def _liquid(liquidity: Frame, decision: Decision) -> Frame:
    before = liquidity.filter(pl.col("session") < decision.first_session).sort("permaticker", "session")
    return before.unique("permaticker", keep="last", maintain_order=True).select("permaticker", "avg_dollar_vol_60d")


def _reason(decision: Decision, settings: Settings) -> pl.Expr:
    dollars = pl.col("avg_dollar_vol_60d").fill_null(0.0)
    failing = {
        "not_common_stock": ~pl.col("category").is_in(COMMON_STOCK),
        "not_trading": (pl.col("last_session") < decision.recent) | pl.col("dead"),
        "too_few_sessions": pl.col("sessions_before") < settings.universe_min_sessions,
        "price_too_low": pl.col("closeunadj") < settings.universe_min_price,
        "marketcap_too_small": pl.col("marketcap") < settings.universe_min_marketcap,
        "marketcap_too_large": pl.col("marketcap") > settings.universe_max_marketcap,
        "dollar_volume_too_small": dollars < settings.universe_min_dollar_volume,
        "no_marketcap": pl.col("marketcap").is_null(),
    }
    return pl.coalesce(*(pl.when(condition).then(pl.lit(name)) for name, condition in failing.items()), pl.lit("member"))


def members(candidates: Frame, tickers: Frame, daily_returns: Frame) -> Frame:
    """Return the universe's members with entry and exit, in the form of `midcap_universe`.

    All enter on the year's first session. Who stopped trading leaves with its last price and stays in the table.

    Args:
        candidates: Rows of `mid_cap_xx` of one universe year.
        tickers: The `tickers` table.
        daily_returns: Rows of `daily_returns` from the year before to the last loaded session.
    """
    chosen = candidates.filter("included")
    if chosen.is_empty():
        return MIDCAP_UNIVERSE.empty()
    entry = first_session_of(int(chosen["universe_year"][0]))
    loaded = daily_returns["session"].max()
    priced = daily_returns.filter(~pl.col("is_delisting"))
    ends = priced.group_by("permaticker").agg(pl.col("session").max().alias("last"))
    fates = (
        tickers.sort("valid_from").unique("permaticker", keep="last").select("permaticker", "isdelisted", "delisting_reason")
    )
    joined = chosen.join(ends, on="permaticker", how="left").join(fates, on="permaticker", how="left")
    last = pl.coalesce("last", "last_session")
    return MIDCAP_UNIVERSE.conform(
        joined.with_columns(last.alias("last"), stopped(loaded).alias("stopped")).with_columns(
            pl.lit(entry).alias("entry"),
            pl.when("stopped").then("last").alias("exit"),
            pl.when("stopped")
            .then(pl.col("delisting_reason").fill_null("unknown"))
            .otherwise(pl.lit("trading"))
            .alias("reason"),
        )
    ).sort("permaticker")


def stopped(loaded: object) -> pl.Expr:
    """Return whether a name's `last` price is its last for good, seen from the last loaded session.

    Args:
        loaded: The last session with prices; the columns `last` and `isdelisted` say the rest.
    """
    if not isinstance(loaded, date):
        return pl.lit(False)
    long_ago = session_offset(loaded, -ENDED_SESSIONS)
    return (pl.col("last") < long_ago) | (pl.col("isdelisted").fill_null(False) & (pl.col("last") < loaded))
