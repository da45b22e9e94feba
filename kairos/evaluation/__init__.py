"""How good a forecast or a strategy is: scores, information coefficients, performance, overfitting."""
