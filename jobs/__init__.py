"""What runs together."""
