"""Writes requirements.lock: pip constraints with the versions that are installed, and the one torch build that is used."""

import sys
from importlib.metadata import distributions
from pathlib import Path

TORCH = "torch==2.13.0"  # any other version pulls gigabytes of accelerator libraries
LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
NOT_LOCKED = {"kairos", "pip", "setuptools", "wheel"}


def main() -> int:
    """Write the file and return 0."""
    found = {dist.metadata["Name"].lower().replace("_", "-"): dist.version for dist in distributions()}
    lines = sorted(f"{name}=={version}" for name, version in found.items() if name not in NOT_LOCKED and name != "torch")
    LOCK.write_text("# pip constraints; `make lock` writes them\n" + "\n".join(sorted([*lines, TORCH])) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
