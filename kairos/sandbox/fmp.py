"""FMP's side of the stand-in vendor: from a request to an answer in either generation, refusals included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from kairos.calendar import Clock
from kairos.frames import Frame
from kairos.sandbox import access
from kairos.sandbox.access import FMP_PLANS, Meter, Plan, error, plain
from kairos.sandbox.bulk import as_text, bulk_csv
from kairos.sandbox.chatter import hourly_posts
from kairos.sandbox.faults import Fault
from kairos.sandbox.fmp_fields import ESTIMATES, NEWS, NEWS_LEGACY, PROFILE, PROFILE_LEGACY, RATING, SOCIAL
from kairos.sandbox.fmp_paths import LEGACY, Asked, Shape, read_address
from kairos.sandbox.fmp_rows import METRICS, STATEMENTS, FmpView
from kairos.sandbox.fmp_spelling import LEGACY_NAMES, RECOMMENDED
from kairos.sandbox.market import Market
from kairos.sandbox.protocol import CSV, Answer, Request, json_answer
from kairos.sandbox.spoils import spoiled_rows

PERIODS = ("annual", "quarter", "FY", "Q1", "Q2", "Q3", "Q4")
ROWS, NEWS_ROWS, SOCIAL_ROWS, MOST_ROWS = 1000, 20, 100, 1000  # unless `limit` says otherwise
FREE_ROWS, FREE_NAMES = 5, 10
WORDED_FIELDS = ("revenue", "totalAssets", "operatingCashFlow", "eps")


class _Refused(Exception):  # noqa: N818 - carries an answer, not an error
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


@dataclass
class FmpDesk:
    """Answers requests for fundamentals on a market as of a clock.

    Attributes:
        market: The market.
        clock: Decides what has been published.
        meter: What each key may use.
    """

    market: Market
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Answer a request, its rows spoiled by `fault` if there is one."""
        asked = read_address(request.path, request.parameters)
        now = self.clock.now()
        try:
            plan = self._plan(request.key, asked)
            limited = self.meter.refusal(request.key or "", now)
            if limited is not None:
                return limited
            if not asked.kind:
                return json_answer([], 404)
            answer = self._asked(asked, plan, FmpView(self.market, now), fault)
        except _Refused as refusal:
            return refusal.answer
        self.meter.sent(request.key or "", len(answer.body), now)
        return answer

    def _plan(self, key: str | None, asked: Asked) -> Plan:
        plan = FMP_PLANS.get(key or "")
        if plan is None:
            raise _Refused(error(access.INVALID_KEY, 401))
        if plan is Plan.SUSPENDED:
            raise _Refused(error(access.SUSPENDED, 403))
        if asked.generation == LEGACY and plan is not Plan.LEGACY:
            raise _Refused(error(access.LEGACY_ENDPOINT, 403))
        if plan is Plan.FREE and asked.shape in (Shape.NEWS, Shape.LATEST, Shape.BULK):
            raise _Refused(error(access.EXCLUSIVE, 402))
        return plan

    def _asked(self, asked: Asked, plan: Plan, view: FmpView, fault: Fault | None) -> Answer:
        if asked.shape is Shape.BULK:
            texts = as_text(self._bulk(asked, view))
            return Answer(200, bulk_csv(spoiled_rows(texts, fault, "date")), CSV)
        limit, page = asked.whole("limit", _rows_by_default(asked, plan)), asked.whole("page", 0)
        if limit is None or page is None:
            raise _Refused(plain(access.BAD_QUERY.format(name="limit" if limit is None else "page"), 400))
        names = self._names(asked, view)
        if plan is Plan.FREE:
            _within_free(asked, view, limit=limit)
        rows = self._rows(asked, names, view, limit=min(limit, MOST_ROWS), page=page)
        return json_answer(_sent(spoiled_rows(rows, fault, "date")))

    def _names(self, asked: Asked, view: FmpView) -> Frame:
        if asked.shape is Shape.CIK:
            wanted = view.symbols.filter(pl.col("permaticker").cast(pl.String).str.zfill(10) == asked.parameters.get("cik", ""))
            return view.named(wanted["symbol"].to_list())
        if asked.shape is Shape.LATEST:
            return view.symbols
        if not asked.symbols and asked.generation != LEGACY:
            raise _Refused(plain(access.BAD_QUERY.format(name="symbols" if asked.kind == "news" else "symbol"), 400))
        listed = asked.shape is Shape.NEWS or (asked.generation == LEGACY and asked.kind == "profile")
        return view.named(list(asked.symbols) if listed or len(asked.symbols) == 1 else [])

    def _rows(self, asked: Asked, names: Frame, view: FmpView, *, limit: int, page: int) -> Frame:
        """Return the rows of an answer with their fields as spelt, and `worded` where some numbers go as text."""
        kind, old = asked.kind, asked.generation == LEGACY
        if kind == "news":
            rows = view.news(names, **_days(asked)).slice(page * limit, limit)
            return rows.select(NEWS_LEGACY if old else NEWS)
        if kind == "social":
            return self._social(names, view, page)
        if kind in STATEMENTS or kind in METRICS:
            return self._reports(asked, names, view, limit)
        if kind == "analyst-estimates":
            annual = pl.col("period") == "FY" if _period(asked, required=not old) == "annual" else pl.col("period") != "FY"
            rows = view.estimates(names).filter(annual).slice(page * limit, limit).select(ESTIMATES)
        elif kind == "profile":
            rows = view.profiles(names).select(PROFILE_LEGACY if old else PROFILE)
        else:
            rows = view.ratings(names) if kind == "rating" else view.rating_history(names, limit)
            rows = rows.select(RATING[0], *(["date"] if old or kind == "historical-rating" else []), *RATING[1:])
            rows = _with_recommendations(rows) if old else rows
            kind = "rating"
        return _respelt(rows, kind) if old else rows

    def _reports(self, asked: Asked, names: Frame, view: FmpView, limit: int) -> Frame:
        kind, old, period = asked.kind, asked.generation == LEGACY, _period(asked)
        rows = view.statement(kind, names) if kind in STATEMENTS else view.metrics(names)
        chosen = {"annual": pl.col("period") == "FY", "quarter": pl.col("period") != "FY"}
        rows = rows.filter(chosen.get(period, pl.col("period") == period)).head(limit)
        stable, legacy = STATEMENTS[kind][1:] if kind in STATEMENTS else METRICS[kind]
        sent = rows.select(*(legacy if old else stable), *(["worded"] if kind in STATEMENTS else []))
        return _respelt(sent, kind) if old else sent

    def _social(self, names: Frame, view: FmpView, page: int) -> Frame:
        if names.is_empty():
            return pl.DataFrame(schema=dict.fromkeys(SOCIAL, pl.String))
        number, symbol = names.row(0)[:2]
        span = {"skip": page * SOCIAL_ROWS, "limit": SOCIAL_ROWS}
        return hourly_posts(self.market, number, symbol, now=view.now, **span).select(SOCIAL)

    def _bulk(self, asked: Asked, view: FmpView) -> Frame:
        everyone = view.named(view.symbols["symbol"].to_list())
        if asked.kind == "rating":
            return view.ratings(everyone).select(RATING)
        needed = ("part",) if asked.kind == "profile" else ("year", "period")
        for name in needed:
            if not asked.parameters.get(name):
                raise _Refused(plain(access.BAD_QUERY.format(name=name), 400))
        if asked.kind == "profile":
            return view.profiles(everyone).select(PROFILE).head(MOST_ROWS if asked.parameters["part"] == "0" else 0)
        rows = view.statement(asked.kind, everyone)
        wanted = {"annual": "FY"}.get(asked.parameters["period"], asked.parameters["period"])
        chosen = (pl.col("fiscalYear") == asked.parameters["year"]) & (pl.col("period") == wanted)
        return rows.filter(chosen).select(STATEMENTS[asked.kind][1])


def _rows_by_default(asked: Asked, plan: Plan) -> int:
    if asked.kind == "news":
        return NEWS_ROWS
    return FREE_ROWS if plan is Plan.FREE else ROWS


def _within_free(asked: Asked, view: FmpView, *, limit: int) -> None:
    sample = view.symbols.sort("permaticker").head(FREE_NAMES)["symbol"].to_list()
    beyond = {
        "symbol": len(asked.symbols) > 1 or any(symbol not in sample for symbol in asked.symbols),
        "limit": limit > FREE_ROWS,
        "period": asked.parameters.get("period", "annual") not in ("annual", "FY"),
    }
    for name, holds in beyond.items():
        if holds:
            raise _Refused(plain(access.PREMIUM_PARAMETER.format(name=name), 402))


def _period(asked: Asked, *, required: bool = False) -> str:
    period = asked.parameters.get("period") or ("" if required else "annual")
    if period not in (PERIODS[:2] if required else PERIODS):
        raise _Refused(plain(access.BAD_QUERY.format(name="period"), 400))
    return period


def _days(asked: Asked) -> dict[str, Any]:
    from datetime import date

    try:
        return {
            into: date.fromisoformat(asked.parameters[name])
            for name, into in (("from", "since"), ("to", "until"))
            if name in asked.parameters
        }
    except ValueError:
        raise _Refused(plain(access.BAD_QUERY.format(name="from"), 400)) from None


def _respelt(rows: Frame, kind: str) -> Frame:
    names = LEGACY_NAMES[kind]
    return rows.rename({name: old for name, old in names.items() if name in rows.columns})


def _with_recommendations(rows: Frame) -> Frame:
    """Add what each score advises behind it, as the old generation does."""
    columns: list[pl.Expr] = []
    for name in rows.columns:
        columns.append(pl.col(name))
        if name.endswith("Score"):
            old = LEGACY_NAMES["rating"][name].removesuffix("Score")
            columns.append(pl.col(name).replace_strict(RECOMMENDED, return_dtype=pl.String).alias(f"{old}Recommendation"))
    return rows.select(columns)


def _sent(rows: Frame) -> list[Mapping[str, Any]]:
    """Return the rows as JSON objects; a worded row has some numbers as text."""
    found: list[dict[str, Any]] = rows.rows(named=True)
    for row in found:
        if row.pop("worded", False):
            row.update({name: str(row[name]) for name in WORDED_FIELDS if row.get(name) is not None})
    return list(found)
