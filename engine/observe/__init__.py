"""Folds over steps: what a call looked like, without observing anything twice.

In: `Step` records, in order. Out: `timeline` (text for people), `journal` (JSON Lines that read
back as equal steps; schema in `journal_schema`), `metrics` (latencies and counts). Pure: no clock,
no I/O but the text stream a journal writer is given, no logging.
"""
