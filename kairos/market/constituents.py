"""Who was a member of the S&P 500 from when to when, every version of it from the instant it was known.

The vendor's lists of members and the changes between them are taken in the order in which they could have been known. A
list of today that lacks a member ends its membership even if no change was told; nothing that was known is rewritten.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from kairos.calendar import session_offset
from kairos.frames import Frame, newest_versions
from kairos.market.cleaned import ROW_REJECTED, Cleaned, set_aside
from kairos.market.dates import on_or_after, session_table
from kairos.market.identity import with_permaticker
from kairos.market.tickers import REASON_WINDOW
from kairos.tables.market import SP500
from kairos.tables.quality import CORRECTIONS, MEMBERSHIP

CURRENT, HISTORICAL, ADDED, REMOVED = ACTIONS = ("current", "historical", "added", "removed")
LISTS = (CURRENT, HISTORICAL)
WRITER = "sp500"
_SAID = ["source", "permaticker", "date", "action"]
_DETAILS = ("ticker", "date", "action", "contraticker")
Row = dict[str, Any]


@dataclass(frozen=True)
class _Stay:
    """One membership as it is known: its sessions, both included, `until` null while it lasts."""

    since: date
    until: date | None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass
class _Roll:
    """What is known so far, and every version that it took."""

    stays: dict[int, list[_Stay]] = field(default_factory=dict)
    versions: list[Row] = field(default_factory=list)

    def joins(self, name: int, told: Row) -> None:
        stays = self.stays.setdefault(name, [])
        day = told["session"]
        if any(stay.holds(day) for stay in stays):
            return
        later = [stay.since for stay in stays if stay.since > day]
        stay = _Stay(day, _session_before(min(later)) if later else None)
        stays.append(stay)
        self._note(name, stay, told)

    def leaves(self, name: int, told: Row) -> None:
        stays, day = self.stays.get(name, []), told["session"]
        for at, stay in enumerate(stays):
            if stay.holds(day) and stay.since < day:
                stays[at] = replace(stay, until=_session_before(day))
                self._note(name, stays[at], told)

    def members(self, day: date) -> set[int]:
        return {name for name, stays in self.stays.items() if any(stay.holds(day) for stay in stays)}

    def _note(self, name: int, stay: _Stay, told: Row) -> None:
        counted = len(self.members(told["session"]))
        self.versions.append(told | {"permaticker": name, "valid_from": stay.since, "valid_to": stay.until, "members": counted})


def memberships(raw_sp500: Frame, raw_tickers: Frame, *, year: int) -> Cleaned:
    """Return the versions that became known by a year's sessions, in the form of `sp500`, and what was set aside.

    A row is known from the publication of its session's prices, or from its receipt where that came before, or where an
    earlier delivery came after it and did not have the row (`observed`); a list of today is known from its receipt.

    Args:
        raw_sp500: All deliveries of raw SP500.
        raw_tickers: All deliveries of raw TICKERS.
        year: Calendar year of the sessions handed back.
    """
    told = raw_sp500.drop("received_year", "record", "name", "contraname", "note")
    mapped = with_permaticker(told, raw_tickers, grace=REASON_WINDOW)
    dated = _known(on_or_after(mapped, "date", name="effective"))
    reason = (
        pl.when(~pl.col("action").is_in(ACTIONS)).then(pl.lit("unknown_action"))
        .when(pl.col("date") < session_table()["session"][0]).then(pl.lit("before_calendar"))
        .when(pl.col("effective").is_null()).then(pl.lit("not_a_session"))
        .when(pl.col("permaticker").is_null()).then(pl.lit("unknown_ticker"))
    )  # fmt: skip
    judged = dated.with_columns(reason.alias("reason")).sort("fetched_at", "payload_id", "row")
    lost = judged.filter(pl.col("reason").is_not_null()).with_columns(pl.col("fetched_at").dt.year().alias("year"))
    lost = lost.unique(["source", "ticker", "action", "reason"], keep="first", maintain_order=True).filter(year=year)
    roll = _Roll()
    for group in _in_order(judged.filter(pl.col("reason").is_null())):
        _take(roll, group)
    rows = SP500.conform(_told_by_session(roll.versions)).filter(pl.col("session").dt.year() == year)
    quarantine = set_aside(lost, _DETAILS, writer=WRITER, dataset="sp500", action=ROW_REJECTED)
    return Cleaned(rows.sort(SP500.key), quarantine, repeated=raw_sp500.height - rows.height - lost.height)


def members_at(sp500: Frame, session: date, *, known: datetime) -> Frame:
    """Return permaticker and ticker of the members on a session, as was known at an instant.

    Args:
        sp500: Rows of that table.
        session: The session.
        known: The instant.
    """
    seen = newest_versions(sp500.filter(pl.col("known_at") <= known), ("permaticker", "valid_from"))
    lasting = pl.col("valid_to").is_null() | (pl.col("valid_to") >= session)
    found = seen.filter((pl.col("valid_from") <= session) & lasting)
    return found.select("permaticker", "ticker").unique("permaticker", keep="last").sort("permaticker")


def membership_changes(sp500: Frame) -> Frame:
    """Return who joined and left by deliveries after the first, in the form of `corrections`: 0 became 1, or 1 became 0."""
    told = sp500.filter(pl.col("known_at_before").is_not_null())
    number = session_table().select("session", "session_index")
    left = (pl.col("valid_to").is_not_null() & (pl.col("told_by") != ADDED)).cast(pl.Float64)
    effective = pl.when(left > 0).then("valid_to").otherwise("valid_from")
    rows = told.with_columns(effective.alias("_effective")).join(number, on="session", how="left", maintain_order="left")
    rows = rows.join(number.rename({"session": "_effective", "session_index": "_at"}), on="_effective", how="left")
    late = (pl.col("session_index") - pl.col("_at")).clip(lower_bound=0).cast(pl.Int64)
    return CORRECTIONS.conform(
        rows.with_columns(
            pl.lit("sp500").alias("column_name"), pl.lit(MEMBERSHIP).alias("kind"), pl.col("ticker").alias("ticker_before"),
            left.alias("old_value"), (1.0 - left).alias("new_value"), pl.when(left > 0).then(-1.0).alias("change"),
            late.alias("sessions_late"), pl.col("members").clip(lower_bound=1).alias("session_names"),
        )
    )  # fmt: skip


def _known(rows: Frame) -> Frame:
    """Add known_at, known_source and known_at_before, the delivery before the first that had the row."""
    stamped = rows.join(
        session_table().select("session", stamp="known_at"), left_on="effective", right_on="session", how="left"
    )
    first = stamped.with_columns(pl.col("fetched_at").min().over([*_SAID, "ticker"]).alias("_first"))
    deliveries = rows.select("source", "fetched_at").unique().sort("fetched_at")
    earlier = deliveries.select("source", pl.col("fetched_at").alias("known_at_before"))
    joined = first.sort("_first").join_asof(
        earlier.sort("known_at_before"), left_on="_first", right_on="known_at_before", by="source",
        allow_exact_matches=False, check_sortedness=False, coalesce=False,
    )  # fmt: skip
    seen = (pl.col("action") == CURRENT) | (pl.col("_first") < pl.col("stamp"))
    overdue = (pl.col("known_at_before") >= pl.col("stamp")).fill_null(False)
    return joined.with_columns(
        pl.when(seen | overdue).then("_first").otherwise("stamp").alias("known_at"),
        pl.when(seen | overdue).then(pl.lit("observed")).otherwise(pl.lit("assumed")).alias("known_source"),
    )


def _in_order(rows: Frame) -> Iterator[Frame]:
    """Yield each change, and each list as a whole, in the order in which they could have been known."""
    once = rows.unique(_SAID, keep="first", maintain_order=True)
    listed = pl.col("action").is_in(LISTS)
    whole = once.with_columns(
        pl.when(listed).then(pl.col("known_at").max().over("source", "date", "action")).otherwise("known_at")
    )
    ordered = whole.with_columns(listed.alias("_list")).sort("known_at", "date", "_list", "action", "permaticker")
    ordered = ordered.with_columns(session="effective")
    groups = ["known_at", "date", "_list", "action", pl.when(~listed).then("permaticker").alias("_one")]
    for _, group in ordered.group_by(groups, maintain_order=True):
        yield group


def _take(roll: _Roll, group: Frame) -> None:
    told = group.row(0, named=True)
    if told["action"] == REMOVED:
        roll.leaves(told["permaticker"], told | {"told_by": REMOVED})
        return
    names, members = set(group["permaticker"].to_list()), roll.members(told["session"])
    if told["action"] in LISTS:
        for name in sorted(members - names):
            roll.leaves(name, told | {"told_by": told["action"], "ticker": _ticker_of(roll, name)})
    for row in group.filter(pl.col("permaticker").is_in(sorted(names - members))).iter_rows(named=True):
        roll.joins(row["permaticker"], row | {"told_by": row["action"]})


def _ticker_of(roll: _Roll, name: int) -> str:
    return str(next(row["ticker"] for row in reversed(roll.versions) if row["permaticker"] == name))


def _told_by_session(versions: Iterable[Row]) -> Frame:
    """Make a frame of the versions; of several of one instant the last stands. `session` is the one they were known by."""
    schema = pl.Schema({**SP500.dtypes, "session": pl.Date()})
    kept = {(row["permaticker"], row["valid_from"], row["known_at"]): row for row in versions}
    rows = pl.DataFrame([{name: row[name] for name in schema} for row in kept.values()], schema=schema)
    known = session_table().select(pl.col("known_at").alias("_out"), by="session")
    found = rows.sort("known_at").join_asof(known, left_on="known_at", right_on="_out", check_sortedness=False)
    return found.with_columns(session="by").drop("by", "_out", strict=False)


def _session_before(day: date) -> date:
    return session_offset(day, -1)
