"""A place beside the target, to build in what is then moved into place whole. What a killed process leaves there goes."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kairos.warehouse.alive import SUFFIX, is_alive, sign_of_life

FOLDER = ".aside"


@contextmanager
def aside(root: Path) -> Iterator[Path]:
    """Yield an empty folder below `root`, gone after the block; those of processes that died are cleared away first."""
    place = root / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    clear_dead(root)
    with sign_of_life(place) as name:
        mine = (place / name).with_suffix("")
        mine.mkdir()
        try:
            yield mine
        finally:
            shutil.rmtree(mine, ignore_errors=True)  # empty by now, unless something failed


def clear_dead(root: Path) -> None:
    """Clear away what processes that died have left below `root`."""
    place = root / FOLDER
    for left in place.iterdir() if place.is_dir() else ():
        if not is_alive(left.with_suffix(SUFFIX)) and left.suffix != SUFFIX:
            shutil.rmtree(left, ignore_errors=True)  # another process may be clearing it as well


def write_whole(target: Path, content: bytes, *, root: Path) -> Path:
    """Write a file so that it is there as a whole or not at all, also after the machine has lost power.

    Args:
        target: The file.
        content: What it is to hold.
        root: A folder above it on the same disk, below which it is built.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with aside(root) as folder:
        built = folder / target.name
        with built.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        built.replace(target)
    _sync_folder(target.parent)
    return target


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
