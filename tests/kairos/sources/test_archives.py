"""Archives come as files: their columns are found by a mapping, which the refusal without one proposes."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kairos.calendar import FixedClock
from kairos.errors import SourceError
from kairos.sources.archives import ARCHIVES
from kairos.sources.core import BOOKKEEPING, RECORD
from kairos.sources.datasets import dataset_named
from kairos.sources.files import parse_mapping, read_files
from kairos.sources.parse import parse
from kairos.tables.archives import ARCHIVE_COLUMNS, RAW_ARCHIVES

CLOCK = FixedClock(datetime(2021, 1, 4, 12, tzinfo=UTC))
AT = datetime(2014, 2, 26, 21, 49, tzinfo=UTC)
SENT = {
    "fmp_news": {"symbol": ["AAMC"], "published_at": [AT], "headline": ["Form 8-K"]},
    "social_posts": {"symbol": ["AAPL"], "created_at": [AT], "tokens": ["$ aapl"]},
    "earnings_surprises": {
        "symbol": ["AA"], "date": ["2017-01-24"], "qtr": ["16-Dec"], "eps_est": [0.22], "eps": [0.14],
        "release_time": ["post"], "surp": [-0.08],
    },
}  # fmt: skip


def payloads(folder, dataset, mapping):
    file = folder / "archive.parquet"
    pl.DataFrame(SENT[dataset]).write_parquet(file)
    return list(read_files([file], dataset, mapping=mapping, source="archive", clock=CLOCK))


@pytest.mark.parametrize("dataset", SENT)
def test_the_refusal_of_an_archive_proposes_the_mapping_that_fits(dataset, tmp_path):
    with pytest.raises(SourceError, match="Perhaps: --map ") as refused:
        payloads(tmp_path, dataset, {})
    mapping = parse_mapping([str(refused.value).partition("--map ")[2]])
    (payload,) = payloads(tmp_path, dataset, mapping)
    rows = parse(payload).rows
    assert rows.height == 1
    sent = [value for (value,) in SENT[dataset].values() if value != AT]
    assert {*map(str, sent)} <= {*map(str, rows.row(0))}


@pytest.mark.parametrize(("dataset", "column"), [("fmp_news", "published_date"), ("social_posts", "posted_at")])
def test_an_instant_keeps_its_offset(dataset, column, tmp_path):
    mapping = {"published_date": "published_at", "title": "headline"}
    mapping = mapping if dataset == "fmp_news" else {"posted_at": "created_at", "text": "tokens"}
    (payload,) = payloads(tmp_path, dataset, mapping)
    assert parse(payload).rows[column].to_list() == ["2014-02-26 21:49:00+00:00"]


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=list(ARCHIVES))
def test_every_column_named_by_an_archive_is_one_of_its_table(archive):
    assert {*BOOKKEEPING, *archive.dtypes, RECORD} == set(archive.table.columns)
    assert {*archive.key, *archive.required, *archive.aliases} <= set(archive.dtypes)
    assert set(archive.never_null) <= set(archive.required) & set(archive.rejecting)
    assert dataset_named(archive.name) is archive
    assert archive.table.validate(archive.table.empty()).is_empty()


def test_there_is_an_archive_for_every_raw_table_of_archives():
    assert set(ARCHIVES) == set(ARCHIVE_COLUMNS) == set(RAW_ARCHIVES)
