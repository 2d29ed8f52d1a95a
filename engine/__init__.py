"""Turnwise: a declarative state-machine conversation engine for real-time voice agents."""

__version__ = "0.1.0"
