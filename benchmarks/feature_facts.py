"""Null rates of all features on the demo's market, and the other feature that each is nearest to.

`kairos demo` and `kairos features`, then `python -m benchmarks.feature_facts` with the same KAIROS_HOME. It writes
docs/feature_facts.json, which docs/features.md is made from.
"""

import json
import sys
from dataclasses import asdict

import polars as pl

from kairos.errors import KairosError, NotFoundError
from kairos.features.core import KEY
from kairos.features.registry import ALL_FEATURES
from kairos.features.survey import survey
from kairos.frames import Frame
from kairos.settings import load_settings
from kairos.tables.features import FROM_FACTS, FROM_PRICES
from kairos.warehouse.store import Warehouse
from kairos_dagster.docs import FEATURE_FACTS

REST = ["year", "facts_known_at"]


def main() -> int:
    """Write the file and print one JSON line."""
    settings = load_settings()
    try:
        values = _tables(Warehouse(settings.warehouse))
    except KairosError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = survey(values, ALL_FEATURES)
    market = {
        "market": f"embedded, size {settings.sandbox_size}, seed {settings.sandbox_seed}",
        "rows": values.height,
        "names": values["permaticker"].n_unique(),
        "sessions": [str(values["session"].min()), str(values["session"].max())],
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(asdict(facts))}" for name, facts in found.items())
    FEATURE_FACTS.write_text(f'{{\n "on": {json.dumps(market)},\n "features": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    print(json.dumps({"name": "feature_facts", "features": len(found), **market}))
    return 0


def _tables(warehouse: Warehouse) -> Frame:
    """Return the rows of all feature tables side by side; fact tables may lack some."""
    first, *others = [warehouse.scan(table).collect() for table in (*FROM_PRICES, *FROM_FACTS)]
    empty = [table.name for table, rows in zip(FROM_PRICES, (first, *others), strict=False) if rows.is_empty()]
    if empty:
        raise NotFoundError(
            f"{warehouse.root}: no rows of {', '.join(empty)}; "
            "run `kairos demo` and `kairos features` with this KAIROS_HOME first."
        )
    wide = first.drop(REST, strict=False)
    for other in others:
        wide = wide.join(other.drop(REST, strict=False), on=KEY, how="left")
    return wide.sort(pl.col(KEY))


if __name__ == "__main__":
    sys.exit(main())
