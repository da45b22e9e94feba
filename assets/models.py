"""Model assets: one group of four per configuration, trained walk-forward within one MLflow run."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import dagster as dg

from assets import metadata
from assets.known_answer import Known, held_against_truth, known_answer_specs, require_market
from assets.partitions import edge, universe_years
from assets.parts import Part, fill_parts, validated
from assets.table_asset import OWNERS, Work, check_specs, table_asset
from kairos.frames import Frame
from kairos.models import ledger
from kairos.models.artifacts import point_latest, save_model
from kairos.models.config import ModelConfig
from kairos.models.outputs import write_outputs
from kairos.models.preprocess import with_sectors
from kairos.models.trials import data_set_digest
from kairos.models.walkforward import Trained, train_walk_forward
from kairos.plots.models import ic_by_year, shap_bars
from kairos.tables import matrix, models, universe
from kairos.tables.core import Table
from resources.platform import Platform
from resources.table_io import Read, TableIO
from resources.tracking import TrackedRun, Tracking

READS = (Read(matrix.FEAT_MATRIX_TARGETS), Read(models.HOLDOUT_LEDGER), Read(universe.MIDCAP_UNIVERSE))
OUTPUTS: dict[str, Table] = {
    "model": models.MODELS,
    "predictions": models.PREDICTIONS,
    "model_metrics": models.MODEL_METRICS,
    "shap_importance": models.SHAP_IMPORTANCE,
}
PLOTS = {"model_metrics": ic_by_year, "shap_importance": shap_bars}


@table_asset(
    models.HOLDOUT_LEDGER,
    reads=(Read(matrix.FEAT_MATRIX_TARGETS),),
    append=True,
)
def holdout_ledger(work: Work, feat_matrix_targets: Frame) -> Frame:
    """The last sessions of a universe year are sealed at its first build and stay so."""
    held = work.platform.warehouse.read(models.HOLDOUT_LEDGER)
    sessions = feat_matrix_targets["session"].unique().sort().to_list()
    length = work.platform.settings.holdout_sessions
    now = work.platform.clock.now()
    return ledger.seal_event(held, sessions, universe_year=work.year, length=length, now=now)


def model_assets(configs: Sequence[ModelConfig], *, embedded: bool = False) -> list[dg.AssetsDefinition]:
    """Return the assets of every configuration.

    Args:
        configs: The configurations.
        embedded: Whether prices are those of the embedded market, so that what can be known is known.
    """
    return [_assets_of(config, embedded=embedded) for config in configs]


def _assets_of(config: ModelConfig, *, embedded: bool) -> dg.AssetsDefinition:
    keys = {kind: f"{kind}_{config.name}" for kind in OUTPUTS}

    @dg.multi_asset(
        name=f"train_{config.name}",
        specs=[_spec(config, kind, table, keys) for kind, table in OUTPUTS.items()],
        check_specs=[
            *(spec for key in keys.values() for spec in check_specs(key)),
            *(known_answer_specs(keys["model_metrics"]) if embedded else ()),
        ],
        partitions_def=universe_years,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def train(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, tracking: Tracking) -> Iterator[Any]:
        def fill(key: str) -> dict[str, Part]:
            work = Work(key, platform, context, table_io.versions(READS))
            rows, known = _train_year(work, table_io, tracking, config, embedded=embedded)
            said = dict.fromkeys(OUTPUTS, Known()) | {"model_metrics": known}
            return {
                keys[kind]: _part(work, table_io, config, kind=kind, frame=rows[kind], known=said[kind]) for kind in OUTPUTS
            }

        yield from fill_parts(context, context.partition_keys, fill, name=f"model_{config.name}")

    return train


def _spec(config: ModelConfig, kind: str, table: Table, keys: dict[str, str]) -> dg.AssetSpec:
    upstream = [edge(read, table) for read in READS] if kind == "model" else [dg.AssetDep(keys["model"])]
    return dg.AssetSpec(
        keys[kind],
        deps=upstream,
        group_name="models",
        description=f"{metadata.described(table)}\n\nConfiguration `{config.name}`, family `{config.family}`, "
        f"horizons {', '.join(map(str, config.horizons))} sessions.",
        owners=OWNERS,
        kinds={config.family, "mlflow", "deltalake"},
        metadata=metadata.static(table, READS if kind == "model" else (Read(models.MODELS, from_asset=keys["model"]),)),
    )


def _train_year(
    work: Work, table_io: TableIO, tracking: Tracking, config: ModelConfig, *, embedded: bool
) -> tuple[dict[str, Frame], Known]:
    """Train one universe year, keep the model and write its tables; return the rows written and what the truth says of them."""
    if embedded:
        require_market(work.platform.settings)
    frames = {read.table.name: table_io.load(read, consumer=models.MODELS, key=work.key, versions=work.reads) for read in READS}
    matrix_rows = with_sectors(frames["feat_matrix_targets"], frames["midcap_universe"], steps=config.preprocess)
    holdout = ledger.sealed_holdout(frames["holdout_ledger"], work.year)
    model_id = f"{config.name}_{work.key}"
    tags = {"dagster/run_id": work.context.run_id, "asset": f"model_{config.name}", "partition": work.key, "model_id": model_id}
    params = {**config.model_dump(mode="json"), **{f"reads.{name}": version for name, version in work.reads.items()}}
    with tracking.run(model_id, tags=tags, params=params) as run:
        trained = train_walk_forward(matrix_rows, config, holdout=holdout, model_id=model_id, on_fold=_progress(work, model_id))
        tried = ledger.model_trials(
            config,
            universe_year=work.year,
            data_set=data_set_digest(frames["midcap_universe"]),
            now=work.platform.clock.now(),
        )
        rows = _checked_rows(config, trained)
        commit = table_io.commit(f"model_{config.name}", run_id=work.context.run_id, key=work.key, reads=work.reads)
        table_io.count_trials(tried, holdout, commit=commit)
        known = held_against_truth(work, run, trained, matrix=matrix_rows, holdout=holdout) if embedded else Known()
        rows["model"] = _keep_model(work, run, trained, matrix_rows, tried)
    where: dict[str, int | str] = {"universe_year": work.year, "model_id": model_id}
    for kind, table in OUTPUTS.items():
        work.platform.warehouse.replace(table, rows[kind], partition=where, commit=commit)
    return rows, known


def _checked_rows(config: ModelConfig, trained: Trained) -> dict[str, Frame]:
    """Return what the tables but the model's own will hold; a breach stops the run before anything is kept."""
    made = {"predictions": trained.predictions, "model_metrics": trained.metrics, "shap_importance": trained.shap}
    return {kind: validated(f"{kind}_{config.name}", OUTPUTS[kind], frame) for kind, frame in made.items()}


def _keep_model(work: Work, run: TrackedRun, trained: Trained, matrix_rows: Frame, tried: Frame) -> Frame:
    """Keep the model's files and figures under the run's id; return its row of `models`."""
    root = work.platform.settings.models
    manifest = {"reads": work.reads, "run_id": run.run_id}
    folder = save_model(trained.model, root=root, run_id=run.run_id, metrics=trained.metrics, manifest=manifest)
    point_latest(folder)
    write_outputs(root / "output", trained, matrix_rows)
    _log_run(run, trained)
    return ledger.model_row(
        trained,
        universe_year=work.year,
        run_id=run.run_id,
        artifact=str(folder.relative_to(root)),
        trials=tried,
        reads=work.reads,
        now=work.platform.clock.now(),
    )


def _progress(work: Work, model_id: str) -> Any:  # noqa: ANN401 - a callback of two numbers
    def report(done: int, total: int) -> None:
        work.context.log.info(f"{model_id}: fit {done} of {total}")

    return report


def _log_run(run: TrackedRun, trained: Trained) -> None:
    """Log the metrics of both segments and years, the plots and the model's files."""
    for row in trained.metrics.iter_rows(named=True):
        stem = f"{row['segment']}.h{row['horizon']}"
        figures = {
            name: row[name] for name in ("rank_ic", "rank_ic_t", "ic", "icir", "mse", "r2", "accuracy", "sharpe", "coverage")
        }
        named = {f"{stem}.{name}": value for name, value in figures.items()}
        if row["year"] == 0:
            run.log_metrics(named)
        else:
            run.log_metrics({f"{name}.by_year": value for name, value in named.items()}, step=row["year"])
    run.log_bytes(ic_by_year(trained.metrics), "ic_by_year.png")
    if trained.shap.height:
        run.log_bytes(shap_bars(trained.shap), "shap_importance.png")


def _part(work: Work, table_io: TableIO, config: ModelConfig, *, kind: str, frame: Frame, known: Known) -> Part:
    """Return what one asset shows of a training."""
    shown = metadata.counts(table_io.rows(OUTPUTS[kind], model=config.name), frame.height, partitioned=True)
    shown["reads"] = metadata.reads_shown(work.reads)
    if frame.height:
        shown["preview"] = metadata.preview(frame)
    draw = partial(PLOTS[kind], frame) if kind in PLOTS else None
    return Part(frame.height, {**shown, **known.shown}, known.verdicts, draw)
