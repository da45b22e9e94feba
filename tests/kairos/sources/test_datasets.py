import pytest

from kairos.errors import SourceError
from kairos.sources.datasets import BOOKKEEPING, DATASETS, dataset_named, require_expected


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_every_column_named_by_a_dataset_is_one_of_its_table(dataset):
    named = {*dataset.key, *dataset.required, *dataset.expected, *dataset.rejecting, *dataset.aliases}
    assert named <= set(dataset.dtypes)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_delivered_and_added_columns_make_up_the_raw_table(dataset):
    assert {*BOOKKEEPING, *dataset.dtypes} == set(dataset.table.columns)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_what_every_row_must_fill_is_required_and_rejects(dataset):
    assert set(dataset.never_null) <= set(dataset.required) & set(dataset.rejecting) & set(dataset.expected)


def test_an_unknown_dataset_is_refused_with_the_known_ones():
    with pytest.raises(SourceError, match="'sf2': unknown; expected one of sep, tickers, actions, daily, fmp_income_statement"):
        dataset_named("sf2")


def test_a_missing_column_is_named():
    with pytest.raises(SourceError, match="closeunadj missing from SHARADAR/SEP; found ticker"):
        require_expected(
            ["ticker", *(n for n in DATASETS["sep"].expected if n != "closeunadj")], dataset=DATASETS["sep"], where="p"
        )
