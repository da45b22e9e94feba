"""The vendor's tables as they stand once a session's prices are out: filed under current tickers, adjusted to that session."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import polars as pl

from kairos.calendar import latest_published_session
from kairos.frames import Frame
from kairos.sandbox.catalog import ACTIONS, DAILY, SEP, SF1, SP500, TICKERS
from kairos.sandbox.index import index_rows
from kairos.sandbox.market import Market
from kairos.sandbox.reference import tickers_rows
from kairos.sandbox.sf1 import sf1_rows

PRICE_DECIMALS, VOLUME_DECIMALS, DIVIDEND_DECIMALS = 4, 3, 6


def known_session(market: Market, now: datetime) -> date | None:
    """Return the market's newest session whose prices are out at `now`; None before its first."""
    newest = min(latest_published_session(now), market.last_session)
    return newest if newest >= market.first_session else None


@dataclass(frozen=True)
class VendorView:
    """The vendor's tables at one knowledge session.

    Attributes:
        market: The market.
        known: Newest session published; None before the market's first.
        raw_dividends: Whether ACTIONS shows dividends as paid instead of adjusted for later splits.
    """

    market: Market
    known: date | None
    raw_dividends: bool = False

    @cached_property
    def names(self) -> Frame:
        """One row per security listed by now.

        Columns: permaticker, ticker (current, with a number once another bears it), name, taken_on (since when another
        does), last_split, last_dividend, last_adjusted (adjustment factors so far), lastpricedate.
        """
        seen = self.market.bars.lazy().filter(pl.col("session") <= self._limit)
        factors = seen.group_by("permaticker").agg(
            pl.col("cum_split").last().alias("last_split"),
            pl.col("cum_dividend").last().alias("last_dividend"),
            pl.col("adjusted_on").last().alias("last_adjusted"),
            pl.col("session").last().alias("lastpricedate"),
        )
        titles = self.market.securities.lazy().select("permaticker", "name")
        tickers = current_tickers(self.market, self._limit).lazy()
        return tickers.join(titles, on="permaticker").join(factors, on="permaticker").sort("ticker").collect()

    def rows(self, table: str) -> pl.LazyFrame:
        """Return a table in the vendor's columns; filter it before collecting, then sort by its key."""
        makers = {
            SEP.code: self._sep,
            DAILY.code: self._daily,
            ACTIONS.code: self._actions,
            TICKERS.code: self._tickers,
            SF1.code: self._sf1,
            SP500.code: self._sp500,
        }
        return makers[table]()

    @property
    def _limit(self) -> date:
        return self.known or date.min

    def _bars(self, frame: Frame) -> pl.LazyFrame:
        filed = frame.lazy().filter(pl.col("session") <= self._limit).rename({"session": "date"})
        return filed.join(self.names.lazy(), on="permaticker", how="inner")

    def _sep(self) -> pl.LazyFrame:
        corrections = self.market.corrections.lazy().rename({"session": "date"})
        bars = self._bars(self.market.bars).join(corrections, on=["permaticker", "date"], how="left")
        shares = pl.col("cum_split") / pl.col("last_split")
        late = pl.col("corrected_on") > self._limit
        wrong = pl.when(late).then(pl.col("factor")).otherwise(1.0)
        traded = bars.with_columns(close=pl.col("close") * wrong).with_columns(
            high=pl.max_horizontal("high", "close"), low=pl.min_horizontal("low", "close")
        )
        prices = [(pl.col(name) * shares).round(PRICE_DECIMALS).alias(name) for name in ("open", "high", "low", "close")]
        dividends = pl.col("last_dividend") / pl.col("cum_dividend")
        corrected = pl.when(~late).then(pl.col("corrected_on"))
        return traded.with_columns(
            *prices,
            (pl.col("volume") / shares).round(VOLUME_DECIMALS).alias("volume"),
            (pl.col("close") * shares * dividends).round(PRICE_DECIMALS).alias("closeadj"),
            pl.col("close").round(PRICE_DECIMALS).alias("closeunadj"),
            pl.max_horizontal("date", "last_adjusted", corrected).alias("lastupdated"),
        ).select(*SEP.columns)

    def _daily(self) -> pl.LazyFrame:
        return self._bars(self.market.daily).with_columns(lastupdated=pl.col("date")).select(*DAILY.columns)

    def _actions(self) -> pl.LazyFrame:
        seen = self.market.events.lazy().filter(pl.col("known") <= self._limit).rename({"session": "date"})
        named = seen.join(self.names.lazy(), on="permaticker", how="inner")
        if self.raw_dividends:
            return named.select(*ACTIONS.columns)
        adjusted = (pl.col("value") * pl.col("cum_split") / pl.col("last_split")).round(DIVIDEND_DECIMALS)
        is_dividend = pl.col("action") == "dividend"
        return named.with_columns(value=pl.when(is_dividend).then(adjusted).otherwise("value")).select(*ACTIONS.columns)

    def _tickers(self) -> pl.LazyFrame:
        return tickers_rows(self.market, self.names, self._limit).lazy().select(*TICKERS.columns)

    def _sf1(self) -> pl.LazyFrame:
        return sf1_rows(self.market, self.names, self._limit).lazy()

    def _sp500(self) -> pl.LazyFrame:
        return index_rows(self.market, self.names, self._limit).lazy().select(*SP500.columns)


def current_tickers(market: Market, known: date) -> Frame:
    """Return each listed security's ticker as the vendor files it: permaticker, ticker, taken_on.

    A dead security whose ticker a later one has taken gets a number behind it, as Sharadar does.
    """
    born = market.symbols.filter(pl.col("valid_from") <= known).sort("ticker", "valid_from")
    counted = born.with_columns(
        later=pl.len().over("ticker") - 1 - pl.int_range(pl.len()).over("ticker"),
        taken_on=pl.col("valid_from").shift(-1).over("ticker"),
    ).sort("permaticker", "valid_from")
    last = counted.group_by("permaticker", maintain_order=True).last()
    ticker = pl.when(pl.col("later") > 0).then(pl.format("{}{}", "ticker", "later")).otherwise("ticker")
    return last.select("permaticker", ticker.alias("ticker"), "taken_on")
