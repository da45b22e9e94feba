"""A client of FMP on the vendor double, and every shape of error that FMP has."""

import json

from kairos.calendar import FixedClock
from kairos.sources.fmp import FmpClient
from kairos.sources.pace import RateLimiter, RetryPolicy
from tests.kairos.sources.vendor_double import KEY, RECEIVED, Answer, FakeTime, Vendor

UPGRADE = "Please upgrade your plan or visit our documentation for more details at https://site.financialmodelingprep.com/"
INVALID = "Invalid API KEY. Feel free to create a Free API Key or visit https://site.financialmodelingprep.com/faqs for more."
OLD = (
    "Legacy Endpoint : Due to Legacy endpoints being no longer supported - This endpoint is only available for legacy users "
    "who have valid subscriptions prior August 31, 2025."
)
EXCLUSIVE = "Exclusive Endpoint : This endpoint is not available under your current subscription agreement, please upgrade"
RESTRICTED = "Restricted Endpoint : This endpoint is not available under your current subscription agreement"
PREMIUM = (
    "Premium Query Parameter: 'Special Endpoint : This value set for 'limit' is not available under your current subscription"
)


def said(text: str, key: str = "Error Message") -> bytes:
    return json.dumps({key: text}).encode()


FINAL = {
    "invalid key, 200": (200, said(INVALID), "PlanError", "Set FMP_API_KEY"),
    "invalid key, 401": (401, said(INVALID), "PlanError", "Set FMP_API_KEY"),
    "legacy": (403, said(OLD), "PlanError", "set FMP_GENERATION=stable"),
    "exclusive, 402": (402, said(EXCLUSIVE), "PlanError", "does not cover this address"),
    "exclusive, 403": (403, said(EXCLUSIVE), "PlanError", "does not cover this address"),
    "restricted": (402, said(RESTRICTED), "PlanError", "does not cover this address"),
    "premium as plain text": (402, PREMIUM.encode(), "PlanError", "forbids this value"),
    "bandwidth": (429, said(f"Bandwidth Limit Reach . {UPGRADE}"), "RateLimitError", "only time clears it"),
    "query error as text": (400, b"Query Error: Invalid or missing query parameter - year", "SourceError", "check symbol and"),
    "query error as JSON": (400, said("Query Error: Invalid parameter - period"), "SourceError", "check symbol and period"),
    "suspended, 200": (200, said("Account suspended. Contact support."), "PlanError", "is suspended"),
    "suspended, 403": (403, said("Your account has been suspended"), "PlanError", "is suspended"),
    "404, list": (404, b"[]", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "404, object": (404, b"{}", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "404, nothing": (404, b"", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "in a list of one": (200, json.dumps([{"Error Message": INVALID}]).encode(), "PlanError", "Set FMP_API_KEY"),
    "nested": (200, json.dumps({"error": {"code": 7, "message": EXCLUSIVE}}).encode(), "PlanError", "does not cover"),
    "message": (200, said(RESTRICTED, "message"), "PlanError", "does not cover"),
    "an unknown text": (200, said("Something new"), "SourceError", "Something new. The vendor does not answer"),
    "a bare text": (200, b'"no such thing"', "SourceError", "no such thing"),
    "an unknown refusal": (403, b"", "PlanError", "HTTP 403, refused. Check FMP_API_KEY"),
    "another object": (200, b'{"symbol": "ZQXA", "historical": []}', "SourceError", "an object with symbol, historical"),
    "an empty object": (200, b"{}", "SourceError", "an object with nothing, expected a list"),
}
"""Answers that no repetition mends: status, body, kind of error, what the message says."""

PASSING = {
    "limit, 429": (429, said(f"Limit Reach . {UPGRADE}")),
    "limit, 200": (200, said(f"Limit Reach . {UPGRADE}")),
    "500": (500, b""),
    "502 page": (502, b"<html><body>Bad Gateway</body></html>"),
    "503 text": (503, b"upstream connect error"),
    "a page with 200": (200, b"<!DOCTYPE html><html></html>"),
    "cut short": (200, b'[{"symbol": "ZQXA", "da'),
}
"""Answers that may pass: status, body."""


def client_of(vendor: Vendor, fake_time: FakeTime, generation: str = "stable", **others: object) -> FmpClient:
    chosen = {"limiter": RateLimiter(10_000), "policy": RetryPolicy(timeout_s=2), **others}
    return FmpClient(vendor.url, KEY, clock=FixedClock(RECEIVED), generation=generation, timing=fake_time.timing(), **chosen)


def rows(*sent: object) -> Answer:
    return Answer(json.dumps(sent).encode())
