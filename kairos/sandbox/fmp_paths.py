"""FMP's addresses: from a path and its parameters to what is asked for, in both generations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

STABLE, LEGACY = "stable", "legacy"
DATASETS = {
    "income-statement": "fmp_income_statement",
    "balance-sheet-statement": "fmp_balance_sheet",
    "cash-flow-statement": "fmp_cash_flow",
    "key-metrics": "fmp_key_metrics",
    "ratios": "fmp_ratios",
    "analyst-estimates": "fmp_analyst_estimates",
    "rating": "fmp_rating",
    "historical-rating": "fmp_rating",
    "profile": "fmp_profile",
    "news": "fmp_news",
    "social": "fmp_social",
}
_STABLE = {
    **{name: name for name in list(DATASETS)[:6]},
    "ratings-snapshot": "rating",
    "ratings-historical": "historical-rating",
    "profile": "profile",
    "profile-cik": "profile",
    "news/stock": "news",
    "news/stock-latest": "news",
    "income-statement-bulk": "income-statement",
    "balance-sheet-statement-bulk": "balance-sheet-statement",
    "cash-flow-statement-bulk": "cash-flow-statement",
    "rating-bulk": "rating",
    "profile-bulk": "profile",
}
_LEGACY_BY_SYMBOL = {
    "v3/income-statement": "income-statement",
    "v3/balance-sheet-statement": "balance-sheet-statement",
    "v3/cash-flow-statement": "cash-flow-statement",
    "v3/key-metrics": "key-metrics",
    "v3/ratios": "ratios",
    "v3/analyst-estimates": "analyst-estimates",
    "v3/rating": "rating",
    "v3/historical-rating": "historical-rating",
    "v3/profile": "profile",
}
_LEGACY = {"v3/stock_news": "news", "v4/historical/social-sentiment": "social"}


class Shape(StrEnum):
    """How an endpoint is asked."""

    SYMBOL = "symbol"
    CIK = "cik"
    NEWS = "news"
    LATEST = "latest"
    BULK = "bulk"


@dataclass(frozen=True)
class Asked:
    """What an address asks for; `kind` is empty for an address that leads nowhere.

    Attributes:
        kind: Key of DATASETS.
        generation: STABLE or LEGACY.
        shape: How its names are given.
        symbols: Names as sent.
        parameters: The last value of each parameter, the key left out.
    """

    kind: str
    generation: str
    shape: Shape
    symbols: tuple[str, ...]
    parameters: Mapping[str, str]

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return DATASETS.get(self.kind, "")

    def whole(self, name: str, otherwise: int) -> int | None:
        """Return a parameter as a whole number, None if it is none."""
        text = self.parameters.get(name, str(otherwise))
        return int(text) if text.isdigit() else None


def is_fmp(path: str) -> bool:
    """Tell whether a path is FMP's; the price vendor's tables share the root of its old generation."""
    root, _, rest = path.strip("/").partition("/")
    version, _, endpoint = rest.partition("/")
    old = root == "api" and version in ("v3", "v4") and not f"{endpoint}/".startswith(("datatables/", "/"))
    return root == "stable" or old


def read_address(path: str, parameters: Mapping[str, Sequence[str]]) -> Asked:
    """Return what a path of FMP's asks for."""
    plain = {name: values[-1] for name, values in parameters.items() if values and name != "apikey"}
    root, _, rest = path.strip("/").partition("/")
    if root == "stable":
        kind = _STABLE.get(rest, "")
        return Asked(kind, STABLE, _shape(rest), _split(plain.get("symbols") or plain.get("symbol", "")), plain)
    if rest in _LEGACY:
        names = _split(plain.get("tickers") or plain.get("symbol", ""))
        shape = Shape.NEWS if _LEGACY[rest] == "news" else Shape.SYMBOL
        return Asked(_LEGACY[rest], LEGACY, shape, names, plain)
    head, _, symbol = rest.rpartition("/")
    return Asked(_LEGACY_BY_SYMBOL.get(head, ""), LEGACY, Shape.SYMBOL, _split(symbol), plain)


def _shape(rest: str) -> Shape:
    if rest.endswith("-bulk"):
        return Shape.BULK
    special = {"profile-cik": Shape.CIK, "news/stock": Shape.NEWS, "news/stock-latest": Shape.LATEST}
    return special.get(rest, Shape.SYMBOL)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
