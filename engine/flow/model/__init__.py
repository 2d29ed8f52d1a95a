"""The pydantic models of the flow language: the one source of truth for shape."""
