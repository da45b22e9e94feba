"""Every quirk of the real price files, by name and count: set aside with its reason, or let through by a person's word.

The files come through the file source and all their years through the rules, as an import takes them. In all of them raw
rows are kept, rejected or repeated, and nothing else. Skipped where the files are absent.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from kairos.calendar import FIRST_DATE, FixedClock, is_session, sessions_between
from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.market.cleaned import no_waivers
from kairos.market.corrections import corrections
from kairos.market.returns import daily_returns
from kairos.market.tickers import securities
from kairos.market.versions import build_versions
from kairos.market.waivers import WAIVERS_FILE, read_waivers
from kairos.sources.files import read_files
from kairos.sources.parse import parse
from kairos.tables.market import ACTIONS
from kairos.tables.raw import RAW_ACTIONS, RAW_TICKERS

PRICES = Path(__file__).parents[3].parent / "shared" / "data" / "prices"
RECEIVED = datetime(2018, 3, 1, tzinfo=UTC)
SYMBOL = {"ticker": "symbol"}
MAPPINGS = {
    "us_daily_google_2000_2017": SYMBOL,
    "us_daily_yahoo_2012_2017": SYMBOL | {"closeadj": "adj_close"},
    "us_daily_pit_2015_2017": SYMBOL | {"closeadj": "adj_close", "closeunadj": "close"},
}
GOOGLE, YAHOO, PIT = MAPPINGS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PRICES.is_dir(), reason="the real data is not beside the checkout")]


@dataclass(frozen=True)
class Taken:
    """One file through parsing and the rules, all its years."""

    sent: Frame
    raw: Frame
    kept: Frame
    quarantine: Frame
    repeated: int

    @property
    def rejected(self) -> Frame:
        return self.quarantine.filter(action="row_rejected")

    def names(self, reason: str) -> Frame:
        """Ticker, session and the row's number of what was set aside for a reason."""
        found = self.quarantine.filter(reason=reason)
        return found.select(
            pl.col("detail").str.json_path_match("$.ticker").alias("ticker"),
            pl.col("detail").str.json_path_match("$.session").str.to_date().alias("session"),
            "row",
        )


def read(file: Path, mapping: dict[str, str], *, at: datetime = RECEIVED):
    (payload,) = read_files([file], "sep", mapping=mapping, source="mine", clock=FixedClock(at))
    return parse(payload)


def by_year(raw: Frame, *, waivers: Frame):
    for year in sorted(raw["date"].dt.year().unique()):
        near = pl.col("date").is_between(date(year, 1, 1) - timedelta(15), date(year, 12, 31) + timedelta(15))
        yield build_versions(raw.filter(near), RAW_TICKERS.empty(), year=year, waivers=waivers)


@cache
def taken(name: str) -> Taken:
    parsed = read(PRICES / f"{name}.parquet", MAPPINGS[name])
    years = list(by_year(parsed.rows, waivers=no_waivers()))
    return Taken(
        sent=pl.read_parquet(PRICES / f"{name}.parquet").with_row_index("row"),
        raw=parsed.rows,
        kept=stack(*(found.rows for found in years)),
        quarantine=stack(parsed.rejects, *(found.quarantine for found in years)),
        repeated=sum(found.repeated for found in years),
    )


def reasons(rows: Frame) -> dict[str, int]:
    return dict(rows.group_by("reason").len().iter_rows())


@pytest.mark.parametrize("name", MAPPINGS)
def test_every_row_is_kept_rejected_or_repeated(name):
    file = taken(name)
    assert file.sent.height == file.raw.height == file.kept.height + file.rejected.height + file.repeated
    numbers = file.kept["row"].append(file.rejected["row"])
    assert numbers.n_unique() == numbers.len() == file.sent.height - file.repeated


@pytest.mark.parametrize(
    ("name", "rejected", "nulled"),
    [
        (
            GOOGLE,
            {"bad_print": 239, "not_a_session": 30, "partial_session": 67},
            {"nonpositive_price": 10_697, "ohlc_order": 7547},
        ),
        (
            YAHOO,
            {"partial_session": 231, "missing_close": 2, "conflicting_duplicate": 2, "duplicate_row": 1},
            {"ohlc_order": 14},
        ),
        (PIT, {"bad_print": 5}, {}),
    ],
)
def test_what_is_set_aside_is_counted_by_reason(name, rejected, nulled):
    file = taken(name)
    assert reasons(file.rejected) == rejected
    assert reasons(file.quarantine.filter(action="value_nulled")) == nulled
    assert file.repeated == 0


@pytest.mark.parametrize(("column", "zeros"), [("open", 10_715), ("high", 4576), ("low", 4578)])
def test_a_zero_price_is_missing_and_never_a_price(column, zeros):
    file = taken(GOOGLE)
    zero = file.sent.filter(pl.col(column) == 0)
    assert zero.height == zeros
    kept = file.kept.filter(pl.col("row").is_in(zero["row"].implode()))
    assert kept[column].null_count() == kept.height
    assert kept.height + file.rejected.filter(pl.col("row").is_in(zero["row"].implode())).height == zeros
    told = set(file.names("nonpositive_price")["row"]) | set(file.rejected["row"])
    assert set(zero["row"]) <= told


def test_a_volume_of_zero_is_a_volume():
    file = taken(GOOGLE)
    still = file.sent.filter(pl.col("volume") == 0)["row"]
    assert still.len() == 13_488
    kept = file.kept.filter(pl.col("row").is_in(still.implode()))
    assert set(kept["volume"]) == {0.0}
    assert kept.height + file.rejected.filter(pl.col("row").is_in(still.implode())).height == still.len()


def test_bars_out_of_order_lose_what_cannot_be_and_keep_their_close():
    file = taken(GOOGLE)
    broken = file.names("ohlc_order")["row"].implode()
    bars = file.kept.filter(pl.col("row").is_in(broken))
    assert bars.select(pl.any_horizontal(pl.col("open", "high", "low").is_null()).all()).item()
    assert bars["close"].null_count() == 0


def test_bad_prints_by_name():
    assert dict(taken(GOOGLE).names("bad_print").group_by("ticker").len().iter_rows()) == {
        "BBH": 165, "M": 20, "RIO": 20, "SNV": 20, "HPQ": 5, "KGC": 2, "HA": 2, "KEM": 1, "THC": 1, "FTS": 1, "PLD": 1,
        "HMNY": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ticker", "day", "source"),
    [
        ("BRCD", date(2003, 1, 2), "break"),  # to a hundredth, and back
        ("BRCD", date(2007, 6, 27), "break"),
        ("HMNY", date(2004, 1, 9), "break"),  # fourteen times the only bar of the year before
        ("FDT", date(2011, 4, 19), "first"),  # 250 times, but years after the symbol's last bar: another security
    ],
)
def test_jumps_that_stay_make_no_return(ticker, day, source):
    rows = taken(GOOGLE).kept.filter(pl.col("session").dt.year().is_between(day.year - 1, day.year), ticker=ticker)
    spans = rows.group_by("source", "ticker").agg(first_date=pl.col("session").min(), last_date=pl.col("session").max())
    tickers = securities(RAW_TICKERS.empty(), RAW_ACTIONS.empty(), spans)
    loaded = sessions_between(date(day.year - 1, 1, 1), date(day.year, 12, 31))
    made = daily_returns(rows, ACTIONS.empty(), tickers, year=day.year, sessions_loaded=loaded)
    assert made.rows.filter(session=day).select("ret_cc", "ret_source").rows() == [(0.0 if source == "break" else None, source)]
    named = made.quarantine.filter(reason="scale_break")["detail"].str.json_path_match("$.session").to_list()
    assert (str(day) in named) == (source == "break")


def test_a_preferred_share_under_its_common_share_s_symbol():
    by_name = taken(PIT).names("bad_print").sort("ticker", "session").select("ticker", "session").rows()
    days = [date(2016, 11, day) for day in (22, 23, 25, 28)]
    assert by_name == [*(("NEE", day) for day in days), ("VNO", date(2015, 6, 30))]


def test_rows_on_holidays_by_name():
    found = taken(GOOGLE).names("not_a_session")
    assert dict(found.group_by("ticker").len().iter_rows()) == {"GGN": 15, "LOV": 15}
    assert not any(is_session(day) for day in found["session"])


@pytest.mark.parametrize(("name", "last", "rows"), [(YAHOO, date(2017, 12, 6), 231), (GOOGLE, date(2017, 12, 11), 67)])
def test_the_unfinished_last_session_is_set_aside_whole(name, last, rows):
    file = taken(name)
    gone = file.names("partial_session")
    assert set(gone["session"]) == {last}
    assert gone.height == rows == file.sent.filter(pl.col("date") == last).height
    assert file.kept.filter(session=last).is_empty()


def test_doubled_last_dates_and_null_bars_by_name():
    file = taken(YAHOO)
    assert file.names("missing_close").sort("ticker").select("ticker", "session").rows() == [
        ("ESS", date(2015, 8, 25)),
        ("MMC", date(2015, 4, 28)),
    ]
    assert file.names("conflicting_duplicate").select("ticker", "session").rows() == [("COH", date(2017, 10, 30))] * 2
    assert file.names("duplicate_row").select("ticker", "session").rows() == [("LVLT", date(2017, 10, 31))]
    assert file.kept.filter(ticker="LVLT", session=date(2017, 10, 31)).height == 1
    assert file.kept.filter(ticker="COH", session=date(2017, 10, 30)).height == 0


@pytest.mark.parametrize(
    ("name", "reason", "ticker"),
    [(GOOGLE, "bad_print", "HPQ"), (YAHOO, "partial_session", "AAL"), (GOOGLE, "ohlc_order", "HPQ")],
)
def test_a_waiver_lets_its_rows_through_and_no_other(name, reason, ticker, tmp_path):
    file = taken(name)
    named = file.names(reason).filter(ticker=ticker).sort("session")
    year = named["session"][0].year
    named = named.filter(pl.col("session").dt.year() == year)
    lines = [f"{ticker},{day},{reason}" for day in named["session"]]
    (tmp_path / WAIVERS_FILE).write_text("\n".join(["ticker,session,reason", *lines, ""]))
    near = file.raw.filter(pl.col("date").is_between(date(year, 1, 1) - timedelta(15), date(year, 12, 31) + timedelta(15)))
    waived = build_versions(near, RAW_TICKERS.empty(), year=year, waivers=read_waivers(tmp_path))
    before = file.quarantine.filter((pl.col("writer") == "sep_versions") & (pl.col("year") == year))
    gone = before.join(waived.quarantine, on=["row", "reason"], how="anti").select("row", "reason").sort("row")
    assert gone.rows() == [(row, reason) for row in sorted(named["row"])]
    assert waived.quarantine.join(before, on=["row", "reason"], how="anti").is_empty()
    kept = waived.rows.filter(pl.col("row").is_in(named["row"].implode()))
    sent = file.sent.filter(pl.col("row").is_in(named["row"].implode()))
    assert kept.sort("row")["close"].cast(pl.Float32).to_list() == sent["close"].to_list()


@pytest.mark.parametrize("name", ["sp500_20stocks_adjclose_to_2017", "factor_etfs_adjclose_to_2017"])
def test_a_table_with_a_column_for_each_name_is_refused(name):
    with pytest.raises(SourceError, match=r"column\(s\) ticker, .*close of sep missing"):
        read(PRICES / f"{name}.parquet", {})


def test_a_history_older_than_the_calendar_is_set_aside_up_to_it(tmp_path):
    wide = pl.read_parquet(PRICES / "sp500_20stocks_adjclose_to_2017.parquet")
    day = wide.columns[0]
    long = wide.unpivot(index=day, variable_name="ticker", value_name="close").rename({day: "date"})
    long.with_columns(pl.col("date").cast(pl.Date)).write_parquet(tmp_path / "long.parquet")
    parsed = read(tmp_path / "long.parquet", {})
    old = long.filter(pl.col("date").cast(pl.Date) < FIRST_DATE).height
    assert old > 10_000
    assert reasons(parsed.rejects) == {"before_calendar": old}
    assert parsed.rows.height + old == long.height
    assert parsed.rows["date"].min() == FIRST_DATE


class TestTheSameRowsAgain:
    """What is delivered once more, in the same form, in another, or with a row that has changed."""

    LATER = RECEIVED + timedelta(days=30)
    YEAR = 2016

    @pytest.fixture(scope="class")
    def sent(self):
        of_year = pl.col("date").dt.year() == self.YEAR
        return pl.read_parquet(PRICES / f"{PIT}.parquet").filter(of_year).drop("first_seen", "last_seen")

    @pytest.fixture(scope="class")
    def first(self, sent, tmp_path_factory):
        file = tmp_path_factory.mktemp("first") / "a.parquet"
        sent.write_parquet(file)
        return file

    def build(self, *raw: Frame):
        return build_versions(stack(*raw), RAW_TICKERS.empty(), year=self.YEAR, waivers=no_waivers())

    def test_a_file_imported_twice_is_one_payload(self, first):
        payloads = [
            next(iter(read_files([first], "sep", mapping=MAPPINGS[PIT], source="mine", clock=FixedClock(at))))
            for at in (RECEIVED, self.LATER)
        ]
        assert payloads[0].payload_id == payloads[1].payload_id

    @pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
    def test_another_format_says_the_same(self, sent, first, tmp_path, form):
        file = tmp_path / f"b.{form}"
        if form == "parquet":
            sent.with_columns(pl.col(pl.Float32).cast(pl.String).cast(pl.Float64)).write_parquet(file)
        else:
            sent.write_csv(file, compression="gzip" if form == "csv.gz" else "uncompressed")
        raw = read(first, MAPPINGS[PIT]).rows
        again = read(file, MAPPINGS[PIT], at=self.LATER).rows
        stamps = ("payload_id", "fetched_at")
        assert again.drop(stamps).equals(raw.drop(stamps))
        once, twice = self.build(raw), self.build(raw, again)
        assert twice.rows.equals(once.rows)
        assert twice.repeated == once.repeated + raw.height
        assert corrections(twice.rows).is_empty()

    def test_a_row_changed_later_is_one_correction(self, sent, first, tmp_path):
        name = sent["symbol"].min()
        changed = (pl.col("symbol") == name) & (pl.col("date") == date(2016, 8, 1))
        late = sent.with_columns(pl.when(changed).then(pl.col("volume") + 100).otherwise("volume").alias("volume"))
        late.write_csv(tmp_path / "c.csv")
        raw, again = read(first, MAPPINGS[PIT]).rows, read(tmp_path / "c.csv", MAPPINGS[PIT], at=self.LATER).rows
        found = self.build(raw, again)
        rows = corrections(found.rows)
        assert rows.select("ticker", "session", "column_name", "kind", "known_at").rows() == [
            (name, date(2016, 8, 1), "volume", "correction", self.LATER)
        ]
        assert found.repeated == raw.height - 1
        assert raw.height + again.height == found.rows.height + found.rejected + found.repeated
