"""Rooms and sessions of one process."""
