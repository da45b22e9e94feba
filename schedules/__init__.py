"""When it runs, and what watches over it."""
