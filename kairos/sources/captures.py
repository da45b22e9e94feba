"""Captures: vendors' answers as a collector has kept them, each a file named by its dataset and when it was received.

`fmp_rating_2014-03-07T223000Z.csv` is an answer of the dataset fmp_rating, received on that evening in UTC.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from kairos.errors import SourceError
from kairos.sources.datasets import dataset_named
from kairos.sources.files import files_among, read_whole
from kairos.sources.payloads import Payload

CAPTURES = "captures"
"""What `kairos import --dataset` calls them."""
NAME = re.compile(r"(?P<dataset>[a-z0-9_]+)_(?P<stamp>\d{4}-\d{2}-\d{2}T\d{6}Z)\.(csv|json)(\.gz)?")
STAMP = "%Y-%m-%dT%H%M%SZ"
SOURCES = {"fmp": "fmp", "sf1": "sharadar", "quiver": "quiver"}
"""Who delivers a dataset, by the first word of its name."""


def read_captures(paths: Iterable[Path]) -> Iterator[Payload]:
    """Yield one payload per capture, folders searched through, in the order of their paths.

    Raises:
        SourceError: Nothing to read, a file that cannot be read, or one whose name does not say what it is.
    """
    for file in files_among(paths):
        dataset, received = _told_by_name(file)
        source = SOURCES[dataset.partition("_")[0]]
        yield Payload(source, dataset, f"{CAPTURES}/{file.name}", read_whole(file), received)


def _told_by_name(file: Path) -> tuple[str, datetime]:
    found = NAME.fullmatch(file.name)
    if found is None or found["dataset"].partition("_")[0] not in SOURCES:
        raise SourceError(
            f"{file}: the name does not say what was captured when; expected DATASET_YYYY-MM-DDTHHMMSSZ.csv, "
            "such as fmp_rating_2014-03-07T223000Z.csv."
        )
    dataset = dataset_named(found["dataset"]).name
    try:
        return dataset, datetime.strptime(found["stamp"], STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise SourceError(f"{file}: {found['stamp']} is no instant; expected YYYY-MM-DDTHHMMSSZ in UTC.") from None
