"""A flow model to a compiled flow; pure."""
