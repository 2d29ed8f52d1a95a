"""Which pictures a context may hold: by the web, or as they are. No file, no other scheme.

A path would let whoever writes a context read files of the machine; a URL with a password in it
would end up in journals.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

Detail: TypeAlias = Literal["auto", "low", "high"]

LARGEST = 20 * 1024 * 1024
"""Bytes of one picture; no service takes more."""

_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,", re.ASCII)


def checked_url(url: str) -> str:
    """Return the URL of a picture.

    Raises:
        ValueError: it is neither `http(s)://` with a host nor `data:image/...;base64,...` with a
            picture in it.
    """
    if url.startswith("data:"):
        _check_data(url)
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"a picture is http(s)://... or data:image/...;base64,..., not {url[:60]!r}"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL of a picture must not hold a user name or a password")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError(f"{url[:60]!r} is no URL: there is a space in it")
    return url


def _check_data(url: str) -> None:
    head = _DATA.match(url)
    if head is None:
        raise ValueError(
            "a data URL of a picture begins with data:image/(png|jpeg|gif|webp);base64,"
        )
    body = url[head.end() :]
    if len(body) > LARGEST * 4 // 3 + 4:
        raise ValueError(f"a picture has at most {LARGEST // (1024 * 1024)} MB")
    try:
        found = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data URL of a picture is not base64: {error}") from error
    if not found:
        raise ValueError("the data URL of a picture holds none")
