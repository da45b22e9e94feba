"""A home of its own for each journey, and the command line in this process."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest


@dataclass
class Home:
    """A KAIROS_HOME and the `kairos` command in it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command and return exit status, stdout and stderr."""
        import sys

        from kairos_dagster.cli import main

        before = sys.argv
        sys.argv = ["kairos", *arguments]
        self.capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        finally:
            sys.argv = before
        shown = self.capsys.readouterr()
        return status, shown.out, shown.err

    def warehouse_digest(self) -> str:
        """Digest of every file of the warehouse."""
        files = sorted(path for path in (self.folder / "warehouse").rglob("*") if path.is_file())
        return sha256("".join(f"{path}{path.stat().st_size}" for path in files).encode()).hexdigest()


@pytest.fixture
def home(tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith(("KAIROS_", "NASDAQ_", "UNIVERSE_", "STRAT_", "HOLDOUT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAIROS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path / "home", capsys)
