"""Delta tables kept open for reading: opened again only when their log has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltalake import DeltaTable

Open = Callable[[int | None], "DeltaTable | None"]


class Snapshots:
    """Versions of tables, each opened once for as long as it stands."""

    def __init__(self) -> None:
        self._opened: dict[tuple[Path, int | None], tuple[_Log, DeltaTable]] = {}  # None is the newest version

    def of(self, folder: Path, version: int | None, fresh: Open) -> "DeltaTable | None":
        """Return a version of the table in `folder`, by `fresh` where it has not been opened or stands no longer.

        Args:
            folder: Where the table is.
            version: Which version; None is the newest.
            fresh: Opens it; returns None when the table has never been written.
        """
        log, opened = self._opened.get((folder, version), (None, None))
        if log is not None and log.stands(newest=version is None):
            return opened
        found = fresh(version) if (folder / "_delta_log").exists() else None  # much sooner known than by opening it
        if found is not None:
            self._opened[folder, version] = _Log.of(folder, found.version()), found
        return found


@dataclass(frozen=True)
class _Log:
    """What the log of a table looked like when a version of it was opened.

    Attributes:
        commit: File of that version's commit.
        identity: Inode and time of change of that file; a table put in its place has others.
        following: File that the next commit will make.
    """

    commit: Path
    identity: tuple[int, int] | None
    following: Path

    @classmethod
    def of(cls, folder: Path, version: int) -> "_Log":
        commit, following = (folder / "_delta_log" / f"{number:020d}.json" for number in (version, version + 1))
        return cls(commit, _identity(commit), following)

    def stands(self, *, newest: bool) -> bool:
        """Tell whether that version is still what it was and, where asked, the newest."""
        unchanged = self.identity is not None and self.identity == _identity(self.commit)
        return unchanged and not (newest and self.following.exists())


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
