"""What a user gets wrong is one clear line, a non-zero exit, and the warehouse as it was."""

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from kairos.calendar import sessions_between

KAIROS = str(Path(sys.executable).parent / "kairos")
DAYS = sessions_between(date(2013, 11, 1), date(2014, 2, 28))


def prices(**changes):
    rows = [
        {"ticker": name, "date": day, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0 + 0.1 * (n % 3), "volume": 1e6}
        for name in ("AAA", "BBB", "CCC")
        for n, day in enumerate(DAYS)
    ]
    return pl.DataFrame(rows).with_columns(**changes)


def write_csv(folder, frame, name="prices.csv"):
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_csv(folder / name)
    return str(folder / name)


def refuses(home, *arguments, says):
    before = home.warehouse_digest()
    status, _, err = home.run(*arguments)
    told = [line for line in err.splitlines() if line.startswith("kairos: ")]
    assert status != 0, err
    assert len(told) == 1, err
    for words in says:
        assert words in told[0]
    assert "Traceback" not in err
    assert home.warehouse_digest() == before


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    command = [KAIROS, "import", write_csv(folder / "in", prices()), "--dataset", "sep"]
    subprocess.run(command, env={**os.environ, "KAIROS_HOME": str(folder / "home")}, check=True, capture_output=True)
    return folder / "home"


@pytest.fixture
def loaded(home, imported):
    shutil.copytree(imported, home.folder)
    return home


def test_a_holiday(home):
    refuses(home, "daily-download", "--date", "2015-07-03", says=["2015-07-03", "no NYSE session", "2015-07-06"])


def test_a_date_that_is_none(home):
    refuses(home, "daily-download", "--date", "03.07.2015", says=["03.07.2015", "YYYY-MM-DD"])


def test_no_vendor(home):
    refuses(home, "daily-download", "--date", "2015-07-06", says=["no vendor is set", "KAIROS_VENDOR"])


def test_a_missing_key(home, monkeypatch):
    monkeypatch.setenv("KAIROS_VENDOR", "sharadar")
    refuses(home, "daily-download", "--date", "2015-07-06", says=["NASDAQ_DATA_LINK_API_KEY", "not set"])


def test_a_setting_out_of_bounds(home, monkeypatch):
    monkeypatch.setenv("STRAT_TOP_K", "0")
    refuses(home, "features", says=["STRAT_TOP_K"])


def test_an_unknown_feature_table(home):
    refuses(home, "features", "feat_trent", says=["no table feat_trent", "feat_trend"])


def test_a_year_without_prices(loaded):
    refuses(loaded, "universe", "--year", "2031", says=["2031", "2013 to 2014"])


def test_a_year_with_no_prices_before_it(loaded):
    refuses(loaded, "universe", "--year", "2013", says=["2013", "no prices"])


def test_no_prices_at_all(home):
    refuses(home, "universe", "--year", "2014", says=["no prices"])


def test_an_unknown_configuration(loaded):
    refuses(loaded, "train", "--config", "rigde", "--year", "2014", says=["rigde", "ridge"])


def test_a_key_that_no_configuration_has(loaded, tmp_path):
    (tmp_path / "mine.yaml").write_text("family: ridge\nhorizonz: [5]\n")
    refuses(loaded, "train", "--config", str(tmp_path / "mine.yaml"), "--year", "2014", says=["horizonz", "horizons"])


def test_a_file_that_is_not_there(home):
    refuses(home, "import", "nowhere.csv", "--dataset", "sep", says=["nowhere.csv"])


def test_an_unknown_dataset(home):
    refuses(home, "import", "x.csv", "--dataset", "spe", says=["spe", "sep"])


def test_columns_that_need_a_mapping(home, tmp_path):
    file = write_csv(tmp_path / "in", prices().rename({"ticker": "symbol"}))
    refuses(home, "import", file, "--dataset", "sep", says=["ticker", "--map", "symbol"])


def test_a_truncated_zip(home, tmp_path):
    whole = tmp_path / "SHARADAR_SEP.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHARADAR_SEP.csv", prices().write_csv())
    whole.write_bytes(whole.read_bytes()[:-200])
    refuses(home, "import", str(whole), "--dataset", "sep", says=["SHARADAR_SEP.zip", "zip"])


def test_html_in_place_of_json(home, tmp_path):
    page = tmp_path / "sep.json"
    page.write_text("<html><body><h1>502 Bad Gateway</h1></body></html>")
    refuses(home, "import", str(page), "--dataset", "sep", says=["sep.json"])


def test_a_prediction_file_without_its_columns(loaded, tmp_path):
    file = write_csv(tmp_path / "in", pl.DataFrame({"day": ["2014-01-02"], "y_pred": [0.1]}), "scores.csv")
    refuses(loaded, "simulate", "--year", "2014", "--tag", "mine", "--pred-file", file, says=["scores.csv", "date", "ticker"])


def test_a_prediction_file_of_an_unknown_ticker(loaded, tmp_path):
    rows = pl.DataFrame({"date": ["2014-01-03"], "ticker": ["ZZZ"], "y_pred": [0.1]})
    file = write_csv(tmp_path / "in", rows, "scores.csv")
    refuses(loaded, "simulate", "--year", "2014", "--tag", "mine", "--pred-file", file, says=["scores.csv", "ZZZ"])


def test_a_model_and_a_prediction_file_at_once(loaded):
    refuses(loaded, "simulate", "--year", "2014", "--tag", "t", says=["--model", "--pred-file"])


def test_a_tag_that_is_no_name(loaded):
    refuses(loaded, "simulate", "--year", "2014", "--tag", "a/b", "--model", "ridge", says=["a/b"])


def test_sql_on_a_table_that_does_not_exist(loaded):
    refuses(loaded, "sql", "SELECT * FROM sep_bse", says=["sep_bse", "sep_base"])


def test_a_negative_price_and_a_doubled_row_are_set_aside_by_name(home, tmp_path):
    frame = prices()
    wrong = frame.head(1).with_columns(close=pl.lit(-1.0), date=pl.lit(DAYS[5]))
    frame = pl.concat([frame.filter(~((pl.col("ticker") == "AAA") & (pl.col("date") == DAYS[5]))), wrong])
    contradicting = frame.filter((pl.col("ticker") == "BBB") & (pl.col("date") == DAYS[7])).with_columns(close=pl.lit(10.4))
    file = write_csv(tmp_path / "in", pl.concat([frame, contradicting]))
    status, _, err = home.run("import", file, "--dataset", "sep")
    assert status == 0, err
    _, out, _ = home.run("sql", "SELECT reason, count(*) AS n FROM quarantine GROUP BY 1 ORDER BY 1", "--json")
    assert out.strip() == '[{"reason": "conflicting_duplicate", "n": 2}, {"reason": "nonpositive_price", "n": 1}]'
    _, out, _ = home.run("sql", "SELECT count(*) AS n FROM sep_base", "--json")
    assert out.strip() == f'[{{"n": {3 * len(DAYS) - 2}}}]'


def test_rows_of_days_that_cannot_be_are_told_and_hold_up_nothing(home, tmp_path):
    frame = prices()
    old = frame.head(2).with_columns(date=pl.Series([date(1962, 1, 2), date(1996, 12, 31)]))
    typed_wrong = frame.head(1).with_columns(date=pl.lit(date(2051, 1, 3)))
    file = write_csv(tmp_path / "in", pl.concat([old, frame, typed_wrong]))
    status, _, err = home.run("import", file, "--dataset", "sep", "--source", "mine")
    assert status == 0, err
    assert "set aside so far of mine: before_calendar 2, after_receipt 1" in " ".join(err.split())
    assert "Market tables 2013 to 2014" in err
    _, out, _ = home.run("sql", "SELECT year, reason, detail->>'ticker' AS t FROM quarantine ORDER BY 1", "--json")
    assert out.strip() == (
        '[{"year": 1962, "reason": "before_calendar", "t": "AAA"}, {"year": 1996, "reason": "before_calendar", "t": "AAA"}, '
        '{"year": 2051, "reason": "after_receipt", "t": "AAA"}]'
    )
    _, out, _ = home.run("sql", "SELECT count(*) AS n FROM sep_base", "--json")
    assert out.strip() == f'[{{"n": {3 * len(DAYS)}}}]'
