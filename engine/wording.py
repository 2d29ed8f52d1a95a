"""Text that was given from outside, made such that it can be written down and sent."""

from __future__ import annotations


def writable(text: str) -> str:
    """Return a text in which what is no character (half a surrogate pair) is a question mark.

    No file, no journal and no connection takes half a pair; everything else stays as it is.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
