"""A made-up market to try a feature set on at once: lives, prices as a vendor rewrites them, facts with restatements.

The columns are those of the warehouse's tables as far as a feature may want them; returns are chance without signal.
"""

import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.calendar import sessions_between
from kairos.features.core import KEY
from kairos.features.leaks.contact import returns_ahead
from kairos.frames import UTC_TIME, Frame

FIRST_ID = 1000
SECTORS = ("Energy", "Healthcare", "Industrials", "Technology")
FACTS = ("revenue", "net_income", "total_assets")
Floats = NDArray[np.float64]
Chance = np.random.Generator


def made_up_tables(seed: int, *, names: int = 24, first: date, last: date) -> dict[str, Frame]:
    """Return tables of a market of chance by table name; the same arguments always give the same bits.

    Of the names one in six dies and one in six is listed in the last year; one in three splits, all pay, all file.

    Args:
        seed: Seed of all chance.
        names: Securities ever listed.
        first: First day.
        last: Last day.
    """
    chance = np.random.default_rng(seed)
    days = sessions_between(first, last)
    spans = _spans(chance, names, len(days))
    market = chance.normal(0, 0.008, len(days))
    bars = pl.concat([_bars(chance, FIRST_ID + at, days[one:two], market[one:two]) for at, (one, two) in enumerate(spans)])
    lives = _lives(chance, bars, days[-1])
    returns = _returns(bars, lives)
    return {
        "daily_returns": returns,
        "sep_base": _prices(chance, bars),
        "tickers": _tickers(lives),
        "midcap_universe": _members(lives, days[0]),
        "daily_metrics": _metrics(bars),
        "fmp_income_statement": made_up_filings(lives["permaticker"], first=first, last=last, chance=chance),
        "targets": targets(returns),
    }


def filled(frame: Frame, dtypes: Mapping[str, pl.DataType]) -> Frame:
    """Return the declared columns of a table, those that the made-up market has not filled with chance.

    Args:
        frame: One of the made-up tables.
        dtypes: Columns of the warehouse's table of that name.
    """
    key = [name for name in (*KEY, "period_end", "period", "known_at") if name in frame.columns]
    chance = pl.struct(key).hash(5).cast(pl.Float64) / 2.0**64
    made = [_filled(name, dtype, chance).alias(name) for name, dtype in dtypes.items() if name not in frame.columns]
    return frame.with_columns(made).select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())


def _filled(name: str, dtype: pl.DataType, chance: pl.Expr) -> pl.Expr:
    if dtype.is_float():
        return 1e6 * (1 + (7919 * zlib.crc32(name.encode()) * chance) % 1)
    plain = {pl.Boolean: False, pl.String: "made up"}
    return pl.lit(plain.get(dtype.base_type(), 1 if dtype.is_integer() else None), dtype)


def _spans(chance: Chance, names: int, days: int) -> list[tuple[int, int]]:
    late, year = max(1, names // 6), min(250, days // 2)
    spans = [(0, days)] * names
    for name in range(late):
        spans[name] = (0, days - int(chance.integers(5, year)))
        spans[late + name] = (days - int(chance.integers(60, year)), days)
    return spans


def _bars(chance: Chance, name: int, days: tuple[date, ...], market: Floats) -> Frame:
    intraday = np.expm1(chance.normal(0, 0.015, len(days)) + market)
    overnight = np.expm1(chance.normal(0, 0.008, len(days)))
    back = 1 / (1 + intraday) - 1
    return pl.DataFrame(
        {
            "permaticker": name,
            "session": days,
            "ret_cc": (1 + intraday) * (1 + overnight) - 1,
            "ret_co": overnight,
            "ret_oc": intraday,
            "high_to_close": np.maximum(0, back) + chance.exponential(0.005, len(days)),
            "low_to_close": np.minimum(0, back) - chance.exponential(0.005, len(days)),
            "dollar_volume": np.exp(chance.normal(chance.normal(16, 1), 0.6, len(days))),
        },
        schema_overrides={"permaticker": pl.Int64},
    ).with_columns(closeunadj=float(np.exp(chance.normal(3.5, 0.7))) * (1 + pl.col("ret_cc")).cum_prod())


def _lives(chance: Chance, bars: Frame, end: date) -> Frame:
    lives = bars.group_by("permaticker").agg(pl.col("session").min().alias("began"), pl.col("session").max().alias("ended"))
    lives = lives.sort("permaticker")
    sectors = [SECTORS[at] for at in chance.integers(0, len(SECTORS), lives.height)]
    reasons = chance.choice(["merger", "performance"], lives.height)
    dead = pl.col("ended") < end
    return lives.with_columns(sector=pl.Series(sectors), dead=dead, reason=pl.when(dead).then(pl.Series(reasons)))


def _returns(bars: Frame, lives: Frame) -> Frame:
    first = pl.col("session") == pl.col("session").min().over("permaticker")
    rows = bars.with_columns(
        pl.when(~first).then("ret_cc").alias("ret_cc"), ret_source=pl.lit("actions"), is_delisting=pl.lit(value=False)
    )
    fallen = lives.filter(pl.col("reason") == "performance").select("permaticker", pl.col("ended").dt.offset_by("1d"))
    deaths = fallen.rename({"ended": "session"}).with_columns(
        ret_cc=pl.lit(-0.3), ret_source=pl.lit("delisting"), is_delisting=pl.lit(value=True)
    )
    return pl.concat([rows, deaths], how="diagonal").select(rows.columns).sort(KEY)


def _prices(chance: Chance, bars: Frame) -> Frame:
    """Prices as they stand at the end: rewritten by splits and dividends of a name's last year."""
    names = bars["permaticker"].unique().sort()
    split = pl.DataFrame(
        {
            "permaticker": names,
            "ratio": chance.choice([1.0, 1.0, 2.0], names.len()),
            "back": chance.integers(20, 200, names.len()),
        }
    )
    left = (pl.len() - pl.int_range(pl.len()) - 1).over("permaticker")
    rows = bars.join(split, on="permaticker", how="left", maintain_order="left").with_columns(left=left)
    factor = pl.when(pl.col("left") >= pl.col("back")).then(1 / pl.col("ratio")).otherwise(1.0)
    paid = 0.994 ** (pl.col("left") // 63)
    close = pl.col("closeunadj") * factor
    return rows.select(
        *KEY,
        open=close / (1 + pl.col("ret_oc")),
        high=close * (1 + pl.col("high_to_close")),
        low=close * (1 + pl.col("low_to_close")),
        close=close,
        volume=pl.col("dollar_volume") / close,
        closeadj=close * paid,
        closeunadj="closeunadj",
        known_at=_evening("session"),
    )


def _tickers(lives: Frame) -> Frame:
    return lives.select(
        "permaticker",
        ticker=pl.format("N{}", "permaticker"),
        valid_from="began",
        valid_to=pl.when("dead").then("ended"),
        category=pl.lit("Domestic Common Stock"),
        sector="sector",
        firstpricedate="began",
        lastpricedate="ended",
        isdelisted="dead",
        delisting_reason="reason",
    )


def _members(lives: Frame, first: date) -> Frame:
    return lives.filter(pl.col("began") == first).select(
        pl.lit(first.year, pl.Int32).alias("universe_year"),
        "permaticker",
        ticker=pl.format("N{}", "permaticker"),
        sector="sector",
        entry="began",
        exit=pl.when("dead").then("ended"),
        reason=pl.col("reason").fill_null("trading"),
    )


def _metrics(bars: Frame) -> Frame:
    next_noon = _evening("session").dt.offset_by("14h")
    return bars.select(*KEY, marketcap=pl.col("closeunadj") * 1e7, known_at=next_noon)


def made_up_filings(names: Iterable[int], *, first: date, last: date, chance: Chance) -> Frame:
    """Return two versions of every quarter: one 25 to 60 days after its end, a restatement 60 to 200 days after that.

    Args:
        names: Securities.
        first: First day; the quarters of a year before are there as well.
        last: Last day.
        chance: Source of all chance.
    """
    months = pl.date_range(first - timedelta(days=500), last, "1mo", eager=True).dt.month_end().unique().sort()
    ends = months.filter(months.dt.month() % 3 == 0).to_list()
    rows: list[tuple[object, ...]] = []
    for name in names:
        size = float(np.exp(chance.normal(18, 1)))
        for end in ends:
            known = datetime.combine(end, time(21, 30), tzinfo=UTC) + timedelta(days=int(chance.integers(25, 60)))
            facts = size * np.array([1.0, 0.1, 4.0]) * np.exp(chance.normal(0, 0.1, 3))
            again = known + timedelta(days=int(chance.integers(60, 200)))
            rows.append((name, end, f"Q{end.month // 3}", known, *facts))
            rows.append((name, end, f"Q{end.month // 3}", again, *(facts * np.exp(chance.normal(0, 0.05, 3)))))
    key = ["permaticker", "period_end", "period", "known_at"]
    made = pl.DataFrame(rows, schema=[*key, *FACTS], orient="row")
    return made.with_columns(pl.col("permaticker").cast(pl.Int64), pl.col("known_at").cast(UTC_TIME))


def targets(returns: Frame) -> Frame:
    """Return permaticker, session and the forward returns over 1, 5 and 21 rows."""
    ahead = returns_ahead(returns)
    labels = {f"ahead_{h}": f"ret_{h}d_f" for h in (1, 5, 21)}
    return ahead.select(*KEY, *labels).rename(labels)


def _evening(session: str) -> pl.Expr:
    return (pl.col(session).cast(pl.Datetime("us")) + pl.duration(hours=22)).dt.replace_time_zone("UTC")
