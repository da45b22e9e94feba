"""Every fault of the feeds' vendors and how it goes: what a pull is told where it stays, and whether it passes once over."""

from dataclasses import dataclass, field
from typing import Any

from kairos.sandbox.access import LIMIT
from kairos.sandbox.faults import FaultKind


@dataclass(frozen=True)
class Course:
    """How a fault goes.

    Attributes:
        kind: The fault.
        stays: What the line says where it stays; empty where it is not noticed and changes nothing.
        passes: Whether a pull bears one occurrence of it.
        table: Whose answers it strikes.
        options: Of the fault.
        asks: Times that the stricken question is asked where the fault stays, if that is certain.
    """

    kind: FaultKind
    stays: str
    passes: bool = False
    table: str = "fmp_income_statement"
    options: dict[str, Any] = field(default_factory=dict)
    asks: int | None = None

    @property
    def name(self) -> str:
        return f"{self.table}-{self.kind.value}" + "".join(f"-{value}"[:12] for value in self.options.values())


def passing(kind: FaultKind, stays: str, *, table: str = "fmp_income_statement", **options: Any) -> Course:
    return Course(kind, stays, passes=True, table=table, options=options)


def final(kind: FaultKind, stays: str, *, table: str = "fmp_income_statement", **options: Any) -> Course:
    """Not asked again: it does not pass by waiting a moment."""
    return Course(kind, stays, table=table, options=options, asks=1)


GIVEN_UP = r"Given up after \d attempt"
CUT = r"the body is cut short or no JSON \(\d+ bytes\)\. Given up"
FEWER = r"fmp_income_statement: \d+ rows for \d+ questions that gave \d+ before"
FMP = (
    passing(FaultKind.RATE_LIMIT, f"Limit Reach.*{GIVEN_UP}", seconds=0),
    Course(FaultKind.RATE_LIMIT, "Limit Reach.*Given up after 1 attempt.*the next wait would be 60 s", asks=1),
    final(FaultKind.LISTED_ERROR, "HTTP 200: Limit Reach.*the next wait would be 60 s", text=LIMIT),
    passing(FaultKind.SERVER_ERROR, f"HTTP 500.*{GIVEN_UP}"),
    passing(FaultKind.BAD_GATEWAY, f"HTTP 502.*{GIVEN_UP}"),
    passing(FaultKind.RESET, f"Connection reset by peer.*{GIVEN_UP}"),
    passing(FaultKind.TRUNCATED, CUT),
    passing(FaultKind.CUT_SHORT, "without sending complete message body"),
    passing(FaultKind.GZIP_GARBAGE, f"DecodingError.*{GIVEN_UP}"),
    passing(FaultKind.WEB_PAGE, f"HTTP 200, a web page in place of JSON. {GIVEN_UP}"),
    passing(FaultKind.TELLS_SECRETS, r"Call with apikey=\*\*\* failed"),
    final(FaultKind.REDIRECTED, "HTTP 302, expected 200"),
    final(FaultKind.BANDWIDTH_LIMIT, "Bandwidth Limit Reach.*run again in some days"),
    final(FaultKind.SUSPENDED, "HTTP 200: Account suspended.*settle that"),
    final(FaultKind.SUSPENDED, "HTTP 403: Account suspended.*settle that", status=403),
    final(FaultKind.ERROR_BODY, "HTTP 200: Invalid API KEY.*Set FMP_API_KEY"),
    final(FaultKind.ERROR_BODY, "HTTP 200: Out of cheese.*does not answer this question", text="Out of cheese."),
    final(FaultKind.EXCLUSIVE, "HTTP 402: Exclusive Endpoint.*take a larger plan"),
    final(FaultKind.PREMIUM_PARAMETER, "HTTP 402: Premium Query Parameter.*larger plan"),
    final(FaultKind.WITHDRAWN, "HTTP 404, an unknown or withdrawn address. Check FMP_GENERATION"),
    final(FaultKind.STRANGE_BODY, "NoneType, expected a list of rows"),
    final(FaultKind.STRANGE_BODY, "row 0 is int, expected an object", text="[1, 2]"),
    Course(FaultKind.EMPTY_BODY, FEWER),
    Course(FaultKind.EMPTY_TABLE, FEWER),
    Course(FaultKind.SILENT_SAMPLE, FEWER),
    Course(FaultKind.SHORT_PAGE, FEWER),
    Course(FaultKind.WRONG_SCHEMA, "date"),
    Course(FaultKind.MISSING_COLUMN, "date"),
    Course(FaultKind.TEXT_COLUMN, "values of revenue cannot be read", options={"column": "revenue"}),
    Course(FaultKind.DUPLICATE_ROWS, "", passes=True),
    Course(FaultKind.EXTRA_COLUMN, "", passes=True, table="fmp_balance_sheet"),
    Course(FaultKind.REORDERED_COLUMNS, "", passes=True, table="fmp_cash_flow"),
)
SF1 = (
    passing(FaultKind.RATE_LIMIT, "QELx05.*Given up", table="SF1", seconds=0),
    passing(FaultKind.TRUNCATED, CUT, table="SF1"),
    passing(FaultKind.SERVER_ERROR, "HTTP 500", table="SF1"),
    final(FaultKind.WEB_PAGE, "a web page came in place of JSON", table="SF1"),
    final(FaultKind.STRANGE_BODY, "JSON holds NoneType", table="SF1"),
)
QUIVER = (
    passing(FaultKind.RATE_LIMIT, "HTTP 429.*Given up", table="quiver_congress", seconds=0),
    passing(FaultKind.BAD_GATEWAY, "HTTP 502.*Given up", table="quiver_insiders"),
    passing(FaultKind.TRUNCATED, CUT, table="quiver_congress"),
    final(FaultKind.UPGRADE, "HTTP 403: Upgrade your subscription.*Check QUIVER_API_KEY", table="quiver_social"),
    final(FaultKind.STRANGE_BODY, "NoneType, expected a list of rows", table="quiver_insiders"),
    final(FaultKind.WITHDRAWN, "HTTP 404", table="quiver_congress"),
    Course(FaultKind.ENVELOPE, "", passes=True, table="quiver_congress"),
)
COURSES = (*FMP, *SF1, *QUIVER)
