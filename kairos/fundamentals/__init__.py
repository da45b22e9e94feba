"""Fundamental facts: versions with the instant each was known, what was known when, and the features made of it."""
