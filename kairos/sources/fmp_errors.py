"""What FMP means by its errors: the text decides before the status, which the vendor has changed over the years."""

import re
from dataclasses import dataclass

from kairos.errors import PlanError, RateLimitError, SourceError
from kairos.sources.answers import error_text, raise_by_status, require_rows
from kairos.sources.http import Reply, TransientError, retry_after_s

MINUTE_S = 60.0  # the vendor counts calls by the minute and sends no Retry-After
REFUSED = frozenset({401, 402, 403})
CHECK_PATH = "Check FMP_GENERATION and FMP_BASE_URL, or look for a newer Kairos."
CHECK_PLAN = "Check FMP_API_KEY and what your plan covers."


@dataclass(frozen=True)
class Meaning:
    """What a text means.

    Attributes:
        pattern: Matches the vendor's text.
        kind: What is raised.
        advice: What to do.
    """

    pattern: re.Pattern[str]
    kind: type[SourceError]
    advice: str


LIMIT = re.compile(r"Limit Reach", re.IGNORECASE)
MEANINGS = (
    Meaning(
        re.compile(r"Bandwidth Limit", re.IGNORECASE),
        RateLimitError,
        "The bandwidth of 30 days is used up and only time clears it: run again in some days, or with a larger plan.",
    ),
    Meaning(
        re.compile(r"Invalid API KEY", re.IGNORECASE),
        PlanError,
        "Set FMP_API_KEY to the key of your account.",
    ),
    Meaning(
        re.compile(r"Legacy Endpoint", re.IGNORECASE),
        PlanError,
        "This key is too new for the legacy addresses: set FMP_GENERATION=stable; social sentiment is served to old keys only.",
    ),
    Meaning(
        re.compile(r"Premium Query Parameter", re.IGNORECASE),
        PlanError,
        "The plan of FMP_API_KEY forbids this value: ask for fewer periods or for US symbols, or take a larger plan.",
    ),
    Meaning(
        re.compile(r"(Exclusive|Restricted|Special) Endpoint", re.IGNORECASE),
        PlanError,
        "The plan of FMP_API_KEY does not cover this address: take a larger plan, or turn the feed off (ENABLE_FMP_NEWS).",
    ),
    Meaning(
        re.compile(r"Account.{0,20}suspended", re.IGNORECASE),
        PlanError,
        "The account of FMP_API_KEY is suspended: settle that with the vendor, or set another key.",
    ),
    Meaning(
        re.compile(r"Query Error", re.IGNORECASE),
        SourceError,
        "The vendor does not accept this question; check symbol and period.",
    ),
)
"""In the order in which they are tried; each is final."""


def read_fmp(reply: Reply) -> bytes:
    """Return the body of an answer that is a list of rows, an empty one, or no bytes.

    An empty list may mean no data, an unknown symbol or a plan that does not cover it; the vendor does not say which.

    Raises:
        TransientError: The calls of the minute are used up, the server or its gateway fails, or the body is cut short.
        RateLimitError: The bandwidth is used up.
        PlanError: The key, the plan or the account does not allow it.
        SourceError: The question or the address is wrong, or the answer is no list.
    """
    text = error_text(reply.content)
    if text is not None:
        _raise_meant(reply, text)
    if reply.status in REFUSED:
        raise PlanError(f"{reply.label}: HTTP {reply.status}, refused. {CHECK_PLAN}")
    return require_rows(reply, advice=CHECK_PATH)


def _raise_meant(reply: Reply, text: str) -> None:
    told = f"{reply.label}: HTTP {reply.status}: {text.rstrip('.')}."
    for meaning in MEANINGS:
        if meaning.pattern.search(text):
            raise meaning.kind(f"{told} {meaning.advice}")
    if LIMIT.search(text):
        wait = retry_after_s(reply.headers)
        reason = f"{told} The calls of the minute or the day are used up; lower FMP_CALLS_PER_MIN or FMP_CALLS_PER_DAY"
        raise TransientError(reason, wait_s=MINUTE_S if wait is None else wait, limited=True)
    raise_by_status(reply, text)
    if reply.status in REFUSED:
        raise PlanError(f"{told} {CHECK_PLAN}")
    raise SourceError(f"{told} The vendor does not answer this question. {CHECK_PATH}")
