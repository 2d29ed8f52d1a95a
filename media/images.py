"""Video frames as pictures a language model can look at: made smaller, encoded, as a data URL."""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import Literal, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

Format: TypeAlias = Literal["jpeg", "png"]
Picture: TypeAlias = av.VideoFrame | NDArray[np.uint8]
"""A frame of a track, or its pixels: height x width x 3, red, green and blue."""

SMALL = (320, 240)
"""Width and height a frame is made to fit: a model sees what there is to see, and a call of minutes
costs kilobytes. Services charge by the size of a picture."""
QUALITY = 90
_BEST, _WORST = 2, 31
"""Quantisers of the JPEG encoder."""


def encode(
    picture: Picture,
    *,
    format: Format = "jpeg",  # noqa: A002  (its name for users)
    quality: int = QUALITY,
    size: tuple[int, int] | None = SMALL,
) -> bytes:
    """Return a picture as the bytes of a JPEG or PNG file.

    Args:
        picture: what to encode.
        format: JPEG is smaller, PNG loses nothing.
        quality: of a JPEG, 1 to 100.
        size: width and height it is made to fit, its proportions kept; never made larger. None: as
            it is.

    Raises:
        ValueError: no picture, no such format, or a quality or size that is none.
    """
    if format not in ("jpeg", "png"):
        raise ValueError(f"a picture is encoded as jpeg or png, not {format!r}")
    if not 1 <= quality <= 100:
        raise ValueError(f"the quality of a picture is 1 to 100, not {quality}")
    frame = _frame(picture)
    width, height = _fitting(frame.width, frame.height, size)
    pixels = "yuvj420p" if format == "jpeg" else "rgb24"
    frame = frame.reformat(width=width, height=height, format=pixels)
    codec = av.CodecContext.create("mjpeg" if format == "jpeg" else "png", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, pixels
    codec.time_base = Fraction(1, 25)  # asked for by the encoder; a file of one frame has none
    if format == "jpeg":
        codec.qmin = codec.qmax = round(_BEST + (100 - quality) * (_WORST - _BEST) / 99)
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])


def data_url(
    picture: Picture,
    *,
    format: Format = "jpeg",  # noqa: A002  (its name for users)
    quality: int = QUALITY,
    size: tuple[int, int] | None = SMALL,
) -> str:
    """Return a picture as a `data:` URL; arguments and errors are those of `encode`."""
    data = encode(picture, format=format, quality=quality, size=size)
    return f"data:image/{format};base64,{base64.b64encode(data).decode('ascii')}"


def _frame(picture: Picture) -> av.VideoFrame:
    if isinstance(picture, av.VideoFrame):
        return picture
    if not (
        isinstance(picture, np.ndarray)
        and picture.dtype == np.uint8
        and picture.ndim == 3
        and picture.shape[2] == 3
        and picture.size
    ):
        raise ValueError("a picture is a video frame, or uint8 pixels of height x width x 3")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")


def _fitting(width: int, height: int, size: tuple[int, int] | None) -> tuple[int, int]:
    if size is None:
        return width, height
    if min(size) < 1:
        raise ValueError(f"a picture is at least 1 x 1, not {size[0]} x {size[1]}")
    scale = min(1.0, size[0] / width, size[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
