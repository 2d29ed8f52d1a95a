"""Stages between providers and media on one side and events on the other."""
