"""From the wire to a request: paths to routes, query strings and JSON bodies to parameters."""

import json
from collections.abc import Mapping

from kairos.sandbox.catalog import VENDOR, RefusalError
from kairos.sandbox.faults import Route
from kairos.sandbox.fmp_paths import is_fmp, read_address
from kairos.sandbox.protocol import Target
from kairos.sandbox.quiver import ROOT, dataset_of

API_ROOT = "/api/v3"
LIST_SUFFIX = "[]"


def merged_parameters(first: Mapping[str, list[str]], second: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the values of both per parameter, `[]` suffixes taken off."""
    merged: dict[str, list[str]] = {}
    for part in (first, second):
        for name, values in part.items():
            merged.setdefault(name.removesuffix(LIST_SUFFIX), []).extend(values)
    return merged


def body_parameters(body: bytes) -> dict[str, list[str]]:
    """Return the parameters of a JSON body.

    Raises:
        RefusalError: The body is no JSON object.
    """
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        raise RefusalError("QESx09") from None
    if not isinstance(content, dict):
        raise RefusalError("QESx09")
    return {
        name: [_text(item) for item in value] if isinstance(value, list) else [_text(value)] for name, value in content.items()
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def find_target(path: str, parameters: Mapping[str, list[str]]) -> Target:
    """Return where a path leads.

    Raises:
        RefusalError: It leads nowhere, or to another vendor.
    """
    parts = path.strip("/").split("/")
    if is_fmp(path):
        return Target(Route.FMP, read_address(path, parameters).dataset)
    if parts[0] == ROOT:
        return Target(Route.QUIVER, dataset_of(path))
    if len(parts) == 2 and parts[0] == "files":  # noqa: PLR2004 - files/<stem>.zip
        return Target(Route.FILE, parts[1].removesuffix(".zip"))
    root = [*API_ROOT.strip("/").split("/"), "datatables"]
    rest = parts[len(root) :]
    if parts[: len(root)] != root or len(rest) not in (2, 3) or (len(rest) == 3 and rest[2].partition(".")[0] != "metadata"):  # noqa: PLR2004
        raise RefusalError("QECx01")
    if rest[0] != VENDOR:
        raise RefusalError("QECx02")
    name, _, form = rest[-1].partition(".")
    if len(rest) == 3:  # noqa: PLR2004 - <vendor>/<table>/metadata
        return Target(Route.METADATA, rest[1], form or "json")
    export = (parameters.get("qopts.export") or [""])[-1] == "true"
    return Target(Route.EXPORT if export else Route.DATA, name, form or "json")
