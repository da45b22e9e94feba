"""What each consumer partition reads, and frames through the I/O manager of a user's own plain Dagster assets."""

from datetime import date

import dagster as dg
import polars as pl
import pytest

from assets.partitions import universe_years, years
from kairos.errors import ContractError, NotFoundError
from kairos.tables import market, raw, universe
from kairos.tables.market import MV_LIQUIDITY_60D
from resources.table_io import ALL_DAYS, Read, partition_of

LIQUIDITY = Read(MV_LIQUIDITY_60D)


def years_read(table_io, read, *, consumer, key):
    rows = table_io.load(read, consumer=consumer, key=key, versions=table_io.versions((read,)))
    return rows["session"].dt.year().unique().sort().to_list()


@pytest.mark.parametrize(
    ("read", "consumer", "expected"),
    [
        (LIQUIDITY, market.DAILY_RETURNS, [2015]),
        (Read(MV_LIQUIDITY_60D, years_back=2), market.DAILY_RETURNS, [2013, 2014, 2015]),
        (LIQUIDITY, universe.MIDCAP_UNIVERSE, [2015, 2016]),
        (Read(MV_LIQUIDITY_60D, years_back=1), universe.MIDCAP_UNIVERSE, [2014, 2015, 2016]),
        (Read(MV_LIQUIDITY_60D, years_back=1, to_the_end=False), universe.MID_CAP_XX, [2014, 2015]),
    ],
    ids=["own year", "two years back", "to the last year", "from the year before", "no year after its own"],
)
def test_a_partition_reads_the_years_it_asks_for(table_io, fill, read, consumer, expected):
    fill.liquidity(2012, 2013, 2014, 2015, 2016)
    assert years_read(table_io, read, consumer=consumer, key="2015") == expected


def test_a_table_without_partitions_reads_the_whole(table_io, fill):
    fill.liquidity(2012, 2016)
    assert years_read(table_io, LIQUIDITY, consumer=market.TICKERS, key="") == [2012, 2016]


@pytest.mark.parametrize(("days", "expected"), [(15, [date(2014, 12, 20), date(2015, 5, 1)]), (ALL_DAYS, None)])
def test_a_year_reads_raw_rows_dated_around_it(table_io, fill, days, expected):
    dated = [date(2013, 5, 1), date(2014, 12, 20), date(2015, 5, 1), date(2016, 1, 17)]
    fill.raw_prices(*dated)
    read = Read(raw.RAW_SEP, neighbour_days=days)
    rows = table_io.load(read, consumer=market.SEP_VERSIONS, key="2015", versions=table_io.versions((read,)))
    assert rows["date"].sort().to_list() == (expected or dated)


def test_a_session_reads_the_payloads_fetched_for_it(table_io, fill):
    fill.payloads(date(2018, 7, 2), date(2018, 7, 3), None)
    read = Read(raw.RAW_PAYLOADS)
    rows = table_io.load(read, consumer=raw.RAW_SEP, key="2018-07-03", versions=table_io.versions((read,)))
    assert rows["payload_id"].to_list() == ["p2018-07-03"]


def test_what_was_written_after_the_versions_were_taken_is_not_read(table_io, fill):
    fill.liquidity(2015, value=1.0)
    versions = table_io.versions((LIQUIDITY,))
    fill.liquidity(2015, value=2.0)
    rows = table_io.load(LIQUIDITY, consumer=market.DAILY_RETURNS, key="2015", versions=versions)
    assert rows["avg_dollar_vol_60d"].unique().to_list() == [1.0]


def test_a_table_that_had_no_version_is_read_as_empty(table_io, fill):
    versions = table_io.versions((LIQUIDITY,))
    fill.liquidity(2015)
    assert table_io.load(LIQUIDITY, consumer=market.DAILY_RETURNS, key="2015", versions=versions).is_empty()


def test_a_key_that_is_no_year_is_refused():
    with pytest.raises(NotFoundError, match="'2014-07-03' is no year"):
        partition_of(MV_LIQUIDITY_60D, "2014-07-03")


SEP_BASE = dg.AssetSpec("sep_base", partitions_def=years)


def users_asset(made=None, *, partitions_def=years):
    @dg.asset(partitions_def=partitions_def, backfill_policy=dg.BackfillPolicy.single_run())
    def mv_liquidity_60d(sep_base: pl.DataFrame):
        if made is not None:
            return made
        sums = {"avg_dollar_vol_60d": "close", "median_dollar_vol_60d": "close"}
        return sep_base.select(
            "permaticker", "session", **{name: pl.col(column) for name, column in sums.items()}, zero_volume_days_60d=0
        )

    return mv_liquidity_60d


def run(asset, manager, **how):
    return dg.materialize(
        [SEP_BASE, asset],
        resources={"io_manager": manager},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
        **how,
    )


def over(first, last):
    return {"tags": {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}}


def failure(result):
    return " ".join(event.step_failure_data.error.to_string() for event in result.all_events if event.is_step_failure)


def test_a_users_asset_takes_its_partition_and_replaces_it(platform, manager, fill):
    fill.prices(2014, 2015)
    fill.liquidity(2014, 2015)
    assert run(users_asset(), manager, partition_key="2015").success
    written = platform.warehouse.read(MV_LIQUIDITY_60D)
    assert written.select("session", "avg_dollar_vol_60d").rows() == [
        (date(2014, 6, 3), 1.0),
        (date(2014, 6, 4), 1.0),
        (date(2015, 6, 3), 10.0),
    ]


def test_a_users_asset_fills_a_range_of_partitions_in_one_run(platform, manager, fill):
    fill.prices(2013, 2014, 2015)
    assert run(users_asset(), manager, **over("2013", "2015")).success
    assert platform.warehouse.read(MV_LIQUIDITY_60D)["session"].dt.year().to_list() == [2013, 2014, 2015]


def test_what_a_users_asset_read_stands_in_its_commit(platform, manager, fill):
    fill.prices(2014, 2015)
    run(users_asset(), manager, partition_key="2015")
    (_, commit), *_ = platform.warehouse.history(MV_LIQUIDITY_60D)
    assert (commit.partition, dict(commit.reads)) == ("2015", {"sep_base": 1})


def test_a_table_never_written_comes_as_an_empty_frame(platform, manager):
    assert run(users_asset(), manager, partition_key="2015").success
    assert platform.warehouse.read(MV_LIQUIDITY_60D).is_empty()


def test_rows_outside_the_runs_partitions_are_refused(platform, manager, fill):
    fill.prices(2013, 2015)
    made = platform.warehouse.read(market.SEP_BASE).select(
        "permaticker", "session", avg_dollar_vol_60d=1.0, median_dollar_vol_60d=1.0, zero_volume_days_60d=0
    )
    result = run(users_asset(made), manager, **over("2014", "2015"))
    assert "1 row(s) lie outside the partition(s) 2014, 2015; nothing was written" in failure(result)
    assert platform.warehouse.version(MV_LIQUIDITY_60D) is None


def test_what_is_no_frame_is_refused(manager, fill):
    fill.prices(2015)
    assert "returned dict, expected a polars DataFrame" in failure(run(users_asset({"a": 1}), manager, partition_key="2015"))


def test_rows_that_break_the_contract_leave_the_partition_as_it_was(platform, manager, fill):
    fill.prices(2015)
    fill.liquidity(2015)
    made = platform.warehouse.read(MV_LIQUIDITY_60D).with_columns(avg_dollar_vol_60d=-1.0)
    assert "greater_than_or_equal_to(0)" in failure(run(users_asset(made), manager, partition_key="2015"))
    assert platform.warehouse.read(MV_LIQUIDITY_60D)["avg_dollar_vol_60d"].to_list() == [1.0, 1.0]


def test_an_asset_of_no_registered_name_is_told_so(manager):
    @dg.asset
    def sep_bsae() -> pl.DataFrame:
        return pl.DataFrame({"a": [1]})

    result = dg.materialize([sep_bsae], resources={"io_manager": manager}, raise_on_error=False)
    assert "did you mean sep_base" in failure(result)


def test_a_universe_year_asset_reads_all_years_of_a_yearly_table(platform, manager, fill):
    fill.prices(2014, 2015)
    rows = []

    @dg.asset(
        partitions_def=universe_years,
        ins={"sep_base": dg.AssetIn(partition_mapping=dg.AllPartitionMapping())},
    )
    def mine(sep_base: pl.DataFrame) -> None:
        rows.append(sep_base.height)

    assert run(mine, manager, partition_key="2015").success
    assert rows == [2]


def test_the_contract_error_is_one_users_can_read(table_io):
    with pytest.raises(ContractError, match=r"mv_liquidity_60d: missing column\(s\)"):
        table_io.replace(
            MV_LIQUIDITY_60D,
            pl.DataFrame({"a": [1]}),
            None,
            key="2015",
            commit=table_io.commit("x", run_id="r", key="2015", reads={}),
        )
