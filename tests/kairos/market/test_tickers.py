"""Securities, their names and their ends."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.calendar import prices_known_at
from kairos.market.tickers import securities
from kairos.tables.market import TICKERS
from kairos.tables.raw import RAW_ACTIONS, RAW_TICKERS

NAMES = ("ticker", "valid_from", "valid_to")


def change(day, kind, ticker, contra):
    return {"date": day, "action": f"tickerchange{kind}", "ticker": ticker, "contraticker": contra}


FIRST, SECOND = date(2005, 6, 1), date(2008, 6, 2)
UNDER_PRESENT = [
    change(FIRST, "from", "Z", "X"),
    change(FIRST, "to", "Z", "Y"),
    change(SECOND, "from", "Z", "Y"),
    change(SECOND, "to", "Z", "Z"),
]
UNDER_EACH = [
    change(FIRST, "from", "Y", "X"),
    change(FIRST, "to", "X", "Y"),
    change(SECOND, "from", "Z", "Y"),
    change(SECOND, "to", "Y", "Z"),
]
ONLY_TO = [change(FIRST, "to", "X", "Y"), change(SECOND, "to", "Y", "Z")]
TURNED = [change(FIRST, "from", "X", "Y"), change(SECOND, "from", "Y", "Z")]


@pytest.mark.parametrize("filed", [UNDER_PRESENT, UNDER_EACH, ONLY_TO, TURNED], ids=["present", "each", "only_to", "turned"])
def test_names_are_traced_back_however_the_renames_are_filed(raw_tickers, raw_actions, no_spans, filed):
    known = raw_tickers(
        [
            {"permaticker": 1, "ticker": "Z", "firstpricedate": date(2000, 1, 3)},
            {"permaticker": 2, "ticker": "X", "firstpricedate": date(2012, 1, 3)},  # the name is used again
        ]
    )
    found = TICKERS.validate(securities(known, raw_actions(filed), no_spans))
    assert found.filter(pl.col("permaticker") == 1).select(NAMES).rows() == [
        ("X", date(2000, 1, 3), date(2005, 5, 31)),
        ("Y", FIRST, date(2008, 5, 30)),
        ("Z", SECOND, None),
    ]
    assert found.filter(pl.col("permaticker") == 2).select(NAMES).rows() == [("X", date(2012, 1, 3), None)]


def test_a_name_may_come_back(raw_tickers, raw_actions, no_spans):
    known = raw_tickers([{"permaticker": 1, "ticker": "X", "firstpricedate": date(2000, 1, 3)}])
    filed = [change(FIRST, "from", "Y", "X"), change(SECOND, "from", "X", "Y")]
    assert securities(known, raw_actions(filed), no_spans)["ticker"].to_list() == ["X", "Y", "X"]


def test_a_name_given_after_the_last_price_counts_for_nothing(raw_tickers, raw_actions, no_spans):
    life = {"firstpricedate": date(2000, 1, 3), "lastpricedate": date(2008, 5, 5), "isdelisted": "Y"}
    known = raw_tickers([{"permaticker": 1, "ticker": "ZQ", **life}])
    found = TICKERS.validate(securities(known, raw_actions([change(SECOND, "from", "ZQ", "Z")]), no_spans))
    assert found.select(NAMES).rows() == [("ZQ", date(2000, 1, 3), date(2008, 5, 5))]


def test_a_dead_security_keeps_the_ticker_it_bore_when_another_takes_it(raw_tickers, no_spans):
    lives = [
        {"ticker": "ABC2", "firstpricedate": date(2000, 1, 3), "lastpricedate": date(2004, 5, 5), "isdelisted": "Y"},
        {"ticker": "ABC1", "firstpricedate": date(2006, 1, 3), "lastpricedate": date(2008, 5, 5), "isdelisted": "Y"},
        {"ticker": "ABC", "firstpricedate": date(2010, 1, 4)},
    ]
    known = raw_tickers([life | {"permaticker": number} for number, life in enumerate(lives, start=1)])
    found = TICKERS.validate(securities(known, RAW_ACTIONS.empty(), no_spans))
    assert found.select("permaticker", *NAMES).rows() == [
        (1, "ABC", date(2000, 1, 3), date(2004, 5, 5)),
        (2, "ABC", date(2006, 1, 3), date(2008, 5, 5)),
        (3, "ABC", date(2010, 1, 4), None),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"ticker": "XYZ", "firstpricedate": date(2010, 1, 4)},
        {"ticker": "ABC", "firstpricedate": date(2001, 1, 3)},
    ],
    ids=["nobody_took_it", "both_bore_it"],
)
def test_a_number_that_no_later_bearer_explains_stays(raw_tickers, no_spans, other):
    dead = {"ticker": "ABC1", "firstpricedate": date(2000, 1, 3), "lastpricedate": date(2004, 5, 5), "isdelisted": "Y"}
    known = raw_tickers([{"permaticker": 1} | dead, {"permaticker": 2} | other])
    assert securities(known, RAW_ACTIONS.empty(), no_spans)["ticker"].to_list() == ["ABC1", other["ticker"]]


def test_the_newest_delivery_gives_the_attributes(raw_tickers, no_spans):
    rows = [
        {
            "permaticker": 1,
            "ticker": "A",
            "sector": f"S{year}",
            "firstpricedate": date(2000, 1, 3),
            "fetched_at": datetime(year, 1, 1, tzinfo=UTC),
        }
        for year in (2012, 2014, 2013)
    ]
    assert securities(raw_tickers(rows), RAW_ACTIONS.empty(), no_spans)["sector"].to_list() == ["S2014"]


def test_a_security_counts_as_known_from_its_first_price(raw_tickers, no_spans):
    known = raw_tickers([{"permaticker": 1, "ticker": "A", "firstpricedate": date(2000, 1, 1)}])
    found = securities(known, RAW_ACTIONS.empty(), no_spans)
    assert found.select("known_at", "known_source").row(0) == (prices_known_at(date(2000, 1, 3)), "assumed")


@pytest.mark.parametrize(
    ("filed", "expected"),
    [
        (("acquisitionby", date(2010, 5, 5)), "merger"),
        (("mergerto", date(2010, 5, 6)), "merger"),
        (("bankruptcyliquidation", date(2010, 5, 5)), "performance"),
        (("regulatorydelisting", date(2010, 5, 20)), "performance"),
        (("acquisitionof", date(2010, 5, 5)), "unknown"),
        (("acquisitionby", date(2008, 1, 3)), "unknown"),
        (("delisted", date(2010, 5, 5)), "unknown"),
    ],
)
def test_the_action_at_the_last_price_explains_a_delisting(raw_tickers, raw_actions, no_spans, filed, expected):
    life = {"firstpricedate": date(2000, 1, 3), "lastpricedate": date(2010, 5, 5), "isdelisted": "Y"}
    known = raw_tickers([{"permaticker": 1, "ticker": "A", **life}])
    action, day = filed
    found = securities(known, raw_actions([{"date": day, "action": action, "ticker": "A"}]), no_spans)
    assert found["delisting_reason"].to_list() == [expected]


def test_a_living_security_has_no_delisting_reason(raw_tickers, raw_actions, no_spans):
    known = raw_tickers(
        [{"permaticker": 1, "ticker": "A", "firstpricedate": date(2000, 1, 3), "lastpricedate": date(2010, 5, 5)}]
    )
    filed = raw_actions([{"date": date(2010, 5, 5), "action": "acquisitionby", "ticker": "A"}])
    assert securities(known, filed, no_spans).select("isdelisted", "delisting_reason").row(0) == (False, None)


def test_symbols_of_a_file_become_living_securities():
    spans = pl.DataFrame(
        {"source": ["file"], "ticker": ["A"], "first_date": [date(2012, 12, 8)], "last_date": [date(2013, 5, 1)]}
    )
    found = TICKERS.validate(securities(RAW_TICKERS.empty(), RAW_ACTIONS.empty(), spans)).row(0, named=True)
    assert found["permaticker"] >= 10**12
    assert (found["source"], found["isdelisted"], found["valid_from"], found["valid_to"]) == (
        "minted",
        False,
        date(2012, 12, 10),
        None,
    )


def test_spans_of_a_source_with_tickers_mint_nothing(raw_tickers):
    known = raw_tickers([{"permaticker": 1, "ticker": "A", "firstpricedate": date(2000, 1, 3)}])
    spans = pl.DataFrame(
        {"source": ["vendor"], "ticker": ["B"], "first_date": [date(2012, 1, 3)], "last_date": [date(2013, 5, 1)]}
    )
    assert securities(known, RAW_ACTIONS.empty(), spans)["permaticker"].to_list() == [1]
