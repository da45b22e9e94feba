"""What must be true of a home after a command has been killed and run again; each breach in words."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import polars as pl

from kairos.tables import models, raw
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from tests.journeys.equality import assert_equal_homes

LEFT_BEHIND = re.compile(r"^\..*|.*\.(tmp|new|part)$|.*#\d+$")
MOST_PUBLICATIONS = 4  # three are kept, and one may be fresh
PUBLISHED = ".kairos.duckdb.d"  # publications, the newest of which the DuckDB file leads to
LOCKS = re.compile(r"^\..*\.lock$")


def problems(home: Path, reference: Path | None) -> list[str]:
    """Return what is wrong with a home, compared with one that was never killed where that is given."""
    checks: list[Callable[[Path], Iterator[str]]] = [
        _payloads, _left_behind, _views, _artifacts, _mlflow_runs, _dagster_runs, _pools, _counted_once, _contracts
    ]  # fmt: skip
    found = [f"{check.__name__[1:]}: {said}" for check in checks for said in check(home)]
    if reference is not None:
        try:
            assert_equal_homes(home, reference)
        except AssertionError as difference:
            found.append(f"differs from the home that was not killed: {difference}"[:1500])
        if not found:
            found = [f"files: {said}" for said in _unlike(home, reference)]
    return found


def _payloads(home: Path) -> Iterator[str]:
    """Every row's bytes are there and are those received, and no payload lies there that no row knows."""
    from kairos.sources.payloads import PayloadStore

    store, records = PayloadStore(home), Warehouse(home / "warehouse").read(raw.RAW_PAYLOADS)
    for record in records.iter_rows(named=True):
        if sha256(store.load(record).content).hexdigest() != record["sha256"]:
            yield f"{record['path']} holds other bytes"
    there = {path.relative_to(home).as_posix() for path in (home / "payloads").rglob("*.zst")}
    known = set(records["path"])
    yield from (f"{path} is in no row of raw_payloads" for path in sorted(there - known))


def _left_behind(home: Path) -> Iterator[str]:
    """No half-made file waits to be finished for ever.

    Parquet files without a commit are the vacuum's; MLflow keeps what a killed run had uploaded with that run.
    """
    for path in home.rglob("*"):
        inside = path.relative_to(home)
        if path.is_file() and inside.parts[0] not in {"warehouse", "mlartifacts", PUBLISHED} and _is_unfinished(path):
            yield str(inside)
    publications = [path.name for path in (home / PUBLISHED).glob("[0-9]*")]
    if len(publications) > MOST_PUBLICATIONS:
        yield f"{len(publications)} publications: {', '.join(sorted(publications))}"
    for place in (home / "dagster" / "running", home / "running", *home.rglob(".aside")):
        yield from (str(path.relative_to(home)) for path in (place.iterdir() if place.is_dir() else ()))


def _is_unfinished(file: Path) -> bool:
    return bool(LEFT_BEHIND.match(file.name)) and not LOCKS.match(file.name)


def _views(home: Path) -> Iterator[str]:
    """The published DuckDB file opens and shows the tables' rows."""
    import duckdb

    warehouse = Warehouse(home / "warehouse")
    with duckdb.connect(str(home / "kairos.duckdb"), read_only=True) as shell:
        shell.execute("SET TimeZone = 'UTC'")
        for name, table in TABLES.items():
            rows = warehouse.read(table)
            shown = shell.table(name).pl().select(table.columns)
            if shown.height != rows.height or shown.hash_rows().sort().to_list() != rows.hash_rows().sort().to_list():
                yield f"{name}: the view shows {shown.height} row(s) that are not the table's {rows.height}"


def _artifacts(home: Path) -> Iterator[str]:
    """Every artifact that can be found is whole, as is the one that `latest` points to."""
    from kairos.errors import KairosError
    from kairos.models.artifacts import load_model

    rows = Warehouse(home / "warehouse").read(models.MODELS)
    folders = [home / "models" / artifact for artifact in rows["artifact"]]
    for folder in [*folders, *(home / "models").glob("*/latest")]:
        try:
            load_model(folder)
        except KairosError as error:
            yield str(error)
    pointed = {path.resolve().name for path in (home / "models").glob("*/latest")}
    yield from (f"{name}: latest points to a model without a row" for name in pointed - set(rows["run_id"]))


def _mlflow_runs(home: Path) -> Iterator[str]:
    """No run goes on, and each model's own has finished."""
    if not (home / "mlflow.db").exists():
        return
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow.db'}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    states = {run.info.run_id: run.info.status for run in client.search_runs(experiments)}
    yield from (f"{run} is {state}" for run, state in states.items() if state in {"RUNNING", "SCHEDULED"})
    for run in Warehouse(home / "warehouse").read(models.MODELS)["run_id"]:
        if states.get(run) != "FINISHED":
            yield f"{run} of a model is {states.get(run)}"


def _dagster_runs(home: Path) -> Iterator[str]:
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        counts = Counter(run.status.value for run in instance.get_runs())
    yield from (f"{count} run(s) {state}" for state, count in counts.items() if state not in {"SUCCESS", "FAILURE"})


def _pools(home: Path) -> Iterator[str]:
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        storage = instance.event_log_storage
        for pool in storage.get_concurrency_keys():
            info = storage.get_concurrency_info(pool)
            if info.claimed_slots or info.pending_steps:
                yield f"{pool}: {len(info.claimed_slots)} slot(s) taken, {len(info.pending_steps)} step(s) wait"


def _counted_once(home: Path) -> Iterator[str]:
    """Trials and reads of the holdout are in their ledgers once, and every trial of a model has been counted."""
    warehouse = Warehouse(home / "warehouse")
    for table in (models.TRIALS, models.HOLDOUT_LEDGER):
        rows = warehouse.read(table)
        if rows.select(table.identity or table.key).is_duplicated().any():
            yield f"{table.name} holds a row twice"
    trials = set(warehouse.read(models.TRIALS)["trial_id"])
    spent = set(warehouse.read(models.HOLDOUT_LEDGER).filter(pl.col("event") == "spent")["subject"])
    if trials != spent:
        yield f"{len(trials - spent)} trial(s) have not paid for the holdout, {len(spent - trials)} paid without a trial"


def _contracts(home: Path) -> Iterator[str]:
    from kairos.errors import ContractError

    warehouse = Warehouse(home / "warehouse")
    for table in TABLES.values():
        try:
            table.validate(warehouse.read(table))
        except ContractError as error:
            yield str(error)


ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
PER_RUN = ("dagster/", "mlartifacts/", "warehouse/", "models/", f"{PUBLISHED}/")  # a killed run leaves its own record there


def _unlike(home: Path, reference: Path) -> Iterator[str]:
    """Files that only one of the homes has, runs' own aside."""
    ours, theirs = (_files(folder) for folder in (home, reference))
    yield from (f"{name} is there, and not where nothing was killed" for name in sorted(ours - theirs))
    yield from (f"{name} is missing" for name in sorted(theirs - ours))


def _files(home: Path) -> set[str]:
    found = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    kept = (name for name in found if not name.startswith(PER_RUN) and not LOCKS.match(Path(name).name))
    return {ID.sub("ID", name) for name in kept}
