"""What is judged of each base table: its rhythm, who should be in it, and the columns that matter."""

from dataclasses import dataclass

from kairos.market.paid import SPLITS
from kairos.tables import fundamentals, market
from kairos.tables.core import Table

MONTH, QUARTER, HALF, YEAR = 31, 120, 200, 365  # days; a quarter's reports come in over four months


@dataclass(frozen=True)
class Feed:
    """How one base table is judged.

    Attributes:
        table: The table.
        rhythm: Sessions that may pass without a new fact.
        window: Days whose rows are judged for nulls and drift.
        covers: Days within which each company that trades should have a fact; 0 where nobody has to.
        filled: Columns that should have values.
        steady: Numbers whose distribution should stay as it was.
        among: Column and values that choose the rows judged for nulls and drift; all by default.
        reaches_models: Whether features are made from it, so that wrong rows must be stopped.
    """

    table: Table
    rhythm: int
    window: int = MONTH
    covers: int = 0
    filled: tuple[str, ...] = ()
    steady: tuple[str, ...] = ()
    among: tuple[str, tuple[str, ...]] | None = None
    reaches_models: bool = True

    @property
    def by_session(self) -> bool:
        """Whether rows are of sessions, rather than of the instant that they were known."""
        return "session" in self.table.columns

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns to read, the day not among them."""
        chosen = (self.among[0],) if self.among else ()
        return tuple(dict.fromkeys(("permaticker", *chosen, *self.filled, *self.steady)))


_QUARTERS = ("period", ("Q1", "Q2", "Q3", "Q4"))


def _statement(table: Table, filled: tuple[str, ...], steady: tuple[str, ...], *, reaches_models: bool = True) -> Feed:
    return Feed(
        table,
        rhythm=45,  # two months pass between the seasons of a small universe
        window=QUARTER,
        covers=HALF,
        filled=filled,
        steady=steady,
        among=_QUARTERS,
        reaches_models=reaches_models,
    )


PRICES = Feed(
    market.SEP_BASE,
    rhythm=0,
    filled=("open", "high", "low", "close", "volume", "closeadj", "closeunadj"),
    steady=("closeunadj",),  # the others are adjusted anew after every split
)
METRICS = Feed(
    market.DAILY_METRICS, rhythm=1, covers=10, filled=("marketcap", "ev", "pe", "pb", "ps"), steady=("marketcap", "pb")
)
PROFILES = Feed(
    fundamentals.DIM_COMPANY_PROFILE,
    rhythm=10,
    covers=60,
    filled=("sector", "industry", "country", "market_cap", "beta"),
    steady=("market_cap", "beta"),
    reaches_models=False,
)
FEEDS = (
    PRICES,
    METRICS,
    Feed(market.ACTIONS, rhythm=21, window=YEAR, filled=("value",), among=("action", ("dividend", *SPLITS))),
    _statement(
        fundamentals.FMP_INCOME_STATEMENT,
        ("revenue", "gross_profit", "operating_income", "ebitda", "net_income", "eps", "weighted_average_shares"),
        ("revenue", "net_income"),
    ),
    _statement(
        fundamentals.FMP_BALANCE_SHEET,
        ("cash_and_equivalents", "total_assets", "total_liabilities", "total_stockholders_equity", "total_debt"),
        ("total_assets", "total_stockholders_equity"),
    ),
    _statement(
        fundamentals.FMP_CASH_FLOW,
        ("operating_cash_flow", "capital_expenditure", "free_cash_flow"),
        ("operating_cash_flow", "capital_expenditure"),
    ),
    _statement(
        fundamentals.FMP_KEY_METRICS,
        ("market_cap", "enterprise_value"),
        ("market_cap", "enterprise_value"),
        reaches_models=False,
    ),
    _statement(
        fundamentals.FMP_RATIOS,
        ("gross_profit_margin", "net_profit_margin", "price_to_book"),
        ("gross_profit_margin", "price_to_book"),
        reaches_models=False,
    ),
    Feed(
        fundamentals.FMP_ANALYST_ESTIMATES,
        rhythm=10,
        covers=QUARTER,
        filled=("revenue_avg", "net_income_avg", "eps_avg", "analysts_eps"),
        steady=("revenue_avg", "eps_avg"),
        among=("period", ("annual",)),
    ),
    Feed(
        fundamentals.FMP_RATING,
        rhythm=42,
        window=QUARTER,
        covers=YEAR,  # a rating that stays makes no new version
        filled=("rating", "ratingScore"),
        steady=("ratingScore",),
    ),
    Feed(fundamentals.FMP_NEWS, rhythm=10, filled=("title", "publisher"), reaches_models=False),
    Feed(
        fundamentals.EARNINGS_SURPRISES,
        rhythm=45,
        window=QUARTER,
        filled=("eps_actual", "eps_estimated", "release_time"),
        steady=("eps_actual",),
        reaches_models=False,
    ),
    PROFILES,
    Feed(
        fundamentals.SOCIAL_FEATURES,
        rhythm=10,
        filled=("posts", "senti_mean"),
        steady=("posts", "senti_mean"),
        reaches_models=False,
    ),
)
"""Every judged table."""
