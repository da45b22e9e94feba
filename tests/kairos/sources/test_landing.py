import pytest

from kairos.errors import SourceError
from kairos.sources.landing import land
from kairos.sources.parse import parse
from kairos.sources.payloads import PayloadStore
from kairos.tables.raw import QUARANTINE, RAW_PAYLOADS, RAW_SEP
from tests.kairos.sources.vendor_double import page, payload, sep_row

PULL = [payload(page([sep_row("A"), sep_row("B", "never")])), payload(page([sep_row("C")]))]


@pytest.fixture
def store(tmp_path):
    return PayloadStore(tmp_path)


def test_a_pull_is_recorded_payload_by_payload_and_each_once(store):
    records = RAW_PAYLOADS.validate(land([*PULL, PULL[0]], store).payload_rows)
    assert records.select("dataset", "rows", "rejected").rows() == [("sep", 1, 1), ("sep", 1, 0)]


def test_all_rows_and_rejects_of_a_pull_are_gathered(store):
    landed = land(PULL, store)
    assert RAW_SEP.validate(landed.rows)["ticker"].to_list() == ["A", "C"]
    assert QUARANTINE.validate(landed.rejects)["reason"].to_list() == ["unreadable_date"]


def test_the_kept_bytes_give_the_same_rows_again(store):
    landed = land(PULL, store)
    again = [parse(store.load(record)).rows for record in landed.payload_rows.iter_rows(named=True)]
    assert again[0].vstack(again[1]).equals(landed.rows)


def test_bytes_are_kept_even_if_they_cannot_be_read(store):
    broken = payload(b"<html>")
    with pytest.raises(SourceError, match="web page"):
        land([broken], store)
    assert store.get(broken.path, sha256=broken.sha256) == b"<html>"


def test_datasets_are_not_mixed(store):
    daily = page(
        [["A", "2025-07-24", None, 1, 1, 1, 1, 1, 1, 1]],
        names=["ticker", "date", "lastupdated", "ev", "a", "b", "marketcap", "pb", "pe", "ps"],
    )
    with pytest.raises(SourceError, match="daily and sep together"):
        land([*PULL, payload(daily, "daily")], store)


def test_no_payload_at_all_is_an_error(store):
    with pytest.raises(SourceError, match="no payload came"):
        land([], store)
