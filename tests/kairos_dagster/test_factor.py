"""`kairos factor`: a universe year's report is built where it is missing, and shown."""

import json
import os
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.errors import NotFoundError
from kairos.features.core import build
from kairos.features.registry import FEATURE_SETS
from kairos.models.ledger import seal_event
from kairos.settings import load_settings
from kairos.tables.factors import FACTOR_HORIZONS, FACTOR_REPORT
from kairos.tables.features import FEAT_PRICE_ACTION
from kairos.tables.market import DAILY_RETURNS, TICKERS
from kairos.tables.models import HOLDOUT_LEDGER
from kairos.tables.universe import MIDCAP_UNIVERSE
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos_dagster.factor import factor_step, known_feature, reported_year

SESSIONS = sessions_between(date(2013, 1, 1), date(2014, 12, 31))
OF_2014 = [day for day in SESSIONS if day.year == 2014]
NAMES = 9
NOW = datetime(2015, 1, 2, tzinfo=UTC)
BY = Commit("test")


def made_returns():
    rng = np.random.default_rng(6)
    rows = NAMES * len(SESSIONS)
    frame = pl.DataFrame(
        {
            "permaticker": np.repeat(np.arange(NAMES) + 1, len(SESSIONS)),
            "session": list(SESSIONS) * NAMES,
            "ret_cc": rng.normal(0, 0.02, rows),
            "ret_oc": rng.normal(0, 0.01, rows),
            "high_to_close": rng.exponential(0.01, rows),
            "low_to_close": -rng.exponential(0.01, rows),
            "dollar_volume": rng.exponential(1e6, rows),
            "closeunadj": 20.0,
            "ret_source": "closeadj",
            "is_delisting": False,
        }
    ).with_columns(ret_co=(1 + pl.col("ret_cc")) / (1 + pl.col("ret_oc")) - 1)
    return DAILY_RETURNS.conform(frame)


def filled(table, **columns):
    """Rows of a table, null in the columns that are not given."""
    rows = pl.DataFrame(columns)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in table.dtypes.items() if name not in columns]
    return table.conform(rows.with_columns(absent))


def fill(warehouse):
    returns, numbers = made_returns(), list(range(1, NAMES + 1))
    names = [f"T{number}" for number in numbers]
    for year in (2013, 2014):
        rows = returns.filter(pl.col("session").dt.year() == year)
        warehouse.replace(DAILY_RETURNS, rows, partition={"year": year}, commit=BY)
    features = build(FEATURE_SETS["feat_price_action"], returns, year=2014)
    warehouse.replace(FEAT_PRICE_ACTION, features, partition={"year": 2014}, commit=BY)
    members = filled(
        MIDCAP_UNIVERSE, universe_year=[2014] * NAMES, permaticker=numbers, ticker=names, entry=[OF_2014[0]] * NAMES,
        sector=["Energy"] * 4 + ["Utilities"] * 5, reason=["trading"] * NAMES,
    )  # fmt: skip
    warehouse.replace(MIDCAP_UNIVERSE, members, partition={"universe_year": 2014}, commit=BY)
    tickers = filled(
        TICKERS, permaticker=numbers, ticker=names, valid_from=[SESSIONS[0]] * NAMES, isdelisted=[False] * NAMES,
        source=["file"] * NAMES, known_at=[NOW] * NAMES, known_source=["assumed"] * NAMES,
    )  # fmt: skip
    warehouse.replace(TICKERS, tickers, partition={}, commit=BY)
    sealed = seal_event(HOLDOUT_LEDGER.empty(), OF_2014, universe_year=2014, length=40, now=NOW)
    warehouse.append_new(HOLDOUT_LEDGER, sealed, commit=BY)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with what the report reads, and without the report."""
    folder = tmp_path_factory.mktemp("factor")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("KAIROS_", "NASDAQ_"))]:
            patch.delenv(name)
        patch.setenv("KAIROS_HOME", str(folder))
        fill(Warehouse(load_settings().warehouse))
        yield folder


def shown(capsys, name="ret_5d", **changes):
    words = {"year": None, "horizon": 5, "as_json": False, "picture": None, "again": False, **changes}
    factor_step(name, **words)
    return capsys.readouterr().out


def test_a_missing_report_is_built_and_a_built_one_is_read(home, capsys, tmp_path):
    first = json.loads(shown(capsys, as_json=True, picture=tmp_path / "ret_5d.png"))
    warehouse = Warehouse(load_settings().warehouse)
    version = warehouse.version(FACTOR_REPORT)
    text = shown(capsys)

    assert warehouse.version(FACTOR_REPORT) == version
    assert (tmp_path / "ret_5d.png").read_bytes().startswith(b"\x89PNG")
    assert {row["feature"] for row in first} == {"ret_5d"}
    whole = {row["horizon"]: row for row in first if row["split"] == "all"}
    assert tuple(whole) == FACTOR_HORIZONS
    assert whole[5]["sessions"] == len(OF_2014) - 40 - 5
    assert {row["part"] for row in first if row["split"] == "sector"} == {"Energy", "Utilities"}
    assert "C[t] / C[t-5] - 1" in text
    assert f"Universe 2014, {len(OF_2014) - 41} sessions before the holdout" in text
    assert [line.split()[1] for line in text.splitlines() if line.strip().startswith("volatility")] == ["low", "middle", "high"]


def test_again_builds_it_anew(home, capsys):
    shown(capsys)
    commits = len(Warehouse(load_settings().warehouse).history(FACTOR_REPORT))

    assert "RankIC" in shown(capsys, again=True)
    assert len(Warehouse(load_settings().warehouse).history(FACTOR_REPORT)) == commits  # the same rows make no version


def test_an_unknown_feature_is_told_with_its_neighbours():
    with pytest.raises(NotFoundError, match=r"^no feature 'ret_5' among \d+; did you mean ret_5d, "):
        known_feature("ret_5")


def test_a_feature_whose_table_was_never_built_is_told(home, capsys):
    with pytest.raises(NotFoundError, match="rsi_14d: no rows of members in universe year 2014; build its feature table"):
        shown(capsys, "rsi_14d")


def test_a_universe_year_without_targets_is_told(home):
    assert reported_year(load_settings(), None) == 2014
    with pytest.raises(NotFoundError, match=r"universe year 2009: no targets; there are 2014\. Run `kairos targets`"):
        reported_year(load_settings(), 2009)


def test_a_home_without_targets_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="no universe year has targets yet; run `kairos universe`"):
        reported_year(load_settings(home=tmp_path / "bare"), None)


def test_a_horizon_that_is_not_reported_is_told(home, capsys):
    with pytest.raises(NotFoundError, match="--horizon 4: the report has 1, 2, 3, 5, 10, 21, 42, 63 sessions"):
        shown(capsys, horizon=4)
