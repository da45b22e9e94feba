"""Assets: tables connected to engine functions."""
