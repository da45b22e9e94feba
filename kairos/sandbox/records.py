"""The market's registers: securities, tickers and corporate actions, as frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import AnyArray, Floats, Ints, chance
from kairos.sandbox.bars import Tape
from kairos.sandbox.lives import ALIVE, FAILURE, MERGER, Lives
from kairos.sandbox.names import Bearing, company_names
from kairos.sandbox.population import Population

SECTORS = {
    "Technology": ("Semiconductors", "Software - Application"),
    "Financial Services": ("Banks - Regional", "Insurance - Property & Casualty"),
    "Healthcare": ("Biotechnology", "Medical Devices"),
    "Industrials": ("Specialty Industrial Machinery", "Railroads"),
    "Consumer Cyclical": ("Apparel Retail", "Restaurants"),
    "Energy": ("Oil & Gas E&P", "Oil & Gas Equipment & Services"),
    "Consumer Defensive": ("Packaged Foods", "Household & Personal Products"),
    "Basic Materials": ("Specialty Chemicals", "Steel"),
    "Utilities": ("Utilities - Regulated Electric", "Utilities - Regulated Gas"),
    "Real Estate": ("REIT - Office", "REIT - Retail"),
}
STATES = ("California", "New York", "Texas", "Massachusetts", "Illinois", "Washington")
EVENT_SCHEMA: dict[str, pl.DataType] = {
    "permaticker": pl.Int64(),
    "session": pl.Date(),
    "known": pl.Date(),
    "action": pl.String(),
    "value": pl.Float64(),
    "contraticker": pl.String(),
    "contraname": pl.String(),
    "cum_split": pl.Float64(),
}
PRIVATE_ACQUIRERS = 0.3


@dataclass(frozen=True)
class Census:
    """All names of a market with their lives and capitalisations at the ends, USD; sessions are numbered."""

    population: Population
    permaticker: Ints
    listed: Ints
    last: Ints
    reason: tuple[str, ...]
    cap_first: Floats
    cap_last: Floats
    sessions: tuple[date, ...]
    seed: int


def last_sessions(lives: Lives) -> Ints:
    """Return each name's last session with a price, or the market's last."""
    return np.where(lives.ended >= 0, lives.ended, lives.sessions - 1)


def securities_frame(census: Census) -> Frame:
    """Return one row per security: ids, traits and life; last_session is null while it trades."""
    rng = chance(census.seed, 12)
    n = len(census.population)
    sectors = [list(SECTORS)[number] for number in census.population.sector]
    days = census.sessions
    ends = [None if reason == ALIVE else days[last] for reason, last in zip(census.reason, census.last, strict=True)]
    return pl.DataFrame(
        {
            "permaticker": census.permaticker,
            "name": company_names(n, seed=census.seed),
            "exchange": census.population.exchange.tolist(),
            "category": census.population.category.tolist(),
            "cusip": [f"{number:08d}9" for number in rng.choice(99_999_999, n, replace=False)],
            "siccode": rng.integers(100, 8999, n),
            "sector": sectors,
            "industry": [SECTORS[sector][int(rng.integers(2))] for sector in sectors],
            "location": [f"{STATES[int(rng.integers(len(STATES)))]}; U.S.A" for _ in range(n)],
            "cap_first": census.cap_first,
            "first_session": [days[day] for day in census.listed],
            "last_session": ends,
            "reason": [reason or None for reason in census.reason],
        },
        schema_overrides={"last_session": pl.Date(), "reason": pl.String(), "siccode": pl.Int64},
    )


def symbols_frame(bearings: Sequence[Bearing], census: Census) -> Frame:
    """Return which security bears which ticker from when to when; sessions, both included."""
    days = census.sessions
    return pl.DataFrame(
        {
            "permaticker": [int(census.permaticker[bearing.name]) for bearing in bearings],
            "ticker": [bearing.ticker for bearing in bearings],
            "valid_from": [days[bearing.start] for bearing in bearings],
            "valid_to": [days[bearing.end] for bearing in bearings],
        }
    ).sort("permaticker", "valid_from")


def cash_events(tape: Tape, permaticker: Ints, sessions: Sequence[date]) -> Frame:
    """Return the dividends (USD per share as paid) and splits (new shares per old) of a chunk."""
    ratio = tape.cum_split / np.vstack([np.ones_like(tape.cum_split[:1]), tape.cum_split[:-1]])
    days = np.array(sessions, dtype="datetime64[D]")
    parts = []
    for action, chosen, values in (
        ("dividend", tape.rows & (tape.dividend > 0), tape.dividend),
        ("split", tape.rows & (np.round(ratio, 6) != 1.0), np.round(ratio, 6)),
    ):
        when, who = np.nonzero(chosen)
        columns: dict[str, AnyArray] = {"permaticker": permaticker[who], "session": days[when], "known": days[when]}
        frame = pl.DataFrame({**columns, "value": values[chosen], "cum_split": tape.cum_split[chosen]})
        parts.append(_as_events(frame.with_columns(action=pl.lit(action))))
    return pl.concat(parts)


def life_events(census: Census, bearings: Sequence[Bearing], names: Sequence[str]) -> Frame:
    """Return listings, delistings with their reasons, takeovers and ticker changes."""
    rng = chance(census.seed, 13)
    final = {bearing.name: bearing.ticker for bearing in bearings}
    rows: list[dict[str, object]] = []
    for name in range(len(census.permaticker)):
        rows.append(_listing(census, name))
        if census.reason[name] != ALIVE:
            rows += _ending(rng, census, name, final, names)
    by_name: dict[int, Bearing] = {}
    for bearing in bearings:
        before = by_name.get(bearing.name)
        if before is not None:
            rows += _rename(census, before, bearing)
        by_name[bearing.name] = bearing
    return _as_events(pl.DataFrame(rows, schema=EVENT_SCHEMA))


def _as_events(frame: Frame) -> Frame:
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in EVENT_SCHEMA.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in EVENT_SCHEMA.items())


def _row(census: Census, name: int, action: str, day: int, **more: object) -> dict[str, object]:
    session = census.sessions[day]
    base = dict.fromkeys(EVENT_SCHEMA)
    return {
        **base,
        "permaticker": int(census.permaticker[name]),
        "session": session,
        "known": session,
        "action": action,
        **more,
    }


def _listing(census: Census, name: int) -> dict[str, object]:
    day = int(census.listed[name])
    if day == 0:
        return _row(census, name, "initiated", 0)
    return _row(census, name, "listed", day, value=round(float(census.cap_first[name]) / 1e6, 1))


def _ending(
    rng: np.random.Generator, census: Census, name: int, final: dict[int, str], names: Sequence[str]
) -> list[dict[str, object]]:
    """Return the delisting, dated at the last price and visible from the next session, with its reason."""
    day = int(census.last[name])
    known = census.sessions[min(day + 1, len(census.sessions) - 1)]
    value = round(float(census.cap_last[name]) / 1e6, 1)
    rows = [_row(census, name, "delisted", day, known=known, value=value)]
    reason = census.reason[name]
    if reason != MERGER:
        failed = "bankruptcyliquidation" if rng.random() < 0.7 else "regulatorydelisting"  # noqa: PLR2004
        return [*rows, _row(census, name, failed if reason == FAILURE else "voluntarydelisting", day, known=known)]
    acquirer = int(rng.choice(np.flatnonzero(census.population.leader)))
    if rng.random() < PRIVATE_ACQUIRERS:
        return [*rows, _row(census, name, "acquisitionby", day, known=known, value=value, contraticker="N/A", contraname="N/A")]
    buyer = {"contraticker": final[acquirer], "contraname": names[acquirer]}
    target = {"contraticker": final[name], "contraname": names[name]}
    return [
        *rows,
        _row(census, name, "acquisitionby", day, known=known, value=value, **buyer),
        _row(census, acquirer, "acquisitionof", day, known=known, value=value, **target),
    ]


def _rename(census: Census, before: Bearing, after: Bearing) -> list[dict[str, object]]:
    return [
        _row(census, after.name, "tickerchangefrom", after.start, contraticker=before.ticker),
        _row(census, after.name, "tickerchangeto", after.start, contraticker=after.ticker),
    ]
