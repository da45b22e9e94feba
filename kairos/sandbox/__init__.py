"""The embedded market: a whole US market made from a seed, and a vendor server that serves it over HTTP."""
