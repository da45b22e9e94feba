"""An embedded market in which much happens around a few days: what a vendor rewrites, tells late, or files anew."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.market import Market, generate
from kairos.sandbox.sizes import MarketSize
from tests.journeys.moving_market import with_late_death

SIZE = MarketSize(26, date(2013, 9, 3), date(2015, 2, 27))  # two New Years; a universe year with three months before it
SPLITS = (2.0, 3.0, 1.5, 0.1, 0.5)
PRICES = ("open", "high", "low", "close")
Chance = np.random.Generator


def eventful(seed: int, chance: Chance, *, first: int, last: int) -> Market:
    """Return a market with two splits, corrections, misprints, renames, a reuse, a death and payments around some days.

    Args:
        seed: Seed of the market itself.
        chance: Where and when things happen.
        first: Number of the first session of the days.
        last: Number of the last one.
    """
    market = generate(SIZE, seed)
    days = market.sessions
    names = chance.permutation(_lasting(market)).tolist()

    def day(*, back: int = 0) -> date:
        return days[int(chance.integers(max(1, first - back), last + 1))]

    for name in names[:2]:
        market = with_split(market, name, day(), ratio=float(chance.choice(SPLITS)))
    market = _with_late_news(market, chance, first=first, last=last)
    renamed = int(chance.integers(first - 30, last))
    market = with_rename(market, names[2], days[renamed], ticker="ZZA")
    market = with_rename(market, names[3], days[int(chance.integers(renamed, last + 1))], ticker=_ticker(market, names[2]))
    died = int(chance.integers(first - 5, last - 1))
    market = with_late_death(market, names[4], last=days[died], told=days[min(died + int(chance.integers(1, 9)), last)])
    market = with_misprint(market, names[5], day(back=3), factor=2.5)
    return _with_corrections(market, chance, first=first, last=last)


def with_split(market: Market, permaticker: int, day: date, *, ratio: float) -> Market:
    """Return the market in which a name gives `ratio` shares for one from `day` on."""
    later = (pl.col("permaticker") == permaticker) & (pl.col("session") >= day)
    prices = [pl.when(later).then((pl.col(name) / ratio).round(4)).otherwise(name).alias(name) for name in PRICES]
    shares = [pl.when(later).then(pl.col(name) * ratio).otherwise(name).alias(name) for name in ("volume", "cum_split")]
    touched = pl.when(later).then(pl.max_horizontal("adjusted_on", pl.lit(day))).otherwise("adjusted_on").alias("adjusted_on")
    split = _events(market, permaticker, day, action="split", value=ratio)
    paid = pl.when(later).then(pl.col("cum_split") * ratio).otherwise("cum_split").alias("cum_split")
    return replace(
        market,
        bars=market.bars.with_columns(*prices, *shares, touched),
        events=pl.concat([market.events.with_columns(paid), split]),
    )


def with_rename(market: Market, permaticker: int, day: date, *, ticker: str) -> Market:
    """Return the market in which a name's last ticker becomes `ticker` on `day`; as it was where the name is newer."""
    mine = pl.col("permaticker") == permaticker
    *earlier, (_, old, since, until) = market.symbols.filter(mine).sort("valid_from").rows()
    eve = market.sessions[market.sessions.index(day) - 1]
    if since >= eve or until < day:
        return market
    rows = [*earlier, (permaticker, old, since, eve), (permaticker, ticker, day, until)]
    symbols = pl.DataFrame(rows, schema=market.symbols.schema, orient="row")
    told = [
        _events(market, permaticker, day, action="tickerchangefrom", contraticker=old),
        _events(market, permaticker, day, action="tickerchangeto", contraticker=ticker),
    ]
    return replace(
        market,
        symbols=pl.concat([market.symbols.filter(~mine), symbols]).sort("permaticker", "valid_from"),
        events=pl.concat([market.events, *told]),
    )


def with_misprint(market: Market, permaticker: int, day: date, *, factor: float) -> Market:
    """Return the market in which the prices of one session are wrong for ever."""
    wrong = (pl.col("permaticker") == permaticker) & (pl.col("session") == day)
    prices = [pl.when(wrong).then(pl.col(name) * factor).otherwise(name).alias(name) for name in PRICES]
    return replace(market, bars=market.bars.with_columns(prices))


def _with_corrections(market: Market, chance: Chance, *, first: int, last: int) -> Market:
    """Add prices that are corrected days or weeks later, now and then a gross one, some across New Year."""
    days = market.sessions
    bars = market.bars.filter(pl.col("session").is_between(days[max(0, first - 30)], days[last]))
    rows = bars[np.sort(chance.choice(bars.height, 8, replace=False))]
    lags = chance.choice([1, 2, 5, 15, 30, 45], rows.height)
    factors = chance.choice([0.99, 1.004, 1.01, 0.995, 1.006, 3.0], rows.height)
    due = [days.index(day) + int(lag) for day, lag in zip(rows["session"], lags, strict=True)]
    added = rows.select("permaticker", "session").with_columns(
        factor=pl.Series(factors), corrected_on=pl.Series([days[min(number, len(days) - 1)] for number in due])
    )
    kept = market.corrections.join(added, on=["permaticker", "session"], how="anti")
    return replace(market, corrections=pl.concat([kept, added]).sort("permaticker", "session"))


def _with_late_news(market: Market, chance: Chance, *, first: int, last: int) -> Market:
    """Let the vendor tell of some payments and splits days or weeks after they took effect."""
    days = market.sessions
    dated = pl.col("session").is_between(days[max(0, first - 40)], days[last])
    ours = market.events.with_row_index("_at")
    possible = ours.filter(dated & pl.col("action").is_in(["dividend", "split"]))["_at"].to_numpy()
    chosen = chance.choice(possible, min(8, possible.size), replace=False)
    late = {int(at): int(lag) for at, lag in zip(chosen, chance.choice([1, 3, 10, 35, 60], chosen.size), strict=True)}
    known = [
        day if at not in late else days[min(days.index(day) + late[at], len(days) - 1)]
        for at, day in zip(ours["_at"], ours["known"], strict=True)
    ]
    return replace(market, events=market.events.with_columns(known=pl.Series(known, dtype=pl.Date)))


def _lasting(market: Market) -> list[int]:
    """Common stock that trades from the start to the end under one ticker."""
    named = market.symbols.group_by("permaticker").len().filter(pl.col("len") == 1)
    whole = market.securities.filter(
        pl.col("last_session").is_null()
        & (pl.col("first_session") == market.first_session)
        & (pl.col("category") == "Domestic Common Stock")
    )
    return whole.join(named, on="permaticker", how="semi")["permaticker"].sort().to_list()


def _ticker(market: Market, permaticker: int) -> str:
    first = market.symbols.filter(pl.col("permaticker") == permaticker).sort("valid_from").row(0, named=True)
    return str(first["ticker"])


def _events(market: Market, permaticker: int, day: date, **said: object) -> Frame:
    row = {**dict.fromkeys(market.events.columns), "permaticker": permaticker, "session": day, "known": day, **said}
    return pl.DataFrame([row], schema=market.events.schema)
