"""Guards and computed values."""
