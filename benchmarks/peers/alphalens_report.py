"""The peer's side of `factor_vs_alphalens`: run by the interpreter of its own environment, once for each line on stdin.

Reads prices (D, N) and a factor (D, N) from an .npz file; each run tells its CPU seconds, and the first writes what it found.
"""

import json
import sys
import time
import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
QUANTILES = 5


def report(factor: Any, prices: Any, horizons: tuple[int, ...]) -> tuple[Any, Any]:  # noqa: ANN401 - pandas
    """Return the daily ICs, and each quantile's mean excess return by day."""
    from alphalens import performance, utils

    with redirect_stdout(StringIO()):
        clean = utils.get_clean_factor_and_forward_returns(factor, prices, quantiles=QUANTILES, periods=horizons, max_loss=1.0)
    ic = performance.factor_information_coefficient(clean)
    means, _ = performance.mean_return_by_quantile(clean, by_date=True)
    return ic, means


def main() -> None:
    """Run once for each line."""
    given = np.load(sys.argv[1])
    horizons = tuple(int(horizon) for horizon in given["horizons"])
    days = pd.bdate_range("2010-01-04", periods=given["prices"].shape[0], name="date")
    columns = pd.RangeIndex(given["prices"].shape[1], name="asset")
    prices = pd.DataFrame(given["prices"], index=days, columns=columns)
    factor = pd.DataFrame(given["factor"], index=days, columns=columns).stack().dropna()
    for run, _ in enumerate(sys.stdin):
        began = time.process_time()
        ic, means = report(factor, prices, horizons)
        spent = time.process_time() - began
        if run == 0:
            by_day = means.unstack("factor_quantile").reindex(days)
            daily = np.stack([by_day[name].to_numpy() for name in means.columns])
            np.savez(sys.argv[2], ic=ic.reindex(days).to_numpy().T, means=daily)
        sys.stdout.write(json.dumps({"cpu_s": spent}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
