from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kairos.errors import SourceError, WarehouseError
from kairos.sources.parse import parse
from kairos.sources.payloads import PayloadStore
from tests.kairos.sources.vendor_double import page, payload, sep_row

BYTES = page([sep_row("A")]) * 3


@pytest.fixture
def store(tmp_path):
    return PayloadStore(tmp_path)


def test_what_was_put_is_got(store):
    made = payload(BYTES)
    assert store.get(store.put(made), sha256=made.sha256) == BYTES


def test_an_empty_payload_is_kept_too(store):
    made = payload(b"")
    assert store.get(store.put(made), sha256=made.sha256) == b""


def test_a_payload_is_put_once(store, tmp_path):
    path = store.put(payload(BYTES))
    before = (tmp_path / path).stat()
    assert store.put(payload(BYTES)) == path
    assert (tmp_path / path).stat().st_mtime_ns == before.st_mtime_ns
    assert [file.name for file in (tmp_path / path).parent.iterdir()] == [(tmp_path / path).name]


@pytest.mark.parametrize("left", ["9-dead", "9-dead.lock"])
def test_a_payload_that_is_kept_already_clears_what_its_dead_writer_left(store, tmp_path, left):
    store.put(payload(BYTES))
    aside = tmp_path / "payloads" / ".aside"
    if left.endswith(".lock"):
        (aside / left).touch()
    else:
        (aside / left).mkdir()
    store.put(payload(BYTES))
    assert list(aside.iterdir()) == []


def test_the_id_depends_on_source_dataset_request_and_bytes_but_not_on_the_time():
    made = payload(BYTES)
    others = [replace(made, **{name: f"{getattr(made, name)}x"}) for name in ("source", "dataset", "request")]
    others.append(replace(made, content=BYTES + b"x"))
    assert len({made.payload_id, *(other.payload_id for other in others)}) == 5
    assert replace(made, fetched_at=made.fetched_at + timedelta(days=1)).payload_id == made.payload_id
    assert len(made.payload_id) == 32


def test_a_naive_time_is_refused():
    with pytest.raises(SourceError, match="no time zone"):
        replace(payload(BYTES), fetched_at=datetime(2025, 7, 25))


def test_changed_bytes_are_told(store, tmp_path):
    made = payload(BYTES)
    path = store.put(made)
    (tmp_path / path).write_bytes((tmp_path / store.put(payload(b"other"))).read_bytes())
    with pytest.raises(WarehouseError, match="was changed after it was stored"):
        store.get(path, sha256=made.sha256)


def test_a_torn_file_is_told_and_healed_by_the_same_payload(store, tmp_path):
    made = payload(BYTES)
    path = store.put(made)
    (tmp_path / path).write_bytes((tmp_path / path).read_bytes()[:-4])
    with pytest.raises(WarehouseError, match="cannot be read"):
        store.get(path, sha256=made.sha256)
    assert store.get(store.put(made), sha256=made.sha256) == BYTES


def test_a_missing_file_is_told(store):
    with pytest.raises(WarehouseError, match="cannot be read"):
        store.get("payloads/sep/aa/none.zst", sha256="0")


def test_a_store_that_cannot_write_says_so(tmp_path):
    (tmp_path / "payloads").write_text("a file where the folder should be")
    with pytest.raises(WarehouseError, match="could not be stored"):
        PayloadStore(tmp_path).put(payload(BYTES))


def test_a_payload_is_rebuilt_from_its_record(store):
    made = payload(page([sep_row("A")]))
    store.put(made)
    record = parse(made).payload_row.row(0, named=True)
    assert store.load(record) == made
    with pytest.raises(WarehouseError, match="row of raw_payloads was changed"):
        store.load({**record, "request": "another"})
