"""Three months of a vendor's real drops in any order: the same tables, each value known when its drop was out.

Reversed, they come through `kairos import`, in three parts that overlap; forwards and shuffled through the same engine
functions. What they corrected is counted a second time from the archives, in plain Python.
"""

import os
import random
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from kairos.calendar import FIRST_DATE, FixedClock, is_session, session_offset, sessions_between
from kairos.features.core import build
from kairos.features.registry import CORE_SETS
from kairos.frames import Frame, stack
from kairos.market.base import latest_versions
from kairos.market.cleaned import no_waivers
from kairos.market.corrections import corrections
from kairos.market.returns import daily_returns
from kairos.market.tickers import securities
from kairos.market.versions import build_versions
from kairos.sources.files import minted_permaticker, read_files
from kairos.sources.landing import land
from kairos.sources.payloads import PayloadStore
from kairos.tables.market import ACTIONS, SEP_BASE
from kairos.tables.raw import RAW_ACTIONS, RAW_TICKERS
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos_dagster.steps import CORE_FEATURES
from tests.journeys.equality import RECEIPT, RUN_METADATA, assert_equal_contents, contents
from tests.journeys.real_drops import Told, day_of, drops, out_at, told

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not drops(), reason="the real data is not beside the checkout")]

SOURCE = "drops"
YEAR = 2015
SEED = 20150824
NEVER = FixedClock(datetime(2031, 1, 1, tzinfo=UTC))  # drops bear the time of their name
MINUTE = timedelta(minutes=1)
INDEPENDENCE_DAY, LABOR_DAY = date(2015, 7, 3), date(2015, 9, 7)
ON_HOLIDAYS = {"AIRI": 2, "CBX": 1, "ETAK": 2, "LFVN": 2, "MAMS": 2, "QKLS": 2, "RDIB": 3, "XPLR": 2}


def kairos(*arguments: str) -> None:
    from kairos_dagster.cli import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["kairos", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code


def copies(folder: Path, archives: Sequence[Path]) -> str:
    folder.mkdir(parents=True)
    for archive in archives:
        shutil.copy(archive, folder)
    return str(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest drops first; each later import brings one again, the last one twice in different folders."""
    inbox, folder, archives = tmp_path_factory.mktemp("inbox"), tmp_path_factory.mktemp("home"), drops()
    parts = [[archives[43:]], [[*archives[21:43], archives[50]]], [archives[:21], [archives[5], archives[30]]]]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("KAIROS_")]:
            patch.delenv(name)
        patch.setenv("KAIROS_HOME", str(folder))
        for number, part in enumerate(parts):
            folders = [copies(inbox / f"{number}{place}", chosen) for place, chosen in enumerate(part)]
            kairos("import", *folders, "--dataset", "sep", "--source", SOURCE)
        kairos("features", *CORE_FEATURES)
    return folder


@pytest.fixture(scope="module")
def tables(home: Path) -> dict[str, Frame]:
    return contents(home)


@pytest.fixture(scope="module")
def by_hand() -> Told:
    return told(drops())


def orders(folder: Path) -> dict[str, list[Path]]:
    shuffled = drops()
    random.Random(SEED).shuffle(shuffled)
    copies(folder / "again", shuffled[:3])
    again = sorted((folder / "again").iterdir())
    return {"forwards": drops(), "shuffled, three of them twice": [*shuffled, *again]}


def by_engine(archives: Sequence[Path], folder: Path) -> dict[str, Frame]:
    """The tables that the assets fill, and what their steps keep account of."""
    landed = land(read_files(archives, "sep", source=SOURCE, clock=NEVER), PayloadStore(folder))
    spans = landed.rows.group_by("source", "ticker").agg(first_date=pl.col("date").min(), last_date=pl.col("date").max())
    tickers = securities(RAW_TICKERS.empty(), RAW_ACTIONS.empty(), spans)
    prices = build_versions(landed.rows, RAW_TICKERS.empty(), year=YEAR, waivers=no_waivers())
    assert landed.rows.height == prices.rows.height + prices.rejected + prices.repeated
    loaded = sessions_between(FIRST_DATE, landed.rows["date"].max())
    returns = daily_returns(prices.rows, ACTIONS.empty(), tickers, year=YEAR, sessions_loaded=loaded)
    features = {name: build(features, returns.rows, year=YEAR) for name, features in CORE_SETS.items()}
    made = {
        "raw_payloads": landed.payload_rows,
        "raw_sep_bulk": landed.rows,
        "tickers": tickers,
        "sep_versions": prices.rows,
        "sep_base": latest_versions(prices.rows),
        "corrections": corrections(prices.rows),
        "daily_returns": returns.rows,
        "quarantine": stack(landed.rejects, prices.quarantine, returns.quarantine),
        **features,
    }
    return {name: frame.drop(*RECEIPT, *RUN_METADATA, strict=False).sort(pl.all()) for name, frame in made.items()}


@pytest.mark.parametrize("order", ["forwards", "shuffled, three of them twice"])
def test_the_order_of_the_drops_does_not_matter(tables, order, tmp_path):
    made = by_engine(orders(tmp_path)[order], tmp_path / "payloads")
    chosen = {name: frame.select(made[name].columns) for name, frame in tables.items() if name in made}
    assert_equal_contents(chosen, made)


def test_every_drop_is_kept_once(home, tables):
    payloads = Warehouse(home / "warehouse").read(TABLES["raw_payloads"])
    received = dict(payloads.select("request", "fetched_at").iter_rows())
    assert {request.partition("?")[0]: at for request, at in received.items()} == {f"file/{d.name}": out_at(d) for d in drops()}
    assert tables["raw_payloads"]["rejected"].sum() == 0


def test_every_line_is_a_row_or_stands_in_quarantine(home, tables, by_hand):
    assert tables["raw_sep_bulk"].height == tables["raw_payloads"]["rows"].sum() == by_hand.lines
    details = tables["quarantine"].filter(pl.col("action") == "row_rejected")["detail"]
    rejected = set(zip(details.str.json_path_match("$.ticker"), details.str.json_path_match("$.session"), strict=True))
    kept = set(tables["sep_base"].select("ticker", "session").iter_rows())
    assert {key for key in by_hand.seen if key not in kept} <= {(name, date.fromisoformat(day)) for name, day in rejected}
    assert kept <= set(by_hand.seen)


def test_what_was_set_aside_is_known_by_reason(tables, by_hand):
    counts = dict(tables["quarantine"].filter(action="row_rejected").group_by("reason").len().iter_rows())
    assert counts == {"duplicate_row": by_hand.twice, "not_a_session": 16, "bad_print": 13}
    assert by_hand.twice == 94


def test_rows_dated_on_a_holiday_are_set_aside_by_name(tables):
    holidays = tables["quarantine"].filter(reason="not_a_session")["detail"]
    assert dict(holidays.str.json_path_match("$.ticker").value_counts().iter_rows()) == ON_HOLIDAYS
    assert set(holidays.str.json_path_match("$.session")) == {str(INDEPENDENCE_DAY), str(LABOR_DAY)}
    assert tables["sep_base"].filter(pl.col("session").is_in([INDEPENDENCE_DAY, LABOR_DAY])).is_empty()


def test_no_session_is_missing_where_a_drop_is(tables, by_hand):
    sessions = sessions_between(date(2015, 6, 30), date(2015, 9, 30))
    counts = dict(tables["sep_base"].group_by("session").len().iter_rows())
    assert tuple(sorted(counts)) == sessions
    assert LABOR_DAY not in {day_of(drop) for drop in drops()}
    for day in (date(2015, 9, 4), date(2015, 9, 8)):
        assert counts[day] >= 0.99 * len({symbol for symbol, on in by_hand.seen if on == day})


def changed(tables, column):
    rows = tables["corrections"].filter(pl.col("column_name") == column)
    kept = rows.select("ticker", "session", "old_value", "new_value", "known_at")
    return {(name, day): (old, new, at) for name, day, old, new, at in kept.iter_rows()}


@pytest.mark.parametrize(("ours", "theirs", "number"), [("close", "close", 9), ("closeadj", "adj_close", 1807)])
def test_corrections_are_what_the_archives_say(tables, by_hand, ours, theirs, number):
    expected = {key: (old, new, out_at(drop)) for key, (old, new, drop) in by_hand.changes(theirs).items()}
    assert len(expected) == number
    misprints = tables["quarantine"].filter(reason="bad_print")["detail"]
    set_aside = set(zip(misprints.str.json_path_match("$.ticker"), misprints.str.json_path_match("$.session"), strict=True))
    seen = {key: value for key, value in expected.items() if (key[0], str(key[1])) not in set_aside and is_session(key[1])}
    assert set(expected) - set(seen) == {("CSB", date(2015, 7, 14))}
    assert changed(tables, ours) == seen


def test_dividends_are_told_apart_from_corrected_closes(tables, by_hand):
    rows = tables["corrections"]
    closes = set(rows.filter(column_name="close").select("ticker", "session").iter_rows())
    adjusted = rows.filter(column_name="closeadj").with_columns(pl.struct("ticker", "session").alias("key"))
    kinds = {(row["ticker"], row["session"]): row["kind"] for row in adjusted.to_dicts()}
    assert {key for key, kind in kinds.items() if kind == "correction"} == closes
    assert set(kinds.values()) == {"correction", "readjustment"}
    assert set(rows.filter(column_name="volume")["kind"]) == {"correction"}


def test_a_correction_comes_a_session_after_the_price(tables):
    assert tables["corrections"]["sessions_late"].unique().to_list() == [1]


@pytest.mark.parametrize("day", [date(2015, 7, 2), date(2015, 8, 24), date(2015, 9, 8), date(2015, 9, 30)])
def test_a_drop_is_seen_from_noon_of_the_next_day_and_no_sooner(home, by_hand, day):
    warehouse = Warehouse(home / "warehouse")
    (drop,) = [drop for drop in drops() if day_of(drop) == day]
    of_day = pl.col("session") == day
    assert warehouse.as_of(SEP_BASE, out_at(drop) - timedelta(seconds=1), where=of_day).is_empty()
    seen = warehouse.as_of(SEP_BASE, out_at(drop), where=of_day)
    told_then = {key[0]: dict(bars)[drop] for key, bars in by_hand.seen.items() if key[1] == day and drop in dict(bars)}
    bars = {row["ticker"]: row for row in seen.to_dicts()}
    assert len(bars) >= 0.99 * len(told_then)
    wrong = [
        name
        for name, bar in bars.items()
        if any(
            bar[ours] != told_then[name][theirs]
            for ours, theirs in (("close", "close"), ("closeadj", "adj_close"), ("closeunadj", "close"), ("volume", "volume"))
        )
    ]
    assert wrong == []


def test_the_crash_of_august_is_there(home, by_hand):
    day = date(2015, 8, 24)
    warehouse = Warehouse(home / "warehouse")
    noon = out_at(next(drop for drop in drops() if day_of(drop) == day))
    closes = warehouse.as_of(SEP_BASE, noon).select("ticker", "session", "close")
    before, then = (
        closes.filter(session=on).rename({"close": str(on)}).drop("session") for on in (session_offset(day, -1), day)
    )
    moves = before.join(then, on="ticker").select(pl.col(str(day)) / pl.col(str(session_offset(day, -1))) - 1).to_series()
    assert moves.len() > 2900
    assert moves.median() == pytest.approx(-0.035, abs=0.01)


def test_a_corrected_close_changes_at_its_receipt(home, tables, by_hand):
    warehouse = Warehouse(home / "warehouse")
    for (name, day), (old, new, at) in changed(tables, "close").items():
        of_key = (pl.col("session") == day) & (pl.col("permaticker") == minted_permaticker(SOURCE, name))
        seen = [warehouse.as_of(SEP_BASE, instant, where=of_key)["close"].to_list() for instant in (at - MINUTE, at)]
        assert seen == [[old], [new]]
