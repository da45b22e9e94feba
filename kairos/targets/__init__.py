"""Targets: what happened after each row of the matrix, and the proof that no other table knows it."""
