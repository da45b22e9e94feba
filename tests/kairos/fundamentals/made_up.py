"""Made-up filings in random order: late ones, restatements, years beside quarters, several at one instant."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from kairos.frames import UTC_TIME

ENDS = [date(year, month, day) for year in range(2015, 2019) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]
START = datetime(2015, 4, 1, tzinfo=UTC)


def made_versions(seed: int, *, names: int = 4, restated: int = 20) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    rows = []
    for name in range(names):
        for end in ENDS:
            if chance.random() < 0.1:
                continue  # a quarter nobody filed
            lag = timedelta(hours=int(chance.integers(20 * 24, 120 * 24)))
            rows.append((name, end, f"Q{(end.month - 1) // 3 + 1}", datetime(end.year, end.month, end.day, tzinfo=UTC) + lag))
            if end.month == 12:
                rows.append((name, end, "FY", rows[-1][3]))
        for _ in range(restated):
            _, end, period, known = rows[int(chance.integers(0, len(rows)))]
            rows.append((name, end, period, known + timedelta(hours=int(chance.integers(1, 800 * 24)))))
    frame = pl.DataFrame(
        rows,
        schema={"permaticker": pl.Int64, "period_end": pl.Date, "period": pl.String, "known_at": UTC_TIME},
        orient="row",
    ).unique(["permaticker", "period_end", "period", "known_at"], maintain_order=True)
    values = chance.normal(100, 30, frame.height)
    assets = pl.Series(np.where(chance.random(frame.height) < 0.05, np.nan, values * 10)).fill_nan(None)
    return frame.with_columns(pl.Series("revenue", values), assets.alias("assets")).sample(fraction=1, shuffle=True, seed=seed)


class Loop:
    """The obvious slow twin of the as-of functions: looks at every version, one security and instant at a time."""

    def __init__(self, versions: pl.DataFrame) -> None:
        self.rows: dict[int, list[dict]] = {}
        for row in versions.iter_rows(named=True):
            self.rows.setdefault(row["permaticker"], []).append(row)

    def newest(self, name: int, instant: datetime) -> dict | None:
        seen = [row for row in self.rows.get(name, []) if row["known_at"] <= instant]
        if not seen:
            return None
        end = max(row["period_end"] for row in seen)
        return max((row for row in seen if row["period_end"] == end), key=lambda row: (row["known_at"], row["period"] != "FY"))

    def at(self, name: int, instant: datetime, end: date, *, annual: bool) -> dict | None:
        seen = [
            row
            for row in self.rows.get(name, [])
            if row["known_at"] <= instant and row["period_end"] == end and (row["period"] == "FY") == annual
        ]
        return max(seen, key=lambda row: row["known_at"], default=None)

    def trailing(self, name: int, instant: datetime, fact: str) -> float | None:
        newest = self.newest(name, instant)
        if newest is None:
            return None
        place = ENDS.index(newest["period_end"])
        quarters = [self.at(name, instant, ENDS[at], annual=False) if at >= 0 else None for at in range(place, place - 4, -1)]
        if all(quarter and quarter[fact] is not None for quarter in quarters):
            return sum(quarter[fact] for quarter in quarters)
        year = self.at(name, instant, newest["period_end"], annual=True)
        return year[fact] if year else None

    def a_year_before(self, name: int, instant: datetime, fact: str) -> float | None:
        newest = self.newest(name, instant)
        place = ENDS.index(newest["period_end"]) - 4 if newest else -1
        if place < 0:
            return None
        row = self.at(name, instant, ENDS[place], annual=False) or self.at(name, instant, ENDS[place], annual=True)
        return row[fact] if row else None
