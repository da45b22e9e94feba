"""Partitions that a step could not fill: which they are and why, what has to wait for them, and when to give up.

A step that has filled some of its partitions lets the steps after it go on with those. What is missing stands in its
failure, where they find it.
"""

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from kairos.errors import KairosError, PlanError, RateLimitError, SourceError

NOT_FILLED = "not filled"
NOT_TRIED = "not tried, the ones before it failed."
PATIENCE = 3  # partitions in a row without a usable answer; the rest would wait as long each, and in vain
MAX_NAMED = 10


def hopeless(errors: Sequence[KairosError | None]) -> bool:
    """Tell whether what is left would fail too: `errors` has one entry for each partition tried, None if it was filled."""
    if errors and isinstance(errors[-1], PlanError | RateLimitError):
        return True
    return len(errors) >= PATIENCE and all(isinstance(error, SourceError) for error in errors[-PATIENCE:])


def gap_failure(context: dg.AssetExecutionContext, missing: Mapping[str, str], *, of: int, name: str) -> dg.Failure:
    """Return the failure of a step that lacks partitions: the first with its reason, the others by name."""
    key, reason = next(iter(missing.items()))
    if not key:
        return dg.Failure(f"{name}: {reason}", allow_retries=False)
    assets = sorted(asset.to_user_string() for asset in context.selected_asset_keys)
    shown = {NOT_FILLED: dg.MetadataValue.json(dict(missing)), "assets": dg.MetadataValue.json(assets)}
    if of > 1:
        filled = f"Filled: {of - len(missing)} of {of} partitions, all but {_named([*missing])}."
        reason = f"{reason.rstrip('.')}. {filled if len(missing) < of else f'None of the {of} partitions is filled.'}"
    return dg.Failure(f"{name}[{key}]: {reason}", metadata=shown, allow_retries=False)


def waiting(context: dg.AssetExecutionContext, keys: Collection[str]) -> dict[str, str]:
    """Return the partitions of this step that would read one which an earlier step of the run lacks, and the reason."""
    found: dict[str, str] = {}
    for upstream, missing in _missing_so_far(context).items():
        lacked = f"{upstream.to_user_string()} lacks {_named(missing)}; fill that first."
        readers = _readers(context, upstream, missing)
        found |= {key: lacked for key in keys if key in readers and key not in found}
    return found


def _missing_so_far(context: dg.AssetExecutionContext) -> dict[dg.AssetKey, list[str]]:
    """Return the partitions that earlier steps of this run could not fill, by asset."""
    found: dict[dg.AssetKey, list[str]] = {}
    for entry in context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        failed = entry.get_dagster_event().step_failure_data.user_failure_data
        if failed is not None and NOT_FILLED in failed.metadata:
            missing = [*failed.metadata[NOT_FILLED].value]
            found |= {dg.AssetKey(name): missing for name in failed.metadata["assets"].value}
    return found


def _readers(context: dg.AssetExecutionContext, upstream: dg.AssetKey, missing: Sequence[str]) -> set[str]:
    """Return the partitions of this step's assets that read the missing ones of `upstream`."""
    asset = context.assets_def
    reader = next((key for key, upstreams in asset.asset_deps.items() if upstream in upstreams), None)
    theirs, ours = context.job_def.asset_layer.get(upstream).partitions_def, asset.partitions_def
    if reader is None or theirs is None:
        return set()
    if ours is None:
        return {""}
    mapping = asset.infer_partition_mapping(reader, upstream, theirs)
    subset = theirs.subset_with_partition_keys(missing)
    return set(mapping.get_downstream_partitions_for_partitions(subset, theirs, ours).get_partition_keys())


def _named(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MAX_NAMED} more" if len(keys) > MAX_NAMED else ""
    return ", ".join(keys[:MAX_NAMED]) + more
