"""The Dagster UI with its daemon, on this home's instance."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from kairos.errors import SettingsError
from kairos.settings import load_settings

CHECKOUT = Path(__file__).resolve().parent.parent


def serve_ui(*, host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        SettingsError: The installation lacks the `dagster` command.
    """
    from kairos_dagster.runs import instance_folder

    settings = load_settings()
    folder = instance_folder(settings)
    command = shutil.which("dagster", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if command is None:
        raise SettingsError("the `dagster` command is not installed; run `make setup`.")
    _close_orphans(folder)
    environment = {**os.environ, "DAGSTER_HOME": str(folder), "KAIROS_HOME": str(settings.home)}
    arguments = [command, "dev", "-w", str(CHECKOUT / "workspace.yaml"), "-h", host, "-p", str(port)]
    sys.stderr.write(f"Dagster UI: http://{host}:{port} (history in {folder})\n")
    with subprocess.Popen(  # noqa: S603 - our own command with checked arguments
        arguments,
        env=environment,
        cwd=CHECKOUT,
        preexec_fn=_default_interrupts,  # noqa: PLW1509 - one line, no threads yet
    ) as process:
        for caught in (signal.SIGTERM, signal.SIGINT):
            signal.signal(caught, lambda number, _: process.send_signal(number))
        process.wait()


def _close_orphans(folder: Path) -> None:
    """Close what an earlier server left unfinished when it died."""
    import dagster as dg

    from kairos_dagster.orphans import close_orphans

    with dg.DagsterInstance.from_config(str(folder)) as instance:
        closed = close_orphans(instance, folder, server_starts=True)
    if closed:
        sys.stderr.write(f"{len(closed)} run(s) of an earlier process were unfinished; they are closed as failed.\n")


def _default_interrupts() -> None:
    """Dagster copies the parent's SIGINT handler to SIGTERM; a shell that ignores SIGINT would make it deaf."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
