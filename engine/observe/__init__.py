"""Folds over steps: timeline, metrics, journal."""
