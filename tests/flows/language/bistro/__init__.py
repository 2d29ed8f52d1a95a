"""The tools of the language's own example."""
