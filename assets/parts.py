"""Filling the partitions of one run, one after the other, and telling Dagster of each what came of it.

Whatever stops a run leaves the partitions before it written and recorded, and shows the check that did.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg

from assets import metadata
from kairos.errors import ContractError, KairosError
from kairos.frames import Frame
from kairos.tables.core import Outcome, Table

CONTRACT = "contract"


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
    try:
        return table.validate(frame)
    except ContractError as error:
        broken = Outcome(passed=False, summary=str(error), figures={"rows": frame.height})
        raise BlockedError(str(error), [Verdict(asset_key, CONTRACT, broken)]) from error


def fill_parts(
    context: dg.AssetExecutionContext, keys: Sequence[str], fill: Callable[[str], Parts], *, name: str
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Fill every partition of the run by `fill`, which writes one and tells what came of it.

    Raises:
        Failure: A partition could not be filled; those before it stay, and are recorded as materialised.
    """
    done: dict[str, Parts] = {}
    drawings: dict[str, tuple[str, Callable[[], bytes]]] = {}
    try:
        for key in keys:
            parts = fill(key)
            drawings |= {asset: (key, part.draw) for asset, part in parts.items() if part.draw and part.rows}
            done[key] = {asset: replace(part, draw=None) for asset, part in parts.items()}  # frees the frames
            context.log.info(f"{name} {key}: {', '.join(f'{part.rows:,}' for part in parts.values())} rows")
        plots = {asset: (key, metadata.picture(draw())) for asset, (key, draw) in drawings.items()}
    except KairosError as error:
        _record(context, done)
        yield from (verdict.result(key) for verdict in getattr(error, "verdicts", ()))
        where = f"{name}[{key}]" if key else name
        raise dg.Failure(f"{where}: {error}", allow_retries=False) from error
    except BaseException:
        _record(context, done)
        raise
    yield from _results(context, done, plots)


def _record(context: dg.AssetExecutionContext, done: Mapping[str, Parts]) -> None:
    """Record the partitions that were written before a later one failed."""
    for key, parts in done.items():
        for asset_key, part in parts.items():
            context.log_event(dg.AssetMaterialization(asset_key, partition=key or None, metadata=dict(part.shown)))


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
