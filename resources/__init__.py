"""Dagster handles on the engine."""
