"""What media raises, beside the built-in errors that name a wrong argument.

- ``MediaError``: catch this to catch everything below.
    - ``OfferRefused``: a caller's offer cannot be answered (no audio, no Opus, not SDP).
    - ``NotConnected``: a call did not come about in the time it was given.
    - ``PortInUse``: the port of the local endpoint is taken; carries the number.
    - ``UnsafeBinding``: a server was to listen beyond this machine without a token.
    - ``IncompatibleAiortc``: the installed aiortc lacks a private name that we rely on.
    - ``AudioFileError``: an audio file cannot be read.
"""

from __future__ import annotations


class MediaError(Exception):
    """The root of the tree. Its text is one or two sentences a user can act on."""


class OfferRefused(MediaError):
    """An offer that cannot be answered; the text may be shown to who made it."""


class NotConnected(MediaError):
    """A call did not come about in the time it was given."""


class PortInUse(MediaError):
    """The port of the local endpoint is taken.

    Attributes:
        port: the number.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use. Stop what listens there, or choose another port."
        )
        self.port = port


class UnsafeBinding(MediaError):
    """A server was to listen beyond this machine without a token."""


class IncompatibleAiortc(MediaError):
    """The installed aiortc lacks a private name that we rely on."""


class AudioFileError(MediaError):
    """An audio file cannot be read."""
