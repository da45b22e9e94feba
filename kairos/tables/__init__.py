"""The table registry: one declaration per table, from which everything else derives."""
