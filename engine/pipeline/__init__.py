"""Providers and media on one side, events on the other: the stages of a call.

In: audio blocks and typed text of the room, orders of the session (`say`, `call`, `ask` ...).
Out: events, posted to the session's mailbox; audio, pulled by the room from the outgoing track.
A stage decides nothing about the conversation: it reports what happened, failures included, and
never imports `core`, `machine` or `flow`. Instants are session milliseconds, read from a `Clock`.
"""
