"""What a process has to say reaches whoever called it, also after a step's output was turned to a disk that is full."""

import os

import pytest

from kairos_dagster.faults import streams_kept


def turned_to_a_full_disk():
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    os.dup2(full, 2)
    os.write(2, b"lost")


def test_streams_come_back(capfd):
    with pytest.raises(OSError, match="No space left"), streams_kept():
        turned_to_a_full_disk()
    os.write(1, b"result")
    os.write(2, b"reason")
    assert capfd.readouterr() == ("result", "reason")
