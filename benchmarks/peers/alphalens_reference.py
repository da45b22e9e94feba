"""What alphalens says of a small ragged panel, for a test to compare with: `factor_vs_alphalens --write-reference` runs it.

Reads prices (D, N), a factor (D, N), groups (N,) and horizons from an .npz file and writes one of daily figures.
"""

import sys
import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
QUANTILES = 5


def figures(factor: Any, prices: Any, groups: dict[int, int], *, horizon: int) -> dict[str, Any]:  # noqa: ANN401 - pandas
    """Return daily figures over one horizon, days without one NaN."""
    from alphalens import performance, utils

    with redirect_stdout(StringIO()):
        clean = utils.get_clean_factor_and_forward_returns(
            factor, prices, groupby=groups, quantiles=QUANTILES, periods=(horizon,), max_loss=1.0
        )
    days = prices.index
    column = clean.columns[0]
    means, _ = performance.mean_return_by_quantile(clean, by_date=True)
    by_group = performance.factor_information_coefficient(clean, by_group=True)[column].unstack("group")
    top, bottom = (performance.quantile_turnover(clean["factor_quantile"], q, horizon) for q in (QUANTILES, 1))
    return {
        f"ic_{horizon}": performance.factor_information_coefficient(clean)[column].reindex(days).to_numpy(),
        f"group_ic_{horizon}": by_group.reindex(days).to_numpy().T,
        f"means_{horizon}": means[column].unstack("factor_quantile").reindex(days).to_numpy(),
        f"top_{horizon}": top.reindex(days).to_numpy(),
        f"bottom_{horizon}": bottom.reindex(days).to_numpy(),
        f"autocorrelation_{horizon}": performance.factor_rank_autocorrelation(clean, horizon).reindex(days).to_numpy(),
    }


def main() -> None:
    """Write the figures of all horizons."""
    given = np.load(sys.argv[1])
    days = pd.bdate_range("2010-01-04", periods=given["prices"].shape[0], name="date")
    columns = pd.RangeIndex(given["prices"].shape[1], name="asset")
    prices = pd.DataFrame(given["prices"], index=days, columns=columns)
    factor = pd.DataFrame(given["factor"], index=days, columns=columns).stack().dropna()
    groups = dict(enumerate(given["groups"].tolist()))
    found: dict[str, Any] = {}
    for horizon in given["horizons"].tolist():
        found |= figures(factor, prices, groups, horizon=int(horizon))
    np.savez(sys.argv[2], **found)


if __name__ == "__main__":
    main()
