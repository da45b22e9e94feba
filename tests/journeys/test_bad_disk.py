"""A disk that is full or may not be written: one line, nothing torn, and the same command completes once that is mended.

The full disk is a real one: a small tmpfs, filled up before a command so that it runs out of room early or late.
The read-only one is a tmpfs remounted, since the superuser is not stopped by permission bits.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.journeys.kill_bench import bench
from tests.journeys.kill_server import copy_home

pytestmark = pytest.mark.slow
SIZE_MB = 96
MOUNT, UNMOUNT = shutil.which("mount"), shutil.which("umount")
STAGES_HURT = {"bulk": 0.0, "evening": 0.8, "train": 0.0, "simulate": 0.8}  # and the share of the room they need that there is


@dataclass
class Disk:
    """A file system of its own with a home on it."""

    mount: Path
    bench: object

    @property
    def home(self) -> Path:
        return self.mount / "home"

    def bring(self, snapshot):
        copy_home(snapshot, self.home)
        (self.mount / "configs").symlink_to(self.bench.folder / "configs")

    def fill(self, *, leave):
        """Take up all room but so many bytes."""
        room = os.statvfs(self.mount)
        with (self.mount / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(4096, room.f_bavail * room.f_frsize - leave))

    def make_room(self):
        (self.mount / "filler").unlink()

    def remount(self, mode):
        subprocess.run([MOUNT, "-o", f"remount,{mode}", str(self.mount)], check=True)

    def run(self, stage):
        return self.bench.one({"do": "run", "home": str(self.home), "stage": stage, "log": f"{self.mount}.log"})

    def problems(self, after):
        asked = {"do": "look", "home": str(self.home), "after": str(after), "report": f"{self.mount}.problems"}
        found = []
        self.bench.ask([asked], lambda _, answer: found.extend(answer["problems"]))
        return found

    def files(self):
        return {path: sha256(path.read_bytes()).hexdigest() for path in self.home.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with bench(tmp_path_factory) as found:
        yield found


@pytest.fixture
def disk(tmp_path, made):
    if MOUNT is None or UNMOUNT is None:
        pytest.skip("there is no mount command here")
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(mount)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    yield Disk(mount, made)
    subprocess.run([UNMOUNT, "-l", str(mount)], check=True)


def size(folder):
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def assert_one_line(answer, *says):
    told = [line for line in answer["said"].splitlines() if line.startswith("kairos: ")]
    assert answer["status"] == 1, answer["said"]
    assert "Traceback" not in answer["said"], answer["said"]
    assert len(told) == 1, answer["said"]
    for words in says:
        assert words in told[0]


@pytest.mark.parametrize(("stage", "share"), STAGES_HURT.items())
def test_a_full_disk_is_one_line_and_the_rest_follows_once_there_is_room(disk, made, stage, share):
    before, after = made.snapshots(stage)
    disk.bring(before)
    disk.fill(leave=int(share * (size(after) - size(before))))
    assert_one_line(disk.run(stage), "room")
    disk.make_room()
    again = disk.run(stage)
    assert again["status"] == 0, again["said"]
    assert disk.problems(after) == []


@pytest.mark.parametrize("stage", STAGES_HURT)
def test_a_disk_that_may_not_be_written_is_one_line_and_nothing_changes(disk, made, stage):
    before, after = made.snapshots(stage)
    disk.bring(before)
    there = disk.files()
    disk.remount("ro")
    assert_one_line(disk.run(stage), "cannot be written")
    assert disk.files() == there
    disk.remount("rw")
    assert disk.run(stage)["status"] == 0
    assert disk.problems(after) == []
