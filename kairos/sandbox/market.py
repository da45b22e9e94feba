"""A whole US market from a seed: securities, tickers, bars as traded, valuations, corporate actions and late corrections.

Nothing here says what a return was expected to be; that is `truth`.
"""

import json
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from kairos.errors import NotFoundError
from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, chance
from kairos.sandbox.bars import make_bars, make_tape
from kairos.sandbox.estimates import weekly_sessions
from kairos.sandbox.events import make_events
from kairos.sandbox.feeds import make_feeds
from kairos.sandbox.lives import ALIVE, Lives
from kairos.sandbox.names import make_bearings
from kairos.sandbox.records import Census, cash_events, last_sessions, life_events, securities_frame, symbols_frame
from kairos.sandbox.sizes import MarketSize, resolve_size
from kairos.sandbox.valuation import make_valuation, market_cap
from kairos.sandbox.world import Part, World, make_world, world_parts

MANIFEST = "market.json"
FORMAT = 2  # raised when the same seed gives other frames
CORRECTIONS = 5e-4  # share of rows first published slightly wrong
ERROR_RANGE = (0.002, 0.01)  # how far a wrong price is off
LONGEST_CORRECTION = 5  # sessions until it is corrected


@dataclass(frozen=True)
class Market:
    """An embedded market; frames are sorted by permaticker and session.

    Attributes:
        size: Names and days.
        seed: Seed it was made from.
        alpha: Whether expected returns carry the planted signal.
        securities: permaticker, name, traits, first_session, last_session (null while it trades), reason.
        symbols: permaticker, ticker, valid_from, valid_to.
        bars: Prices as traded; see `bars.make_bars`.
        daily: Valuation in USD millions; see `valuation.make_valuation`.
        events: Corporate actions; `known` is the session whose publication first shows them.
        corrections: permaticker, session, factor of the first, wrong close, corrected_on.
        filings: Every version of every report; see `filings.make_filings`.
        periods: Fiscal periods, future ones included; see `estimates.make_periods`.
        estimates: Weekly consensus; see `estimates.make_estimates`.
        ratings: Changes of the formula rating; see `scores.make_ratings`.
        news: Articles; see `headlines.make_news`.
        congress: Members' trades; see `disclosures.make_congress`.
        insiders: Insiders' trades; see `disclosures.make_insiders`.
    """

    size: MarketSize
    seed: int
    alpha: bool
    securities: Frame
    symbols: Frame
    bars: Frame
    daily: Frame
    events: Frame
    corrections: Frame
    filings: Frame
    periods: Frame
    estimates: Frame
    ratings: Frame
    news: Frame
    congress: Frame
    insiders: Frame

    @property
    def sessions(self) -> tuple[date, ...]:
        """NYSE sessions of the market, ascending."""
        return self.size.sessions

    @property
    def first_session(self) -> date:
        """First session."""
        return self.sessions[0]

    @property
    def last_session(self) -> date:
        """Last session."""
        return self.sessions[-1]

    def save(self, folder: Path) -> Path:
        """Write the frames as parquet and a manifest into `folder`, and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.frames().items():
            frame.write_parquet(folder / f"{name}.parquet")
        size = {"names": self.size.names, "first": self.size.first.isoformat(), "last": self.size.last.isoformat()}
        manifest = {"format": FORMAT, "size": size, "seed": self.seed, "alpha": self.alpha}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        return folder

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a market that `save` wrote.

        Raises:
            NotFoundError: There is none, or one of another format.
        """
        file = folder / MANIFEST
        manifest = json.loads(file.read_text()) if file.exists() else {}
        if manifest.get("format") != FORMAT:
            found = f"format {manifest['format']}" if manifest else "no market"
            raise NotFoundError(f"{folder}: {found}, expected a market of format {FORMAT}. Generate and save it again.")
        size = manifest["size"]
        names = [field.name for field in fields(cls) if field.type is Frame]
        return cls(
            size=MarketSize(size["names"], date.fromisoformat(size["first"]), date.fromisoformat(size["last"])),
            seed=manifest["seed"],
            alpha=manifest["alpha"],
            **{name: pl.read_parquet(folder / f"{name}.parquet") for name in names},
        )

    def frames(self) -> dict[str, Frame]:
        """Return the market's frames by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.type is Frame}


@dataclass(frozen=True)
class _Made:
    """What one chunk contributes."""

    lives: Lives
    bars: Frame
    daily: Frame
    events: Frame
    caps: Floats
    revisions: Floats


def generate(size: str | MarketSize, seed: int, *, alpha: bool = True, names: int | None = None) -> Market:
    """Make a market; the same arguments always give the same bytes.

    Args:
        size: tiny, demo or full, or a size of your own.
        seed: Seed of all chance.
        alpha: Whether to plant the signal; without it shocks and lives stay the same.
        names: Another count of securities.

    Raises:
        SettingsError: The size is unknown or too small.
    """
    world = make_world(resolve_size(size, names=names), seed)
    made = [_make(world, part, alpha=alpha) for part in world_parts(world)]
    census = _census(world, made)
    dead = np.array([reason != ALIVE for reason in census.reason])
    bearings = make_bearings(
        census.listed, census.last, dead, world.population.category, sessions=len(census.sessions), seed=seed
    )
    securities = securities_frame(census)
    actions = [one.events for one in made] + [life_events(census, bearings, securities["name"].to_list())]
    bars = pl.concat([one.bars for one in made]).sort("permaticker", "session")
    frames = {
        "securities": securities.sort("permaticker"),
        "symbols": symbols_frame(bearings, census),
        "bars": bars,
        "daily": pl.concat([one.daily for one in made]).sort("permaticker", "session"),
        "events": pl.concat(actions).sort("permaticker", "session", "action"),
        "corrections": _corrections(bars, census.sessions, seed),
    }
    return Market(size=world.size, seed=seed, alpha=alpha, **frames, **_feeds(world, made, frames))


def _feeds(world: World, made: list[_Made], frames: dict[str, Frame]) -> dict[str, Frame]:
    shares = world.population.cap / world.population.price
    revisions = np.hstack([one.revisions for one in made])
    return make_feeds(frames, world.permaticker, shares, revisions, sessions=world.size.sessions, seed=world.seed)


def _make(world: World, part: Part, *, alpha: bool) -> _Made:
    sessions, seed = world.size.sessions, world.seed
    returns = part.returns(world.scales if alpha else None)
    events = make_events(part.population, part.lives, returns, seed=seed, chunk=part.number)
    tape = make_tape(part.population, part.lives, returns, events, part.variance)
    bars = make_bars(part.population, tape, part.permaticker, sessions, seed=seed, chunk=part.number)
    daily = make_valuation(
        part.population,
        part.lives,
        tape,
        part.latent.value[-len(sessions) :],
        permaticker=part.permaticker,
        sessions=sessions,
        seed=seed,
        chunk=part.number,
    )
    cap = market_cap(part.population, tape)
    caps = np.stack([cap[day, np.arange(cap.shape[1])] for day in (part.lives.listed, last_sessions(part.lives))])
    revisions = part.latent.revisions[-len(sessions) :][weekly_sessions(sessions)]
    return _Made(part.lives, bars, daily, cash_events(tape, part.permaticker, sessions), caps, revisions)


def _census(world: World, made: list[_Made]) -> Census:
    lives = [one.lives for one in made]
    return Census(
        population=world.population,
        permaticker=world.permaticker,
        listed=np.concatenate([life.listed for life in lives]),
        last=np.concatenate([last_sessions(life) for life in lives]),
        reason=tuple(reason for life in lives for reason in life.reason),
        cap_first=np.concatenate([one.caps[0] for one in made]),
        cap_last=np.concatenate([one.caps[1] for one in made]),
        sessions=world.size.sessions,
        seed=world.seed,
    )


def _corrections(bars: Frame, sessions: tuple[date, ...], seed: int) -> Frame:
    rng = chance(seed, 14)
    count = max(2, round(CORRECTIONS * bars.height))
    rows = np.sort(rng.choice(bars.height, count, replace=False))
    factor = 1.0 + rng.choice([-1.0, 1.0], count) * rng.uniform(*ERROR_RANGE, count)
    lag = rng.integers(1, LONGEST_CORRECTION + 1, count)
    found = bars[rows].select("permaticker", "session").with_columns(factor=pl.Series(factor), lag=pl.Series(lag))
    numbered = pl.DataFrame({"session": sessions}).with_row_index("number")
    later = numbered.select(pl.col("number").alias("due"), pl.col("session").alias("corrected_on"))
    due = found.join(numbered, on="session", how="left").with_columns(due=(pl.col("number") + pl.col("lag")).cast(pl.UInt32))
    return due.join(later, on="due", how="inner").drop("lag", "number", "due").sort("permaticker", "session")
