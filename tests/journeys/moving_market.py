"""A small market that moves on: a bulk export, session after session, and another export over a year later.

Between the cut and the end lie splits, dividends, a rename, a ticker used again, deaths and a late correction. Three more
things happen that the embedded market does not have: a misprint that nobody corrects, a death that the vendor tells of
days later, and a security whose sector and kind the vendor changes.
"""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from kairos.sandbox.market import Market, generate
from kairos.sandbox.sizes import MarketSize
from tests.journeys.engine_path import Raw, bulk, daily, gathered
from tests.journeys.view_client import received_on

SEED = 23  # of the markets of this size the first with one of each event after the cut, and a correction across it
SIZE = MarketSize(48, date(2013, 12, 2), date(2017, 6, 30))
FIRST_EXPORT, CUT_AT, LAST_DAILY = 540, 570, 590  # positions in the market's sessions


@dataclass(frozen=True)
class Story:
    """The market, what came of it when, and what is out of the ordinary.

    Attributes:
        market: The market.
        raw: All deliveries.
        misprint: A name whose price on the cut is wrong by a factor, and never corrected.
        forgotten: A name that trades last two sessions before the cut; the vendor says so after it.
        moved: A name whose sector the vendor changes after the cut, and the kind within common stock.
    """

    market: Market
    raw: Raw
    misprint: int
    forgotten: int
    moved: int

    @property
    def cut(self) -> date:
        return self.market.sessions[CUT_AT]

    @property
    def before_cut(self) -> date:
        return self.market.sessions[CUT_AT - 1]

    @property
    def seen_live(self) -> tuple[date, date]:
        """First and last session whose prices came session by session before the cut."""
        return self.market.sessions[FIRST_EXPORT + 1], self.cut

    @property
    def known(self) -> Raw:
        return self.raw.known_at(received_on(self.cut))

    @property
    def corrected(self) -> list[int]:
        pending = (pl.col("session") <= self.cut) & (pl.col("corrected_on") > self.cut)
        return self.market.corrections.filter(pending)["permaticker"].to_list()

    def after_cut(self, *actions: str) -> list[int]:
        later = self.market.events.filter((pl.col("known") > self.cut) & pl.col("action").is_in(actions))
        return later["permaticker"].unique().to_list()

    @property
    def displaced(self) -> list[int]:
        """Names whose ticker another name bears since the cut."""
        heirs = self.market.symbols.filter(pl.col("valid_from") > self.cut).select("ticker", heir="permaticker")
        borne = self.market.symbols.join(heirs, on="ticker").filter(pl.col("permaticker") != pl.col("heir"))
        return borne["permaticker"].unique().to_list()


def tell() -> Story:
    """Return the market's story, always the same."""
    plain = generate(SIZE, SEED)
    days = plain.sessions
    misprint, forgotten, moved, *_ = calm_names(plain)
    market = with_late_death(plain, forgotten, last=days[CUT_AT - 2], told=days[CUT_AT + 5])
    market = _misprinted(market, misprint, days[CUT_AT])
    live = [daily(market, day) for day in days[FIRST_EXPORT + 1 : LAST_DAILY]]
    raw = gathered([bulk(market, days[FIRST_EXPORT]), *live, bulk(market, days[-1])])
    return Story(market, _moved(raw, moved, days[CUT_AT]), misprint=misprint, forgotten=forgotten, moved=moved)


def calm_names(market: Market) -> list[int]:
    """Mid caps of common stock, there from the start to the end, to which nothing happens but dividends."""
    events = market.events.filter(~pl.col("action").is_in(["dividend", "initiated"]))
    busy = [*events["permaticker"], *market.corrections["permaticker"]]
    whole = market.securities.filter(
        pl.col("last_session").is_null()
        & (pl.col("first_session") == market.first_session)
        & (pl.col("category") == "Domestic Common Stock")
        & ~pl.col("permaticker").is_in(busy)
        & pl.col("cap_first").is_between(1e9, 1e10)
    )
    return whole["permaticker"].sort().to_list()


def with_late_death(market: Market, permaticker: int, *, last: date, told: date) -> Market:
    """Return the market in which a name fails after its prices of `last`, and the vendor says so on `told`."""
    over = (pl.col("permaticker") == permaticker) & (pl.col("session") > last)
    reasons = pl.DataFrame({"action": ["delisted", "bankruptcyliquidation"]})
    ends = reasons.with_columns(permaticker=pl.lit(permaticker, dtype=pl.Int64), session=pl.lit(last), known=pl.lit(told))
    return replace(
        market,
        bars=market.bars.filter(~over),
        daily=market.daily.filter(~over),
        events=pl.concat([market.events.filter(~over), ends], how="diagonal"),
    )


def _misprinted(market: Market, permaticker: int, day: date) -> Market:
    wrong = (pl.col("permaticker") == permaticker) & (pl.col("session") == day)
    prices = ("open", "high", "low", "close")
    times = [pl.when(wrong).then(pl.col(name) * 2.5).otherwise(name).alias(name) for name in prices]
    return replace(market, bars=market.bars.with_columns(times))


def _moved(raw: Raw, permaticker: int, cut: date) -> Raw:
    later = (pl.col("permaticker") == permaticker) & (pl.col("fetched_at") > received_on(cut))
    kinds = {"sector": "Conglomerates", "category": "Domestic Common Stock Primary Class"}
    changes = [pl.when(later).then(pl.lit(value)).otherwise(name).alias(name) for name, value in kinds.items()]
    return raw.changed("tickers", lambda rows: rows.with_columns(changes))
