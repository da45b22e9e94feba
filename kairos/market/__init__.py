"""From raw rows to prices, securities, corporate actions, returns and liquidity, keyed by permaticker."""
