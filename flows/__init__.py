"""Example flows, shipped as data, and the Python tools they use."""
