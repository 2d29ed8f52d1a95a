"""Adapters to services: a leaf library on top of media."""
