"""Quiver's side of the stand-in vendor: members' and insiders' trades and mentions, as uploaded by now."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from kairos.calendar import NEW_YORK, Clock
from kairos.frames import Frame
from kairos.sandbox import access
from kairos.sandbox.chatter import daily_mentions
from kairos.sandbox.disclosures import CODES, DEALS, MEMBERS, OFFICERS, RANGES
from kairos.sandbox.faults import Fault, FaultKind
from kairos.sandbox.market import Market
from kairos.sandbox.protocol import Answer, Request, json_answer
from kairos.sandbox.spoils import spoiled_rows
from kairos.sandbox.views import current_tickers, known_session

ROOT = "beta"
DATASETS = {"congresstrading": "quiver_congress", "insiders": "quiver_insiders", "wallstreetbets": "quiver_social"}
PATHS = (
    "bulk/congresstrading",
    "live/congresstrading",
    "historical/congresstrading",
    "live/insiders",
    "historical/wallstreetbets",
)
PAGE_ROWS, LIVE_DAYS = 10_000, 90
PARTIES, CHAMBERS = ("D", "R", "I"), ("Representatives", "Senate")

c = pl.col


def dataset_of(path: str) -> str:
    """Return the data set that a path leads to; nothing where it leads nowhere."""
    parts = path.strip("/").split("/")[1:]
    named = parts[0] == "historical" if parts else False
    known = "/".join(parts[:2]) in PATHS and len(parts) == (3 if named else 2)
    return DATASETS[parts[1]] if known else ""


@dataclass
class QuiverDesk:
    """Answers requests for disclosures and mentions on a market as of a clock."""

    market: Market
    clock: Clock

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Answer a request, its rows spoiled by `fault` if there is one."""
        dataset = dataset_of(request.path)
        if request.key not in (access.SANDBOX_QUIVER_KEY, access.SANDBOX_QUIVER_BASIC_KEY):
            return json_answer({"detail": access.QUIVER_BAD_KEY}, 401)
        if not dataset:
            return json_answer({"detail": "Not found."}, 404)
        if dataset != "quiver_congress" and request.key == access.SANDBOX_QUIVER_BASIC_KEY:
            return json_answer(access.QUIVER_UPGRADE, 403)
        plain = {name: values[-1] for name, values in request.parameters.items() if values}
        rows = spoiled_rows(self._rows(request.path, dataset, plain), fault, "Ticker")
        found = rows.rows(named=True)
        return json_answer({"data": found} if fault is not None and fault.kind is FaultKind.ENVELOPE else found)

    def _rows(self, path: str, dataset: str, plain: dict[str, str]) -> Frame:
        now, name = self.clock.now(), path.strip("/").split("/")[-1]
        known = known_session(self.market, now) or date.min
        tickers = current_tickers(self.market, known).filter(c("taken_on").is_null()).select("permaticker", Ticker="ticker")
        wanted = name if "/historical/" in path else plain.get("ticker", "")
        chosen = tickers.filter(c("Ticker") == wanted) if wanted else tickers
        if dataset == "quiver_social":
            return self._mentions(chosen, known)
        rows = self._congress(chosen, now) if dataset == "quiver_congress" else self._insiders(chosen, now)
        if "/live/" in path:
            rows = rows.filter(c("uploaded_at") >= now - pl.duration(days=LIVE_DAYS))
        rows = rows.drop("uploaded_at")
        size, page = int(plain.get("page_size", PAGE_ROWS)), int(plain.get("page", 1))
        return rows if "/historical/" in path else rows.slice((page - 1) * size, size)

    def _mentions(self, chosen: Frame, known: date) -> Frame:
        if chosen.is_empty():
            return pl.DataFrame()
        return daily_mentions(self.market, *chosen.row(0), until=known)

    def _congress(self, chosen: Frame, now: datetime) -> Frame:
        rows = self.market.congress.filter(c("uploaded_at") <= now).join(chosen, on="permaticker", how="inner")
        price = pl.lit(None, dtype=pl.String)
        number = c("member")
        return rows.sort("uploaded_at", "Ticker", descending=[True, False], maintain_order=True).select(
            _label(number, MEMBERS).alias("Representative"),
            pl.format("E{}", (1000 + number).cast(pl.String).str.zfill(6)).alias("BioGuideID"),
            c("reported").dt.to_string("%Y-%m-%d").alias("ReportDate"),
            c("traded").dt.to_string("%Y-%m-%d").alias("TransactionDate"),
            "Ticker",
            _label(c("deal"), DEALS).alias("Transaction"),
            _label(c("range"), RANGES).alias("Range"),
            pl.lit("CA00").alias("District"),
            _label(number % 2, CHAMBERS).alias("House"),
            _label(c("range"), tuple(f"{_lowest(text)}.0" for text in RANGES)).alias("Amount"),
            _label(number % 3, PARTIES).alias("Party"),
            c("uploaded_at").dt.convert_time_zone(NEW_YORK.key).dt.to_string("%Y-%m-%d").alias("last_modified"),
            pl.lit("ST").alias("TickerType"),
            price.alias("Description"),
            *(self._since(now).alias(name) for name in ("ExcessReturn", "PriceChange", "SPYChange")),
            "uploaded_at",
        )

    def _since(self, now: datetime) -> pl.Expr:
        """Return a number that is worked out to the day of asking, and so changes from one to the next."""
        days = (now.astimezone(UTC).date() - c("traded")).dt.total_days()
        return (days % 17 / 10.0).round(2)

    def _insiders(self, chosen: Frame, now: datetime) -> Frame:
        rows = self.market.insiders.filter(c("uploaded_at") <= now).join(chosen, on="permaticker", how="inner")
        bought = c("code").is_in([0, 2, 3])
        return rows.sort("uploaded_at", "Ticker", descending=[True, False], maintain_order=True).select(
            "Ticker",
            c("traded").dt.to_string("%Y-%m-%d").alias("Date"),
            _label(c("officer"), OFFICERS).alias("Name"),
            pl.when(bought).then(pl.lit("A")).otherwise(pl.lit("D")).alias("AcquiredDisposedCode"),
            _label(c("code"), CODES).alias("TransactionCode"),
            c("shares").alias("Shares"),
            c("price").round(2).alias("PricePerShare"),
            (c("shares") * 9.0).alias("SharesOwnedFollowing"),
            c("filed").dt.to_string("%Y-%m-%d").alias("fileDate"),
            pl.lit("Officer").alias("officerTitle"),
            pl.lit(False).alias("isDirector"),
            pl.lit(True).alias("isOfficer"),
            pl.lit(False).alias("isTenPercentOwner"),
            pl.lit(False).alias("isOther"),
            pl.lit("D").alias("directOrIndirectOwnership"),
            c("uploaded_at").dt.to_string("%Y-%m-%dT%H:%M:%SZ").alias("uploaded"),
            "uploaded_at",
        )


def _label(number: pl.Expr, labels: tuple[str, ...]) -> pl.Expr:
    return number.replace_strict(dict(enumerate(labels)), return_dtype=pl.String)


def _lowest(span: str) -> str:
    return span.split(" ", maxsplit=1)[0].removeprefix("$").replace(",", "")
