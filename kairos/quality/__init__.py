"""Judging what was delivered: how fresh, complete, filled, steady and mutually agreeing the base tables are."""
