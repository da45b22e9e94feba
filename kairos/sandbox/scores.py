"""The vendor's formula ratings: five scores from the newest filing and price, and an occasional change of its own."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import chance

CHANGES_PER_YEAR = 2.0  # changes of a rating between two filings
WOBBLE = 0.15  # sd of the log of a ratio as the vendor's formula sees it
SCORES = ("dcf_score", "roe_score", "roa_score", "de_score", "pe_score", "pb_score")
_RISING = {"roe": (0.0, 0.06, 0.12, 0.2), "roa": (0.0, 0.02, 0.05, 0.1)}
_FALLING = {"de": (0.3, 0.7, 1.3, 2.5), "pe": (12.0, 17.0, 24.0, 40.0), "pb": (1.5, 2.4, 3.6, 6.0)}
SIGNED = 0.2  # a mean this far from its whole number has a sign behind the letter
_NO_EARNINGS = 1e9  # price over earnings of a name without any
_LETTERS = {5: "S", 4: "A", 3: "B", 2: "C", 1: "D"}


def make_ratings(filings: Frame, lives: Frame, sessions: Sequence[date], seed: int) -> Frame:
    """Return each change of a rating: permaticker, session, rating, rating_score and SCORES, 1 to 5.

    Args:
        filings: Every version of every report.
        lives: See `filings.make_filings`.
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    rng = chance(seed, 25)
    reports = filings.filter(pl.col("period") != "FY").select(
        "permaticker", session=pl.col("served_at").dt.convert_time_zone("America/New_York").dt.date(), **_ratios()
    )
    reports = reports.sort("session", "permaticker").unique(["permaticker", "session"], keep="last", maintain_order=True)
    own = _own_changes(rng, reports, lives, sessions)
    rows = pl.concat([reports, own]).unique(["permaticker", "session"], keep="first").sort("permaticker", "session")
    wobble = np.exp(WOBBLE * rng.standard_normal((6, rows.height)))
    scored = rows.select(
        "permaticker",
        "session",
        _score(pl.col("pe") * pl.Series(wobble[0] ** 2), _FALLING["pe"], falls=True).alias("dcf_score"),
        *(
            _score(pl.col(name) * pl.Series(wobble[i]), _RISING[name], falls=False).alias(f"{name}_score")
            for i, name in enumerate(_RISING, start=1)
        ),
        *(
            _score(pl.col(name) * pl.Series(wobble[i]), _FALLING[name], falls=True).alias(f"{name}_score")
            for i, name in enumerate(_FALLING, start=3)
        ),
    )
    mean = pl.mean_horizontal(*SCORES)
    overall = mean.round().clip(1, 5).cast(pl.Int64)
    sign = (
        pl.when(mean - overall > SIGNED)
        .then(pl.lit("+"))
        .when(mean - overall < -SIGNED)
        .then(pl.lit("-"))
        .otherwise(pl.lit(""))
    )
    letter = overall.replace_strict(_LETTERS, return_dtype=pl.String)
    return scored.with_columns(rating=letter + sign, rating_score=overall).select(
        "permaticker", "session", "rating", "rating_score", *SCORES
    )


def _ratios() -> dict[str, pl.Expr]:
    earnings, equity = 4.0 * pl.col("net_income"), pl.col("total_stockholders_equity")
    return {
        "roe": earnings / equity,
        "roa": earnings / pl.col("total_assets"),
        "de": (pl.col("short_term_debt") + pl.col("long_term_debt")) / equity,
        "pe": pl.when(earnings > 0).then(pl.col("cap_filed") / earnings).otherwise(_NO_EARNINGS),
        "pb": pl.col("cap_filed") / equity,
    }


def _own_changes(rng: np.random.Generator, reports: Frame, lives: Frame, sessions: Sequence[date]) -> Frame:
    names = reports["permaticker"].unique().sort().to_numpy()
    count = round(CHANGES_PER_YEAR * len(names) * len(sessions) / 252)
    drawn = pl.DataFrame(
        {
            "permaticker": rng.choice(names, count),
            "session": np.array(sessions, dtype="datetime64[D]")[rng.integers(0, len(sessions), count)],
        }
    ).unique(maintain_order=True)
    living = drawn.join(lives, on="permaticker").filter(pl.col("session").is_between("first_session", "last_session"))
    found = (
        living.select("permaticker", "session")
        .sort("session")
        .join_asof(reports, on="session", by="permaticker", check_sortedness=False)
    )
    return found.drop_nulls("pb").select(reports.columns)


def _score(ratio: pl.Expr, bounds: tuple[float, ...], *, falls: bool) -> pl.Expr:
    passed: pl.Expr = pl.sum_horizontal((ratio > bound).cast(pl.Int64) for bound in bounds)
    return 5 - passed if falls else 1 + passed
