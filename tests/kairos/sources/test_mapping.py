import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.errors import SourceError
from kairos.sources.datasets import SEP
from kairos.sources.mapping import file_request, mapping_in, parse_mapping, resolve_mapping, suggest_mapping

YAHOO = ["symbol", "date", "open", "high", "low", "close", "adj_close", "volume"]


def test_pairs_are_read_from_one_text_or_several():
    expected = {"closeadj": "Adj Close", "ticker": "symbol"}
    assert parse_mapping(["closeadj=Adj Close", "ticker=symbol"]) == expected
    assert parse_mapping([" closeadj = Adj Close, ticker=symbol"]) == expected
    assert parse_mapping([]) == {}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["closeadj"], "expected OURS=THEIRS"),
        (["closeadj="], "expected OURS=THEIRS"),
        (["=close"], "expected OURS=THEIRS"),
        (["a=b,"], "expected OURS=THEIRS"),
        (["a=b", "a=c"], "a is mapped already, to b"),
    ],
)
def test_what_is_no_pair_is_refused(texts, message):
    with pytest.raises(SourceError, match=message):
        parse_mapping(texts)


def test_our_own_names_need_no_mapping_whatever_their_case():
    found = resolve_mapping(["Ticker", " DATE", "close", "Close"], SEP, {}, where="f")
    assert found == {"ticker": "Ticker", "date": " DATE", "close": "close"}


def test_a_mapping_wins_over_a_name():
    assert resolve_mapping([*YAHOO], SEP, {"ticker": "symbol", "close": "adj_close"}, where="f")["close"] == "adj_close"


def test_one_column_may_serve_twice():
    mapping = {"ticker": "symbol", "closeunadj": "close"}
    found = resolve_mapping(YAHOO, SEP, mapping, where="f")
    assert (found["close"], found["closeunadj"]) == ("close", "close")


@pytest.mark.parametrize(
    ("names", "mapping", "message"),
    [
        (YAHOO, {"price": "close"}, "sep has no column price; it has ticker, date"),
        (
            YAHOO,
            {"ticker": "Symbol"},
            "the file has no column Symbol; found symbol, date.*--map ticker=symbol,closeadj=adj_close",
        ),
        (YAHOO, {}, r"column\(s\) ticker of sep missing; found symbol.*--map ticker=symbol,closeadj=adj_close"),
        (["date", "SP500"], {}, r"column\(s\) ticker, close of sep missing; found date, SP500. Name them with --map"),
        (["ticker", "date", "CLOSE", "Close"], {}, "CLOSE and Close could both be close"),
        (["ticker", "date", "Adj Close"], {}, 'close of sep missing.*--map "closeadj=Adj Close"'),
        ([], {}, "found none"),
    ],
)
def test_columns_that_do_not_fit_are_told_with_a_way_out(names, mapping, message):
    with pytest.raises(SourceError, match=message):
        resolve_mapping(names, SEP, mapping, where="f")


def test_a_suggestion_leaves_out_what_is_known():
    assert suggest_mapping(YAHOO, SEP, {"ticker": "symbol"}) == {"closeadj": "adj_close"}
    assert suggest_mapping(["ticker", "date", "close"], SEP, {}) == {}


@given(
    st.text(st.characters(codec="utf-8"), min_size=1), st.dictionaries(st.sampled_from(list(SEP.dtypes)), st.text(min_size=1))
)
def test_the_request_of_a_file_carries_its_mapping(name, mapping):
    request = file_request(name, mapping)
    assert mapping_in(request) == {ours: theirs for ours, theirs in mapping.items() if ours != theirs}
