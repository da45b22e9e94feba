"""The Dagster UI with its daemon, on this home's instance."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from kairos.errors import SettingsError
from kairos.settings import load_settings

CHECKOUT = Path(__file__).resolve().parent.parent


def serve_ui(*, host: str, port: int) -> None:
    """Serve until interrupted.

    Raises:
        SettingsError: The port is taken, the `dagster` command is missing, or the server ended by itself.
    """
    from kairos_dagster.instance import instance_folder

    settings = load_settings()
    _require_free(host, port)
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
        told: list[int] = []

        def pass_on(number: int, _: object) -> None:
            told.append(number)
            process.send_signal(number)

        for caught in (signal.SIGTERM, signal.SIGINT):
            signal.signal(caught, pass_on)
        status = process.wait()
    if status and not told:
        raise SettingsError(f"the Dagster UI ended by itself with status {status}; the lines above say why.")


def _require_free(host: str, port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise SettingsError(f"http://{host}:{port} cannot be served ({error.strerror}). Give another --port.") from None


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
