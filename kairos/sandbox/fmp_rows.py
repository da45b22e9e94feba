"""FMP's rows at one instant, for some names or all: one version per period, newest first, in the vendor's fields."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.sandbox import fmp_fields as fields
from kairos.sandbox.consensus import estimate_rows, profile_rows, rating_rows
from kairos.sandbox.filings import KEY
from kairos.sandbox.fmp_metrics import metric_rows
from kairos.sandbox.fmp_statements import balance_rows, cash_flow_rows, income_rows, with_heads, with_repeats
from kairos.sandbox.headlines import FIRMS, PUBLISHERS, SITES, titles
from kairos.sandbox.market import Market
from kairos.sandbox.views import current_tickers, known_session

STATEMENTS = {
    "income-statement": (income_rows, fields.INCOME, fields.INCOME_LEGACY),
    "balance-sheet-statement": (balance_rows, fields.BALANCE, fields.BALANCE_LEGACY),
    "cash-flow-statement": (cash_flow_rows, fields.CASH_FLOW, fields.CASH_FLOW_LEGACY),
}
METRICS = {
    "key-metrics": (fields.KEY_METRICS, fields.KEY_METRICS_LEGACY),
    "ratios": (fields.RATIOS, fields.RATIOS_LEGACY),
}

c = pl.col


def symbol_of(ticker: pl.Expr) -> pl.Expr:
    """Return the vendor's spelling of a ticker: a class comes after a hyphen."""
    return ticker.str.replace(".", "-", literal=True)


@dataclass(frozen=True)
class FmpView:
    """What the vendor knows at an instant.

    Attributes:
        market: The market.
        now: The instant, UTC.
    """

    market: Market
    now: datetime

    @property
    def known(self) -> date | None:
        """Newest session whose prices are out; None before the market's first."""
        return known_session(self.market, self.now)

    @cached_property
    def symbols(self) -> Frame:
        """Names under the symbols they bear now: permaticker, symbol; a dead name whose symbol another took is gone."""
        found = current_tickers(self.market, self.known or date.min).filter(c("taken_on").is_null())
        return found.select("permaticker", symbol=symbol_of(c("ticker"))).sort("symbol")

    def named(self, symbols: list[str]) -> Frame:
        """Return the names that bear these symbols, with the session they are asked at: permaticker, symbol, known."""
        return self.symbols.filter(c("symbol").is_in(symbols)).with_columns(known=pl.lit(self.known, dtype=pl.Date))

    def filings(self, asked: Frame) -> Frame:
        """Return the version of each report of the asked names that is served now, newest period first, with heads."""
        return with_heads(newest_first(served(self.market.filings, asked, self.now)))

    def statement(self, kind: str, asked: Frame) -> Frame:
        """Return the rows of one of STATEMENTS, oddities included."""
        return with_repeats(STATEMENTS[kind][0](self.filings(asked)))

    def metrics(self, asked: Frame) -> Frame:
        """Return the rows of key metrics and ratios."""
        return metric_rows(self.filings(asked))

    def estimates(self, asked: Frame) -> Frame:
        """Return the consensus for past and future periods, newest first."""
        return estimate_rows(self.market, asked)

    def ratings(self, asked: Frame) -> Frame:
        """Return the rating in force."""
        return rating_rows(self.market, asked)

    def rating_history(self, asked: Frame, limit: int) -> Frame:
        """Return the rating at each of the last sessions, newest first."""
        known = self.known or date.min
        seen = [day for day in self.market.sessions if day <= known][-limit:] if limit else []
        days = pl.DataFrame({"known": seen}, schema={"known": pl.Date})
        return self.ratings(asked.drop("known").join(days, how="cross")).sort("known", descending=True)

    def profiles(self, asked: Frame) -> Frame:
        """Return the profiles."""
        return profile_rows(self.market, asked)

    def news(self, asked: Frame | None = None, *, since: date | None = None, until: date | None = None) -> Frame:
        """Return the articles published by now, about these names or all, newest first."""
        chosen = self.symbols if asked is None else asked.select("permaticker", "symbol")
        day = c("published_at").dt.convert_time_zone(NEW_YORK.key).dt.date()
        out = (c("published_at") <= self.now) & (day >= (since or date.min)) & (day <= (until or date.max))
        rows = self.market.news.filter(out).join(chosen, on="permaticker", how="inner")
        return news_rows(self.market, rows)


def served(filings: Frame, asked: Frame, now: datetime) -> Frame:
    """Return the one version of each report that the vendor serves at an instant, with its symbol."""
    out = filings.filter(c("served_at") <= now).join(asked.select("permaticker", "symbol"), on="permaticker", how="inner")
    return out.sort(*KEY, "version").group_by(KEY, maintain_order=True).last().select(*filings.columns, "symbol")


def newest_first(rows: Frame) -> Frame:
    """Return reports by symbol, the newest period first."""
    return rows.sort("symbol", "period_end", "period", descending=[False, True, True])


def news_rows(market: Market, rows: Frame) -> Frame:
    """Return articles that bear a symbol in the vendor's fields, newest first."""
    local = c("published_at").dt.convert_time_zone(NEW_YORK.key)
    named = rows.join(market.securities.select("permaticker", company=c("name").str.to_titlecase()), on="permaticker")
    text = pl.format("{} {}", "kind", "tone").replace_strict(titles(), return_dtype=pl.String)
    house = c("firm").replace_strict(dict(enumerate(FIRMS)), return_dtype=pl.String)
    title = text.str.replace("{firm}", house, literal=True).str.replace("{}", c("company"), literal=True)
    place = (c("article") % len(SITES)).replace_strict(dict(enumerate(SITES)), return_dtype=pl.String)
    return named.with_columns(
        publishedDate=local.dt.to_string("%Y-%m-%d %H:%M:%S"),
        publisher=(c("article") % len(PUBLISHERS)).replace_strict(dict(enumerate(PUBLISHERS)), return_dtype=pl.String),
        title=title,
        image=pl.format("https://images.example/{}.jpg", "article"),
        site=place,
        text=pl.format("{}. This report concerns {}.", title, "company"),
        url=pl.format("https://{}/{}/{}", place, local.dt.to_string("%Y/%m"), "article"),
    ).sort("published_at", "article", descending=True)
