"""Where the published DuckDB file lies. Each publication has a folder of its own, and the file people open is a link to it.

DuckDB keeps its log beside the real file. If publications shared one name, the log of a shell that somebody has open would
be replayed into every later one: it could hide fresh views behind the shell's own, or keep the file from being opened.
"""

import shutil
from pathlib import Path

KEPT = 3  # newest publications; whoever has just followed the link still finds the file


def swap_in(aside: Path, file: Path) -> None:
    """Make `file` lead to the database `aside`, in one step; the caller holds the publication's lock.

    Publications that no process has open are deleted, but for the newest.
    """
    root = file.with_name(f".{file.name}.d")
    root.mkdir(exist_ok=True)
    folders = sorted((folder for folder in root.iterdir() if folder.name.isdigit()), key=lambda folder: int(folder.name))
    fresh = root / str(int(folders[-1].name) + 1 if folders else 1)
    fresh.mkdir()
    aside.replace(fresh / file.name)
    link = root / "link"
    link.unlink(missing_ok=True)  # of a publication that was killed here
    link.symlink_to(Path(root.name, fresh.name, file.name))
    link.replace(file)
    for folder in folders[: -(KEPT - 1)]:
        if not _is_open(folder / file.name):
            shutil.rmtree(folder)


def _is_open(database: Path) -> bool:
    """Tell whether a DuckDB in another process has the file open, by the lock that it then holds."""
    import fcntl

    if not database.exists():
        return False
    with database.open("r+b") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
