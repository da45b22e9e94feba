"""Features: declared formulas over a forward-chained price panel, and the matrix made of them."""
