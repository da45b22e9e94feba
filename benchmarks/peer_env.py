"""Environments of the peers that benchmarks compare with: each its own, so that no peer's library becomes ours."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parent / ".venv-peers"


def peer_python(name: str) -> Path:
    """Return the interpreter of the peer's environment; build it from `benchmarks/peers/<name>.txt` where it is missing or old.

    Raises:
        CalledProcessError: pip could not install what the file names; its own output says why.
    """
    wanted = HERE / "peers" / f"{name}.txt"
    folder = ENVIRONMENTS / name
    python, stamp = folder / "bin" / "python", folder / ".installed"
    digest = sha256(wanted.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        print(f"building the environment of {name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)  # noqa: S603
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(wanted)], check=True)  # noqa: S603
        stamp.write_text(digest)
    return python
