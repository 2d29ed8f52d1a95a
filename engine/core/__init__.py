"""One conversation, sans-IO: events in, steps out."""
