"""The edges of the graph say which partitions are read."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from assets.partitions import DEFINITIONS, edge
from kairos.tables import market, matrix, models, raw, universe
from resources.table_io import Read

NOW = datetime(2018, 3, 15, tzinfo=UTC)


def upstream(read, consumer, key):
    mapping = edge(read, consumer).partition_mapping
    downstream = DEFINITIONS[consumer.partition]
    with dg.partition_loading_context(effective_dt=NOW):
        found = mapping.get_upstream_mapped_partitions_result_for_partitions(
            downstream.subset_with_partition_keys([key]), downstream, DEFINITIONS[read.table.partition], NOW
        )
        return list(found.partitions_subset.get_partition_keys())


@pytest.mark.parametrize(
    ("read", "consumer", "key", "expected"),
    [
        (Read(market.SEP_VERSIONS), market.SEP_BASE, "2016", ["2016"]),
        (Read(market.SEP_VERSIONS, years_back=1), market.DAILY_RETURNS, "2016", ["2015", "2016"]),
        (Read(market.DAILY_RETURNS, years_back=2), market.MV_LIQUIDITY_60D, "1998", ["1997", "1998"]),
        (Read(universe.MIDCAP_UNIVERSE), matrix.FEAT_MATRIX_COMPLETE, "2014", ["2014"]),
        (Read(matrix.FEAT_MATRIX_TARGETS), models.MODELS, "2014", ["2014"]),
    ],
)
def test_a_partition_depends_on_the_years_it_reads(read, consumer, key, expected):
    assert upstream(read, consumer, key) == expected


def test_a_year_depends_on_its_sessions():
    days = upstream(Read(raw.RAW_SEP), market.SEP_VERSIONS, "2016")
    # Dagster lets the window of the last session before a holiday run to the next session
    assert (days[0], days[1], days[-1]) == ("2015-12-31", "2016-01-04", "2016-12-30")


def test_the_running_year_depends_on_its_sessions_so_far():
    days = upstream(Read(raw.RAW_SEP), market.SEP_VERSIONS, "2018")
    assert days[-1] == "2018-03-14"


def test_a_universe_year_depends_on_every_year_of_a_yearly_table():
    years = upstream(Read(market.DAILY_RETURNS), universe.MIDCAP_UNIVERSE, "2014")
    assert (years[0], years[-1]) == ("1997", "2018")
