"""YAML text to a flow model and diagnostics; pure, and never raises for a bad file."""
