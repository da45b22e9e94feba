"""The vendor's real drops read without the product: plain Python over tar and CSV, to compare with."""

import csv
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "daily_drops"
COLUMNS = ("open", "high", "low", "close", "volume", "adj_close")

Key = tuple[str, date]
Bar = dict[str, float]


def drops() -> list[Path]:
    """The archives in the order of their days; none where the data is absent."""
    return sorted(FOLDER.glob("*.tar.gz"))


def day_of(drop: Path) -> date:
    return date.fromisoformat(f"{drop.name[:4]}-{drop.name[4:6]}-{drop.name[6:8]}")


def out_at(drop: Path) -> datetime:
    """When a drop can have been known: noon UTC on the day after the one it is named for."""
    return datetime.combine(day_of(drop) + timedelta(days=1), time(12), tzinfo=UTC)


def rows_of(drop: Path) -> list[dict[str, str]]:
    with tarfile.open(drop) as archive:
        member = archive.extractfile("prices.csv")
        assert member is not None
        return list(csv.DictReader(io.StringIO(member.read().decode())))


@dataclass
class Told:
    """What all drops together say.

    Attributes:
        seen: For every symbol and date, the bars delivered one after the other with the day of their drop.
        lines: How many lines there are.
        twice: How many repeat a symbol and date of the same archive.
    """

    seen: dict[Key, list[tuple[Path, Bar]]] = field(default_factory=dict)
    lines: int = 0
    twice: int = 0

    def add(self, drop: Path) -> None:
        inside = set()
        for row in rows_of(drop):
            key = (row["symbol"], date.fromisoformat(row["date"]))
            self.lines += 1
            self.twice += key in inside
            if key not in inside:
                self.seen.setdefault(key, []).append((drop, {name: float(row[name]) for name in COLUMNS}))
            inside.add(key)

    def changes(self, column: str) -> Mapping[Key, tuple[float, float, Path]]:
        """For every key whose value was delivered again with another content: old, new and the drop that brought it."""
        return {key: (old[column], new[column], drop) for key, old, new, drop in self._pairs() if old[column] != new[column]}

    def _pairs(self) -> Iterator[tuple[Key, Bar, Bar, Path]]:
        for key, bars in self.seen.items():
            for (_, old), (drop, new) in pairwise(bars):
                yield key, old, new, drop


def told(archives: Sequence[Path]) -> Told:
    found = Told()
    for drop in archives:
        found.add(drop)
    return found
