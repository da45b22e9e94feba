"""Which of a file's columns is which of ours. The result goes into the payload's request, so that it can be redone."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from kairos.errors import SourceError
from kairos.sources.datasets import Dataset

FILE_PREFIX = "file/"
MAP_PREFIX = "map."


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """Return {our column: their column} from texts like `closeadj=adj_close,ticker=symbol`.

    Raises:
        SourceError: A part is no pair, or a column is named twice.
    """
    mapping: dict[str, str] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not (ours and equals and theirs):
            raise SourceError(f"--map {part!r}: expected OURS=THEIRS, such as closeadj=adj_close.")
        if ours in mapping:
            raise SourceError(f"--map {part!r}: {ours} is mapped already, to {mapping[ours]}. Give each column once.")
        mapping[ours] = theirs
    return mapping


def resolve_mapping(found: Iterable[str], dataset: Dataset, mapping: Mapping[str, str], *, where: str) -> dict[str, str]:
    """Return {our column: their column} for every column of `dataset` that the file has.

    A column is found by its mapping, else by its own name, whatever the case.

    Raises:
        SourceError: The mapping names a column that is not ours or not theirs, a name fits twice,
            or a required column is missing.
    """
    theirs = list(found)
    unknown = [ours for ours in mapping if ours not in dataset.dtypes]
    if unknown:
        raise SourceError(
            f"{where}: --map {unknown[0]}={mapping[unknown[0]]}: {dataset.name} has no column {unknown[0]}; "
            f"it has {', '.join(dataset.dtypes)}."
        )
    absent = [f"{ours}={their}" for ours, their in mapping.items() if their not in theirs]
    if absent:
        raise SourceError(
            f"{where}: --map {absent[0]}: the file has no column {absent[0].partition('=')[2]}; "
            f"found {', '.join(theirs) or 'none'}.{suggestion(theirs, dataset, mapping)}"
        )
    resolved = {ours: mapping.get(ours) or _by_name(ours, theirs, where=where) for ours in dataset.dtypes}
    missing = [ours for ours in dataset.required if resolved[ours] is None]
    if missing:
        raise SourceError(
            f"{where}: column(s) {', '.join(missing)} of {dataset.name} missing; "
            f"found {', '.join(theirs) or 'none'}.{suggestion(theirs, dataset, mapping)}"
        )
    return {ours: their for ours, their in resolved.items() if their is not None}


def suggest_mapping(found: Iterable[str], dataset: Dataset, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return {our column: their column} for columns that the mapping leaves out and another vendor's name fits."""
    theirs = {name.strip().lower(): name for name in found}
    guesses: dict[str, str] = {}
    for ours, aliases in dataset.aliases.items():
        alias = next((alias for alias in aliases if alias in theirs), None)
        if alias is not None and ours not in mapping and ours not in theirs:
            guesses[ours] = theirs[alias]
    return guesses


def suggestion(found: Iterable[str], dataset: Dataset, mapping: Mapping[str, str]) -> str:
    """Return a sentence with the `--map` that would fit, or with the form of one."""
    present = list(found)
    known = {ours: their for ours, their in mapping.items() if their in present}
    guesses = suggest_mapping(present, dataset, known)
    if not guesses:
        return " Name them with --map OURS=THEIRS."
    pairs = ",".join(f"{ours}={their}" for ours, their in {**known, **guesses}.items())
    return f' Perhaps: --map "{pairs}"' if " " in pairs else f" Perhaps: --map {pairs}"


def file_request(name: str, resolved: Mapping[str, str]) -> str:
    """Return the request of a file: its name and every mapped column that bears another name."""
    pairs = sorted((f"{MAP_PREFIX}{ours}", their) for ours, their in resolved.items() if ours != their)
    return f"{FILE_PREFIX}{quote(name)}" + (f"?{urlencode(pairs)}" if pairs else "")


def mapping_in(request: str) -> dict[str, str]:
    """Return the mapping that `file_request` wrote."""
    pairs = parse_qsl(request.partition("?")[2], keep_blank_values=True)
    return {name.removeprefix(MAP_PREFIX): value for name, value in pairs if name.startswith(MAP_PREFIX)}


def _by_name(ours: str, theirs: list[str], *, where: str) -> str | None:
    if ours in theirs:
        return ours
    alike = [name for name in theirs if name.strip().lower() == ours]
    if len(alike) > 1:
        raise SourceError(f"{where}: {' and '.join(alike)} could both be {ours}. Choose one: --map {ours}={alike[0]}.")
    return alike[0] if alike else None
