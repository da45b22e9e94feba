"""Filling the partitions of one run, one after the other, and telling Dagster of each what came of it.

A partition that cannot be filled leaves the others of its run alone: those before and after it are filled and recorded,
by the steps that follow as well, but for what would read the missing one. The run then fails and names what is missing.
Whatever else stops a run leaves the partitions before it written and recorded.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION as RECORDED_ALREADY

from assets import metadata
from assets.gaps import NOT_TRIED, gap_failure, hopeless, waiting
from assets.interrupts import requests_to_stop
from kairos.errors import ContractError, KairosError
from kairos.frames import Frame
from kairos.tables.core import Outcome, Table
from kairos.tables.registry import TABLES
from resources.event_log import event_log_open

CONTRACT = "contract"
TELL_EVERY_S = 1.0  # a log line costs as much as a small partition
Results = Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]


@dataclass(frozen=True)
class Verdict:
    """What a check found in one partition of an asset."""

    asset_key: str
    check: str
    outcome: Outcome
    blocking: bool = True

    def result(self, key: str) -> dg.AssetCheckResult:
        """Return the verdict for the UI; `key` names the partition it was found in."""
        said = replace(self.outcome, summary=f"{key}: {self.outcome.summary}" if key else self.outcome.summary)
        return metadata.check_result(self.check, self.asset_key, said, blocking=self.blocking)


class BlockedError(KairosError):
    """A blocking check failed; the partition's rows were not written."""

    def __init__(self, message: str, verdicts: Sequence[Verdict]) -> None:
        super().__init__(message)
        self.verdicts = tuple(verdicts)


@dataclass(frozen=True)
class Part:
    """What came of one partition of one asset.

    Attributes:
        rows: Rows written.
        shown: Metadata of the partition.
        verdicts: What the checks beyond the contract found.
        draw: Draws the rows; called for the newest partition that has any.
    """

    rows: int
    shown: Mapping[str, Any] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    draw: Callable[[], bytes] | None = None


Parts = Mapping[str, Part]
"""What came of one partition, by asset key."""


def validated(asset_key: str, table: Table, frame: Frame) -> Frame:
    """Return `frame` as its table's contract wants it.

    Raises:
        BlockedError: The contract does not hold.
    """
    with contract_shown(asset_key, rows=frame.height):
        return table.validate(frame)


@contextmanager
def contract_shown(asset_key: str, *, rows: int) -> Iterator[None]:
    """Show a contract that `rows` rows break as a failed check of the asset.

    Raises:
        BlockedError: The contract does not hold.
    """
    try:
        yield
    except ContractError as error:
        broken = Outcome(passed=False, summary=str(error), figures={"rows": rows})
        raise BlockedError(str(error), [Verdict(asset_key, CONTRACT, broken)]) from error


@dataclass
class _Step:
    """What a step has come to so far: partitions filled, tried, missing; and what is to be drawn."""

    missing: dict[str, str]
    done: dict[str, Parts] = field(default_factory=dict)
    tried: dict[str, KairosError | None] = field(default_factory=dict)
    drawings: dict[str, tuple[str, Callable[[], bytes]]] = field(default_factory=dict)
    at: str | None = None

    def take(self, key: str, parts: Parts) -> None:
        self.tried[key] = None
        self.drawings |= {asset: (key, part.draw) for asset, part in parts.items() if part.draw and part.rows}
        self.done[key] = {asset: replace(part, draw=None) for asset, part in parts.items()}  # frees the frames

    def miss(self, key: str, error: KairosError) -> None:
        self.tried[key] = error
        self.missing[key] = str(error)


def fill_parts(
    context: dg.AssetExecutionContext, keys: Sequence[str], fill: Callable[[str], Parts], *, name: str
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Fill every partition of the run by `fill`, which writes one and tells what came of it.

    Raises:
        Failure: Partitions could not be filled; the others are written and recorded as materialised.
    """
    with event_log_open(context.instance, context.run_id):
        yield from _filled(context, keys, fill, name=name)


def _filled(
    context: dg.AssetExecutionContext, keys: Sequence[str], fill: Callable[[str], Parts], *, name: str
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    step = _Step(missing=waiting(context, keys))
    try:
        with requests_to_stop() as requests:
            _fill_all(context, keys, requests.before(fill), step, name=name)
            requests.obey()
        plots = _drawn(step)
    except BaseException:
        _record(context, step.done, {})
        _record_cut_off(context, step.at, name=name)
        raise
    if not step.missing:
        yield from _results(context, step.done, plots)
        return
    _record(context, step.done, plots)
    yield from _partial_results(step)
    raise gap_failure(context, {key: step.missing[key] for key in keys if key in step.missing}, of=len(keys), name=name)


def _fill_all(
    context: dg.AssetExecutionContext, keys: Sequence[str], fill: Callable[[str], Parts], step: _Step, *, name: str
) -> None:
    """Fill what can be filled; give up where what is left would fail like the last ones."""
    told = 0.0
    for key in keys:
        if key in step.missing:
            continue
        if hopeless([*step.tried.values()]):
            step.missing[key] = NOT_TRIED
            continue
        step.at = key
        try:
            step.take(key, fill(key))
        except KairosError as error:
            step.miss(key, error)
            _record_cut_off(context, key, name=name)
            context.log.warning(f"{name} {key}: {error}")
            continue
        step.at = None
        if time.monotonic() - told > TELL_EVERY_S or key == keys[-1]:
            told = time.monotonic()
            rows = ", ".join(f"{part.rows:,}" for part in step.done[key].values())
            context.log.info(f"{name} {key}: {rows} rows ({len(step.tried)} of {len(keys)})")


def _drawn(step: _Step) -> dict[str, tuple[str, dg.MarkdownMetadataValue]]:
    """Draw the newest partition of each asset that has rows."""
    plots = {}
    for asset_key, (key, draw) in step.drawings.items():
        try:
            plots[asset_key] = (key, metadata.picture(draw()))
        except KairosError as error:
            raise dg.Failure(f"{asset_key}[{key}]: no plot: {error}", allow_retries=False) from error
    return plots


def _record(
    context: dg.AssetExecutionContext,
    done: Mapping[str, Parts],
    plots: Mapping[str, tuple[str, dg.MarkdownMetadataValue]],
) -> None:
    """Record the partitions that were written by a step that fails."""
    for key, parts in done.items():
        for asset_key, part in parts.items():
            drawn = {"plot": plots[asset_key][1]} if asset_key in plots and plots[asset_key][0] == key else {}
            shown = {**part.shown, **drawn}
            context.log_event(dg.AssetMaterialization(asset_key, partition=key or None, metadata=shown))


def _record_cut_off(context: dg.AssetExecutionContext, key: str | None, *, name: str) -> None:
    """Record what a partition had written when it was cut off: of each asset it is there as a whole, or not at all."""
    for asset_key in context.selected_asset_keys if key is not None else ():
        table = TABLES[context.assets_def.metadata_by_key[asset_key]["dagster/table_name"]]
        commits = [commit for _, commit in context.resources.platform.warehouse.history(table)]
        if (name, context.run_id, key or "-") in {(commit.asset, commit.run_id, commit.partition) for commit in commits}:
            context.log_event(dg.AssetMaterialization(asset_key, partition=key or None))


def _results(
    context: dg.AssetExecutionContext, done: Mapping[str, Parts], plots: Mapping[str, tuple[str, dg.MarkdownMetadataValue]]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Return one result per asset; each partition has metadata of its own."""
    first = next(iter(done.values()), {})
    for asset_key in first:
        for key, parts in done.items():
            context.add_asset_metadata(dict(parts[asset_key].shown), asset_key=asset_key, partition_key=key or None)
        if asset_key in plots:
            key, plot = plots[asset_key]
            context.add_asset_metadata({"plot": plot}, asset_key=asset_key, partition_key=key or None)
        yield dg.MaterializeResult(asset_key=asset_key, check_results=_verdicts(asset_key, done))


def _partial_results(step: _Step) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Return what lets later steps go on with the partitions that are there, and the checks that held up the others."""
    held_up: dict[tuple[str, str], dg.AssetCheckResult] = {}
    for key, error in step.tried.items():
        for verdict in getattr(error, "verdicts", ()):
            if (verdict.asset_key, verdict.check) not in held_up or held_up[verdict.asset_key, verdict.check].passed:
                held_up[verdict.asset_key, verdict.check] = verdict.result(key)
    if not step.done:
        yield from held_up.values()
        return
    red = {which: verdict for which, verdict in held_up.items() if not verdict.passed}
    for asset_key in next(iter(step.done.values())):
        verdicts = [red.get((asset_key, str(verdict.check_name)), verdict) for verdict in _verdicts(asset_key, step.done)]
        yield dg.MaterializeResult(asset_key=asset_key, metadata={RECORDED_ALREADY: True}, check_results=verdicts)


def _verdicts(asset_key: str, done: Mapping[str, Parts]) -> list[dg.AssetCheckResult]:
    """Return the verdicts of a run: of several partitions the first that failed, else the last."""
    rows = sum(parts[asset_key].rows for parts in done.values())
    held = Outcome(passed=True, summary="Holds for every row written.", figures={"rows": rows, "partitions": len(done)})
    chosen: dict[str, dg.AssetCheckResult] = {CONTRACT: Verdict(asset_key, CONTRACT, held).result("")}
    for key, parts in done.items():
        for verdict in parts[asset_key].verdicts:
            if verdict.check not in chosen or chosen[verdict.check].passed:
                chosen[verdict.check] = verdict.result(key)
    return list(chosen.values())
