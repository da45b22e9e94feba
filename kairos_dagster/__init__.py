"""The code location and the command line."""
