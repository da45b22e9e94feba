"""What the stand-in vendor offers: its tables with types, filters and keys, and the errors it answers with."""

from dataclasses import dataclass

VENDOR = "SHARADAR"
RANGE = ("eq", "gt", "gte", "lt", "lte")

ERRORS = {
    "QELx05": (429, "You have exceeded the API speed limit of 5000 calls per 10 minutes."),
    "QEAx01": (400, "We could not recognize your API key. Please check your API key and try again."),
    "QEAx03": (403, "A valid API key is required to retrieve data."),
    "QEAx07": (202, "Your request was accepted. Please try again in 30 seconds."),
    "QEPx04": (403, "You do not have permission to view this dataset. Please subscribe to this database to get access."),
    "QEPx05": (403, "You have attempted to view a premium database in anonymous mode. Please register and subscribe."),
    "QESx03": (422, "A parameter has an invalid value."),
    "QESx04": (422, "You have submitted incorrect query parameters. Please check your API call syntax and try again."),
    "QESx05": (406, "Unknown format. Please use json or csv."),
    "QESx06": (400, "The cursor you have submitted is invalid or has expired."),
    "QESx07": (422, "This operator is not supported."),
    "QESx08": (422, "You cannot use this column as a filter."),
    "QESx09": (400, "Your request could not be parsed."),
    "QECx01": (400, "We could not recognize the URL you requested."),
    "QECx02": (404, "You have submitted an incorrect datatable code."),
}


class RefusalError(Exception):
    """The vendor refuses with one of ERRORS; it reaches the client as a body, never as an exception."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.status, message = ERRORS[code]
        self.message = f"{message} {detail}".strip()
        super().__init__(self.message)


@dataclass(frozen=True)
class Offer:
    """One vendor table: its columns with their type names in order, what may be filtered, its key and whether it costs.

    Attributes:
        code: Table code.
        name: Title.
        columns: Column names with the vendor's type names.
        filters: Columns that may be filtered.
        key: Primary key; rows come in its order.
        premium: Whether a free key does not suffice.
        renamed: Column that bears another name while the wrong-schema fault holds.
    """

    code: str
    name: str
    columns: dict[str, str]
    filters: tuple[str, ...]
    key: tuple[str, ...]
    premium: bool
    renamed: str


def _typed(names: str, *, otherwise: str = "double", **kinds: str) -> dict[str, str]:
    return {name: kinds.get(name, otherwise) for name in names.split()}


SEP = Offer(
    "SEP",
    "Sharadar Equity Prices",
    _typed(
        "ticker date open high low close volume closeadj closeunadj lastupdated",
        ticker="String",
        date="Date",
        lastupdated="Date",
    ),
    filters=("date", "lastupdated", "ticker"),
    key=("ticker", "date"),
    premium=True,
    renamed="close",
)
DAILY = Offer(
    "DAILY",
    "Daily Metrics",
    _typed("ticker date lastupdated ev evebit evebitda marketcap pb pe ps", ticker="String", date="Date", lastupdated="Date"),
    filters=("date", "lastupdated", "ticker"),
    key=("ticker", "date"),
    premium=True,
    renamed="marketcap",
)
ACTIONS = Offer(
    "ACTIONS",
    "Corporate Actions",
    _typed(
        "date action ticker name value contraticker contraname",
        date="Date",
        action="text",
        ticker="text",
        name="text",
        contraticker="text",
        contraname="text",
    ),
    filters=("action", "contraticker", "date", "ticker"),
    key=("date", "ticker", "name", "action", "contraname", "contraticker"),
    premium=True,
    renamed="value",
)
TICKERS = Offer(
    "TICKERS",
    "Tickers and Metadata",
    _typed(
        "table permaticker ticker name exchange isdelisted category cusips siccode sicsector sicindustry famasector "
        "famaindustry sector industry scalemarketcap scalerevenue relatedtickers currency location lastupdated firstadded "
        "firstpricedate lastpricedate firstquarter lastquarter secfilings companysite",
        otherwise="text",
        permaticker="Integer",
        siccode="Integer",
        lastupdated="Date",
        firstadded="Date",
        firstpricedate="Date",
        lastpricedate="Date",
        firstquarter="Date",
        lastquarter="Date",
    ),
    filters=("lastupdated", "permaticker", "table", "ticker"),
    key=("table", "permaticker", "ticker"),
    premium=False,
    renamed="permaticker",
)
SF1_ITEMS = (
    "accoci assets assetsavg assetsc assetsnc assetturnover bvps capex cashneq cashnequsd consolinc cor currentratio de debt "
    "debtc debtnc debtusd deferredrev depamor deposits divyield dps ebit ebitda ebitdamargin ebitdausd ebitusd ebt eps epsdil "
    "epsusd equity equityavg equityusd ev evebit evebitda fcf fcfps fxusd gp grossmargin intangibles intexp invcap invcapavg "
    "inventory investments investmentsc investmentsnc liabilities liabilitiesc liabilitiesnc marketcap ncf ncfbus ncfcommon "
    "ncfdebt ncfdiv ncff ncfi ncfinv ncfo ncfx netinc netinccmn netinccmnusd netincdis netincnci netmargin opex opinc "
    "payables payoutratio pb pe pe1 ppnenet prefdivis price ps ps1 receivables retearn revenue revenueusd rnd roa roe roic "
    "ros sbcomp sgna sharefactor sharesbas shareswa shareswadil sps tangibles taxassets taxexp taxliabilities tbvps "
    "workingcapital"
)
SF1 = Offer(
    "SF1",
    "Core US Fundamentals",
    _typed(
        f"ticker dimension calendardate datekey reportperiod fiscalperiod lastupdated {SF1_ITEMS}",
        ticker="String",
        dimension="String",
        calendardate="Date",
        datekey="Date",
        reportperiod="Date",
        fiscalperiod="String",
        lastupdated="Date",
    ),
    filters=("calendardate", "datekey", "dimension", "lastupdated", "reportperiod", "ticker"),
    key=("ticker", "dimension", "datekey", "reportperiod"),
    premium=True,
    renamed="revenue",
)
SP500 = Offer(
    "SP500",
    "S&P 500 constituents",
    _typed("date action ticker name contraticker contraname note", otherwise="text", date="Date"),
    filters=("action", "contraticker", "date", "ticker"),
    key=("date", "ticker", "action"),
    premium=True,
    renamed="action",
)
OFFERS = {offer.code: offer for offer in (SEP, DAILY, ACTIONS, TICKERS, SF1, SP500)}
