"""What TA-Lib makes of bars, for a test to compare with: `indicators_reference` runs it.

Reads high, low, close and the chain of each row from an .npz file and writes one of the indicators, each chain by itself.
"""

import sys
from typing import Any

import numpy as np
import talib


def indicators(high: Any, low: Any, close: Any) -> dict[str, Any]:  # noqa: ANN401 - arrays of the peer's own numpy
    """Return TA-Lib's values with the usual periods, NaN where it has none."""
    bars = (high, low, close)
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 21, 2, 2)
    return {
        "RSI": talib.RSI(close, 14),
        "TRANGE": talib.TRANGE(*bars),
        "ATR": talib.ATR(*bars, 14),
        "NATR": talib.NATR(*bars, 14),
        "PLUS_DI": talib.PLUS_DI(*bars, 14),
        "MINUS_DI": talib.MINUS_DI(*bars, 14),
        "DX": talib.DX(*bars, 14),
        "ADX": talib.ADX(*bars, 14),
        "ADXR": talib.ADXR(*bars, 14),
        "MACD": macd,
        "MACD_SIGNAL": signal,
        "MACD_HISTOGRAM": histogram,
        "UPPER": upper,
        "MIDDLE": middle,
        "LOWER": lower,
    }


def main() -> None:
    """Write the indicators of every chain, one after the other."""
    given = np.load(sys.argv[1])
    columns = [given[name] for name in ("high", "low", "close")]
    found = [indicators(*(values[given["chain"] == chain] for values in columns)) for chain in np.unique(given["chain"])]
    np.savez(sys.argv[2], **{name: np.concatenate([each[name] for each in found]) for name in found[0]})


if __name__ == "__main__":
    main()
