"""Who lives: a process holds a lock named in what it does, and a lock that can be taken has no process any more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

SUFFIX = ".lock"


@contextmanager
def sign_of_life(folder: Path) -> Iterator[str]:
    """Hold a lock in `folder` for as long as this process lives, at most for the block; yield its name.

    Locks of dead processes are removed on the way, so that they do not pile up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"*{SUFFIX}"):
        is_alive(left)
    file = folder / f"{os.getpid()}-{uuid4().hex[:8]}{SUFFIX}"
    try:
        with FileLock(file):
            yield file.name
    finally:
        file.unlink(missing_ok=True)


def is_alive(file: Path) -> bool:
    """Tell whether a process holds the lock; one that nobody holds is removed."""
    if not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            file.unlink(missing_ok=True)
    except Timeout:
        return True
    return False
