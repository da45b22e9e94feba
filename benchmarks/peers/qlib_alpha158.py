"""Runs Qlib's Alpha158 on a panel, in Qlib's own environment; it imports nothing of ours.

qlib_alpha158.py PANEL.arrow FOLDER [VALUES.arrow]

PANEL has name, session, open, high, low, close, vwap, volume, sorted by name and session. The first call dumps it into FOLDER
in Qlib's binary form. Prints one JSON line: CPU seconds of `D.features`, rows, and the largest resident set in MB.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import qlib
from qlib.contrib.data.loader import Alpha158DL
from qlib.data import D

FIELDS = ("open", "high", "low", "close", "vwap", "volume")


def main() -> int:
    """Dump if needed, time, write the values if asked to."""
    panel, folder = pa.ipc.open_file(sys.argv[1]).read_all().to_pandas(), Path(sys.argv[2])
    if not folder.exists():
        dump(panel, folder)
    qlib.init(provider_uri=str(folder), region="us", kernels=1, logging_level=40)
    names = [f"n{name}" for name in panel["name"].unique()]
    fields, columns = Alpha158DL.get_feature_config()
    began = time.process_time()
    values = D.features(names, fields, freq="day")
    spent = time.process_time() - began
    if len(sys.argv) > 3:
        values.columns = columns
        table = pa.Table.from_pandas(values.reset_index(), preserve_index=False)
        with pa.OSFile(sys.argv[3], "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": spent, "rows": len(values), "peak_mb": round(peak)}))
    return 0


def dump(panel: pd.DataFrame, folder: Path) -> None:
    """Write the panel as Qlib reads it: a calendar, spans of names, and one file of float32 per name and field."""
    (folder / "calendars").mkdir(parents=True)
    (folder / "instruments").mkdir()
    calendar = np.sort(panel["session"].unique())
    days = [str(day)[:10] for day in calendar]
    (folder / "calendars" / "day.txt").write_text("\n".join(days))
    at = {day: place for place, day in enumerate(days)}
    spans = []
    for name, rows in panel.groupby("name", sort=False):
        places = np.array([at[str(day)[:10]] for day in rows["session"]])
        first, last = places[0], places[-1]
        spans.append(f"n{name}\t{days[first]}\t{days[last]}")
        home = folder / "features" / f"n{name}"
        home.mkdir(parents=True)
        for field in FIELDS:
            column = np.full(last - first + 1, np.nan, np.float32)
            column[places - first] = rows[field].to_numpy()
            np.concatenate([[first], column]).astype("<f4").tofile(home / f"{field}.day.bin")
    (folder / "instruments" / "all.txt").write_text("\n".join(spans))


if __name__ == "__main__":
    sys.exit(main())
