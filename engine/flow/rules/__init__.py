"""What `validate` finds beyond shape: one module per family of codes."""
