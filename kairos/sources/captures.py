"""Archives of captures: vendors' answers as a collector has kept them, of every feed side by side.

Each file is named by its dataset and when it was received: `fmp_rating_2014-03-07T223000Z.csv`.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from kairos.calendar import Clock
from kairos.errors import SourceError
from kairos.sources.files import capture_named, files_among, read_files
from kairos.sources.payloads import Payload

CAPTURES = "captures"
"""What `kairos import --dataset` calls them."""
SOURCES = {"fmp": "fmp", "sf1": "sharadar", "sp500": "sharadar", "quiver": "quiver"}
"""Who delivers a dataset, by the first word of its name."""


def read_captures(paths: Iterable[Path], *, clock: Clock) -> Iterator[tuple[str, Iterator[Payload]]]:
    """Yield each dataset with its payloads, one per capture, folders searched through, in the order of their names.

    Raises:
        SourceError: Nothing to read, a file that cannot be read, or one whose name does not say what it is.
    """
    named = sorted((_dataset(file), file.name, file) for file in files_among(paths))
    for dataset, files in groupby(named, key=lambda one: one[0]):
        source = SOURCES[dataset.partition("_")[0]]
        yield dataset, read_files([file for _, _, file in files], dataset, source=source, clock=clock)


def _dataset(file: Path) -> str:
    dataset = capture_named(file)
    if dataset is None:
        raise SourceError(
            f"{file}: the name does not say what was captured when; expected DATASET_YYYY-MM-DDTHHMMSSZ.csv, "
            "such as fmp_rating_2014-03-07T223000Z.csv. One dataset by itself is imported by its own name."
        )
    return dataset
