"""Who could be traded in a universe year, decided by what was known at its first session."""
