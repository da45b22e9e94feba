"""The warehouse: Delta tables on disk, SQL over them, and their upkeep."""
