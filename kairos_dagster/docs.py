"""What is generated: pages of `docs/` from the registries, `kairos/nyse.py` from the exchange calendar.

`python -m kairos_dagster.docs` writes them, `--check` only says which are stale.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kairos.calendar import FIRST_DATE, LAST_DATE, SATURDAY
from kairos.features.core import Feature
from kairos.features.registry import ALL_FEATURES, FACT_SETS, FEATURE_SETS, SEPARATE_SETS
from kairos.market.checks import CHECKS
from kairos.quality.checks import CHECKS as QUALITY_CHECKS
from kairos.settings import Settings
from kairos.tables.core import Check, Table
from kairos.tables.registry import TABLES

ROOT = Path(__file__).resolve().parent.parent
FEATURE_FACTS = ROOT / "docs" / "feature_facts.json"
"""Null rates measured on the demo's market, by `python -m benchmarks.feature_facts`."""
NOTE = "<!-- Generated from the code by `make fix`; edit the registry, not this page. -->\n\n"


def tables_page() -> str:
    """Return `docs/tables.md`: every table with its key, partition, origin and columns."""
    groups: dict[str, list[Table]] = {}
    for table in TABLES.values():
        groups.setdefault(table.group, []).append(table)
    sections = [f"## {group}\n\n" + "\n".join(_table(table) for table in tables) for group, tables in groups.items()]
    contents = ", ".join(f"[{name}](#{name})" for name in TABLES)
    return NOTE + f"# Tables\n\n{contents}\n\n" + "\n".join(sections)


def features_page() -> str:
    """Return `docs/features.md`: every feature with its formula, look-back, unit, nulls and source."""
    measured = feature_facts()
    sections, sets = [], FEATURE_SETS | SEPARATE_SETS | FACT_SETS
    for name, feature_set in sets.items():
        rows = _rows(
            ("feature", "formula", "look-back", "unit", "null", "null rate", "with a full window", "source"),
            (_feature_row(feature, measured["features"].get(feature.name, {})) for feature in feature_set.features),
        )
        sections.append(f"## {name}\n\n{feature_set.description}\n\n{rows}")
    count = sum(len(feature_set.features) for feature_set in sets.values())
    return NOTE + f"# Features\n\n{count} features.\n\n{LETTERS}\n\n{_measured_on(measured['on'])}\n\n" + "\n".join(sections)


LETTERS = """Look-back is in sessions of the name itself. In formulas t is the session; `R` is the total return from close to
close, `C` the total-return index chained from it, `O`, `H`, `L` open, high and low on the scale of `C`, `DV` dollar volume
(USD), `V` = DV / C, `P` the close as traded (USD), `M` the mean of `R` over the names of the session. Facts bear the names of
their columns. Every feature is null until its name has as many sessions as the look-back, since its first one or since a
break in its returns, and where an input of its window is missing; what stands under "null" comes on top."""


def feature_facts() -> dict[str, Any]:
    """Return what was measured of the features: where under `on`, the figures under `features` by name."""
    found: dict[str, Any] = json.loads(FEATURE_FACTS.read_text(encoding="utf-8"))
    return found


def unmeasured_features() -> list[str]:
    """Return the features without a measured null rate."""
    measured = feature_facts()["features"]
    return [feature.name for feature in ALL_FEATURES if feature.name not in measured]


def _feature_row(feature: Feature, facts: Mapping[str, Any]) -> tuple[object, ...]:
    rates = [_percent(facts.get(name)) for name in ("null_rate", "null_rate_full")]
    what = (f"`{feature.name}`", f"`{feature.formula}`", feature.lookback, feature.unit)
    return (*what, feature.nulls.removeprefix("Null "), *rates, feature.source)


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.1f} %"


def _measured_on(where: Mapping[str, Any]) -> str:
    first, last = where["sessions"]
    rows = f"{where['rows']:,} rows of {where['names']} names from {first} to {last}"
    return (
        f"Null rates were measured on the {where['market']} market of `kairos demo`, {rows}, by "
        "`python -m benchmarks.feature_facts`; the second among rows with a full window. Estimates and ratings are known there "
        "from the collector's first day on."
    )


def settings_page() -> str:
    """Return `docs/settings.md`: every setting with its default and bounds."""
    rows = _rows(
        ("variable", "default", "bounds", "meaning"),
        (
            (f"`{field.alias}`", _default(field.default), _bounds(field.metadata), field.description)
            for field in Settings.model_fields.values()
        ),
    )
    return NOTE + "# Settings\n\nFrom the environment, or from `KAIROS_HOME/settings.env`.\n\n" + rows


def nyse_module() -> str:
    """Return `kairos/nyse.py`: the calendar's closures and half days, so that no process has to work them out anew."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST_DATE.isoformat(), end=LAST_DATE.isoformat())
    sessions = {stamp.date() for stamp in calendar.sessions}
    days = (date.fromordinal(day) for day in range(FIRST_DATE.toordinal(), LAST_DATE.toordinal() + 1))
    closed = [day for day in days if day.weekday() < SATURDAY and day not in sessions]
    half_days = [stamp.date() for stamp in calendar.early_closes]
    return (
        '"""Weekdays on which the NYSE is closed, and half days, month and day by year: exchange_calendars\' XNYS.\n\n'
        'Generated by `make fix`; `make check` compares it with the library.\n"""\n\n'
        f"CLOSED = {_by_year(closed)}\n\nHALF_DAYS = {_by_year(half_days)}\n"
    )


def _by_year(days: Iterable[date]) -> str:
    years: dict[int, list[str]] = {}
    for day in days:
        years.setdefault(day.year, []).append(f"{day:%m%d}")
    return "{\n" + "".join(f'    {year}: "{" ".join(found)}",\n' for year, found in years.items()) + "}"


PAGES: dict[str, Callable[[], str]] = {
    "kairos/nyse.py": nyse_module,
    "docs/tables.md": tables_page,
    "docs/features.md": features_page,
    "docs/settings.md": settings_page,
}


def stale_pages(folder: Path = ROOT) -> list[str]:
    """Return the pages that differ from what the code says."""
    return [name for name, page in PAGES.items() if not (folder / name).exists() or (folder / name).read_text() != page()]


def main(arguments: Iterable[str]) -> int:
    """Write the pages, or with `--check` report the stale ones."""
    stale = stale_pages()
    if "--check" in arguments:
        for name in stale:
            sys.stdout.write(f"{name} is stale; run `make fix`.\n")
        unmeasured = unmeasured_features()
        if unmeasured:
            sys.stdout.write(
                f"docs/{FEATURE_FACTS.name}: no null rate of {', '.join(unmeasured)}; run `kairos demo` and `kairos features`, "
                "then `python -m benchmarks.feature_facts`.\n"
            )
        return 1 if stale or unmeasured else 0
    for name in stale:
        (ROOT / name).write_text(PAGES[name]())
    return 0


def _table(table: Table) -> str:
    facts = [
        f"key ({', '.join(f'`{name}`' for name in table.key)})",
        f"partitioned by {table.partition.value.replace('_', ' ')}" if table.partition != "none" else "not partitioned",
        f"from {table.origin}",
    ]
    if table.yearly_view:
        facts.append(f"yearly name `{table.yearly_view.format(year='YEAR')}`")
    rows = _rows(
        ("column", "type", "null", "unit", "meaning"),
        (
            (
                f"`{name}`",
                table.dtypes[name],
                "yes" if column.nullable else "",
                (column.metadata or {}).get("unit", ""),
                column.description,
            )
            for name, column in table.schema.columns.items()
        ),
    )
    checks = "".join(_check_line(check) for check in (*table.checks, *(CHECKS | QUALITY_CHECKS).get(table.name, ())))
    return f"### {table.name}\n\n{table.description} {'; '.join(facts)}.\n{checks}\n\n{rows}"


def _check_line(check: Check) -> str:
    return f"\n- check `{check.name}`{'' if check.blocking else ' (a warning)'}: {check.description}"


def _rows(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _bounds(constraints: Iterable[object]) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{sign} {getattr(limit, name):g}" for limit in constraints for name, sign in signs.items() if hasattr(limit, name)
    ]
    return ", ".join(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
