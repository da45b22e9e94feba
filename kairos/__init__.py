"""The Kairos engine: plain Python over polars, duckdb and numpy. Knows no Dagster and no MLflow."""

__version__ = "0.1.0"
