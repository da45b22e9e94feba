"""A prediction file's tickers become the securities that bore them; every fault is one clear line."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import SourceError
from kairos.simulation.pred_file import read_prediction_file

TICKERS = pl.DataFrame(
    [
        (1, "AAA", date(2010, 1, 4), date(2014, 1, 10)),
        (2, "AAA", date(2014, 1, 13), None),
        (3, "BBB", date(2010, 1, 4), None),
    ],
    schema={"permaticker": pl.Int64, "ticker": pl.String, "valid_from": pl.Date, "valid_to": pl.Date},
    orient="row",
)


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        file = tmp_path / "scores.csv"
        file.write_text(text)
        return read_prediction_file(file, TICKERS)

    return write_and_read


def test_a_ticker_means_the_security_that_bore_it_that_day(read):
    scores = read("date,ticker,y_pred\n2014-01-14,BBB,-1e-3\n2014-01-14,AAA,0.5\n2014-01-10,AAA,0.25\n")
    assert scores.columns == ["permaticker", "ticker", "session", "score"]
    assert scores.rows() == [
        (1, "AAA", date(2014, 1, 10), 0.25),
        (2, "AAA", date(2014, 1, 14), 0.5),
        (3, "BBB", date(2014, 1, 14), -0.001),
    ]


def test_the_truth_and_the_order_of_columns_play_no_part(read):
    plain = read("date,ticker,y_pred\n2014-01-10,AAA,1\n")
    assert read("y_true,y_pred,ticker,date\n,1,AAA,2014-01-10\n").equals(plain)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("date,ticker,y_pred\n", "no rows below the header"),
        ("day,ticker,score\n2014-01-10,AAA,1\n", "missing column(s) date, y_pred; found day, ticker, score"),
        ("date,ticker,y_pred\n2014-01-10,AAA,1,9\n", "cannot be read as CSV"),
        ("date,ticker,y_pred\n2014-01-11,AAA,1\n", "1 date(s) that are no NYSE session: 2014-01-11"),
        ("date,ticker,y_pred\n10.01.2014,AAA,1\n", "1 date value(s) that are not YYYY-MM-DD: '10.01.2014'"),
        ("date,ticker,y_pred\n2014-01-10,AAA,high\n", "1 y_pred value(s) that are not a finite number: 'high'"),
        ("date,ticker,y_pred\n2014-01-10,AAA,nan\n", "1 y_pred value(s) that are not a finite number: 'nan'"),
        ("date,ticker,y_pred\n2014-01-10,AAA,\n", "1 y_pred value(s) that are not a finite number: None"),
        ("date,ticker,y_pred\n2014-01-10,,1\n", "1 row(s) without a ticker"),
        (
            "date,ticker,y_pred\n2014-01-10,AAA,1\n2014-01-10,AAA,2\n",
            "1 security(ies) with more than one score on a date: AAA on 2014-01-10",
        ),
        (
            "date,ticker,y_pred\n" + "".join(f"2014-01-10,X{i},1\n2014-01-13,X{i},1\n" for i in range(5)),
            "5 ticker(s) that no security bore on their dates: X0 on 2014-01-10, X1 on 2014-01-10, X2 on 2014-01-10, ...",
        ),
        ("date,ticker,y_pred\n2009-01-05,BBB,1\n", "BBB on 2009-01-05"),
    ],
)
def test_a_faulty_file_is_refused_in_one_line(read, text, message):
    with pytest.raises(SourceError) as caught:
        read(text)
    assert message in str(caught.value)
    assert "scores.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_vendors_number_behind_a_dead_security_means_the_one_that_bore_the_ticker(read):
    scores = read("date,ticker,y_pred\n2014-01-10,AAA1,0.25\n2014-01-14,AAA,0.5\n")
    assert scores.rows() == [(1, "AAA1", date(2014, 1, 10), 0.25), (2, "AAA", date(2014, 1, 14), 0.5)]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"nothing\.csv: no such file"):
        read_prediction_file(tmp_path / "nothing.csv", TICKERS)
