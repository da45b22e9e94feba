"""Analysts' actions are read out of headlines as they say them, and out of nothing else."""

import polars as pl
import pytest

from kairos.fundamentals.rating_actions import COLUMNS, with_rating_actions

ACTIONS = {
    "Baird Maintains Neutral on ABM Indus, Lowers Price Target to $23": ("Baird", "maintain", None, "neutral", None, 23.0),
    "Barclays Maintains Advance Auto Parts at Equal-weight, Lowers PT from $78 to $72": (
        "Barclays", "maintain", None, "equal weight", 78.0, 72.0,
    ),
    "BMO Capital Markets Downgrades Advantage Oil & Gas from Market Perform to Underperform, Lowers PT from $5 to $3.25": (
        "BMO Capital Markets", "downgrade", "market perform", "underperform", 5.0, 3.25,
    ),
    "Goldman Sachs Initiates Coverage On AbbVie with Neutral Rating, Announces $84 Price Target": (
        "Goldman Sachs", "initiate", None, "neutral", None, 84.0,
    ),
    "J.P. Morgan Increases PT To $12.50 From $11.00 And EPS Estimate To $0.86 From $0.69 On American Capital (ACAS)": (
        "J.P. Morgan", "raise_target", None, None, 11.0, 12.5,
    ),
    "UPDATE: Citigroup Lowers PT on Barrick Gold to $50": ("Citigroup", "lower_target", None, None, None, 50.0),
    "Cowen & Co. Upgrades AbbVie to Outperform": ("Cowen & Co.", "upgrade", None, "outperform", None, None),
    "Credit Suisse Upgrades Best Buy to Neutral": ("Credit Suisse", "upgrade", None, "neutral", None, None),
    "Wells Fargo Earlier Maintained Equal-Weight on Advance Auto Parts, Lowered Price Target to $85": (
        "Wells Fargo", "maintain", None, "equal weight", None, 85.0,
    ),
    "BTIG Initiates O'Reilly With A Buy, $310 Price Target": ("BTIG", "initiate", None, "buy", None, 310.0),
    "Raymond James Reinstates Market Perform on Barrick Gold, Announces $1,019.00": (
        "Raymond James", "reinstate", None, "market perform", None, 1019.0,
    ),
    "Stifel Nicolaus Downgrades Barrick Gold Corporation to Hold, Removes $30.00 PT": (
        "Stifel Nicolaus", "downgrade", None, "hold", None, None,
    ),
    "Morgan Stanley Downgrades AmerisourceBergen from Overweight to Equal-weight, Removes PT of $42": (
        "Morgan Stanley", "downgrade", "overweight", "equal weight", None, None,
    ),
    "UBS Assumes AbbVie at Neutral, Lowers Price Target To $91": ("UBS", "assume", None, "neutral", None, 91.0),
}  # fmt: skip
NO_ACTIONS = (
    "Benzinga's Top Upgrades, Downgrades For January 26, 2017",
    "10 Biggest Price Target Changes For Wednesday",
    "S&P Downgrades Barrick Gold from BBB+ to BBB; Outlook Negative",
    "Hearing B of A Securities Maintains Buy On Apple, Lowers Target From $350 to $320",
    "AbbVie shares are trading higher after Mizuho maintained a Buy rating on the stock and raised its price target to $104.",
    "Advance Auto Parts Downgraded to Market Perform at FBR Capital",
    "ABB Initiated With Buy At ING Group",
    "Advance Auto Parts Downgraded To Hold",
    "Moody's Downgrades Barrick Gold Outlook to Negative",
    "ACADIA Pharmaceuticals Initiates Phase II Trial in Patients With Negative Symptoms of Schizophrenia",
    "Arctic Cat Maintains FY16 EPS $0.80-$0.95 vs $0.90 Est., Sales $690M-$705M vs $697M Est.",
    "Advantage Oil & Gas Ltd. (AAV) Maintains Outperform Rating And $10.50 Price Target",
    "Newmont Terminates Merger Talks with Barrick Gold",
    "Altisource Asset Management Resumes Trading Down 30%",
    "Deutsche Bank Upgrades 7 Precious Metals & Mining Stocks",
    "AmerisourceBergen Increases Dividend 13 Percent",
    "Apple to Sell $7B of Bonds, Upgrades Guidance to $4B",
    "",
    None,
)


def told(*headlines):
    return with_rating_actions(pl.DataFrame({"title": headlines}, schema={"title": pl.String})).drop("title")


@pytest.mark.parametrize("headline", ACTIONS, ids=list(ACTIONS))
def test_an_action_is_read_as_the_headline_says_it(headline):
    assert told(headline).row(0) == ACTIONS[headline]


@pytest.mark.parametrize("headline", NO_ACTIONS)
def test_what_is_no_analysts_action_says_nothing(headline):
    assert told(headline).row(0) == (None,) * len(COLUMNS)


def test_headlines_are_read_one_by_one():
    headlines = [*ACTIONS, *NO_ACTIONS]
    assert told(*headlines).equals(pl.concat([told(headline) for headline in headlines]))
    assert told(*headlines).columns == list(COLUMNS)


@pytest.mark.parametrize("sum_", ["$4B", "$4.5B", "C$40", "4"])
def test_a_sum_that_is_no_price_in_dollars_is_no_target(sum_):
    assert told(f"UBS Maintains Buy on AbbVie, Raises Price Target to {sum_}").row(0)[-1] is None
