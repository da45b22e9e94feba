"""Benchmarks and meters; none of them is asserted in a test."""
