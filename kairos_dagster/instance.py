"""The Dagster instance of a home: made aside and moved into place, so that a killed command leaves no half one."""

from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock

from kairos.settings import Settings
from kairos.warehouse.aside import aside
from resources.event_log import with_kept_log

FILE = "dagster.yaml"
CONTENT = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    granularity: op
    default_limit: 1
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: kairos/one-at-a-time
        value:
          applyLimitPerUniqueValue: true
        limit: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
run_retries:
  enabled: true
  max_retries: 0
  retry_on_asset_or_op_failure: false
"""


def instance_folder(settings: Settings) -> Path:
    """Return the folder of the Dagster instance, made ready."""
    folder = settings.home / "dagster"
    if not (folder / FILE).exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.home / ".dagster.lock"), aside(settings.home) as place:  # two commands may be the first
            if not (folder / FILE).exists():
                _move(_built(place / folder.name), folder)
    return folder


_open: dict[tuple[str, int, int], dg.DagsterInstance] = {}


def open_instance(folder: Path) -> dg.DagsterInstance:
    """Return the instance in `folder`, opened once for all runs of this process; another folder takes its place."""
    file = (folder / FILE).stat()
    identity = (str(folder), file.st_ino, file.st_mtime_ns)  # a home may be put away and another laid in its place
    if identity not in _open:
        for instance in _open.values():
            instance.dispose()
        _open.clear()
        _open[identity] = dg.DagsterInstance.from_ref(with_kept_log(InstanceRef.from_dir(str(folder))))
    return _open[identity]


def _built(folder: Path) -> Path:
    folder.mkdir()
    (folder / FILE).write_text(CONTENT)
    with dg.DagsterInstance.from_config(str(folder)):
        pass  # its databases are made on opening
    return folder


def _move(built: Path, folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):  # somebody's own, without the file
        (built / FILE).replace(folder / FILE)
    else:
        built.rename(folder)
