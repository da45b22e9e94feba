"""Pictures where people would rather look than read: each function returns a PNG below 100 kB as bytes."""
