"""Evenings that a vendor's budget ended: what had been asked by then, so that they go on from there.

An answer that an earlier evening had as well is one payload and stands under that one; what has been asked is therefore noted
by itself, after its answers are recorded.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = "feeds"
SUFFIX = ".asked"


@dataclass(frozen=True)
class Evening:
    """What has been asked of a session's evening.

    Attributes:
        home: KAIROS_HOME.
        session: The session.
    """

    home: Path
    session: date

    @property
    def file(self) -> Path:
        """Where it is noted, one question a line."""
        return self.home / FOLDER / f"{self.session}{SUFFIX}"

    def asked(self) -> frozenset[str]:
        """Return what need not be asked again."""
        return frozenset(self.file.read_text().splitlines()) if self.file.exists() else frozenset()

    def note(self, questions: list[str]) -> None:
        """Note that the answers of these are recorded."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        aside = self.file.with_suffix(".new")
        aside.write_text("".join(f"{question}\n" for question in sorted({*self.asked(), *questions})))
        aside.replace(self.file)

    def done(self) -> None:
        """Forget it: all of the evening is recorded."""
        self.file.unlink(missing_ok=True)


def unfinished(home: Path) -> list[date]:
    """Return the sessions whose evenings have ended before all was asked, ascending."""
    return sorted(date.fromisoformat(file.stem) for file in (home / FOLDER).glob(f"*{SUFFIX}"))
