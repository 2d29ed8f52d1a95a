"""Video frames as pictures a model can look at."""

from __future__ import annotations

import base64
import io
from typing import Any

import av
import numpy as np
import pytest

from engine.core.context import Image
from media.images import data_url, encode


def pixels(width: int = 640, height: int = 480) -> np.ndarray[Any, Any]:
    """A ramp of red with a white block."""
    made = np.zeros((height, width, 3), np.uint8)
    made[:, :, 0] = np.arange(width) % 256
    made[height // 4 : height // 2, width // 4 : width // 2] = 255
    return made


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    with av.open(io.BytesIO(data)) as file:
        return next(file.decode(video=0)).to_ndarray(format="rgb24")


def test_a_png_is_the_very_picture() -> None:
    data = encode(pixels(), format="png", size=None)
    assert data.startswith(b"\x89PNG")
    assert np.array_equal(decoded(data), pixels())


def test_a_jpeg_looks_like_it_and_is_smaller_the_worse_it_may_be() -> None:
    good, bad = (encode(pixels(), quality=quality, size=None) for quality in (95, 10))
    assert good.startswith(b"\xff\xd8\xff")
    assert len(bad) < len(good)
    difference = np.abs(decoded(good).astype(int) - pixels().astype(int))
    assert np.median(difference) < 6


@pytest.mark.parametrize(
    ("given", "size", "made"),
    [
        ((640, 480), (320, 240), (320, 240)),
        ((1280, 720), (320, 240), (320, 180)),
        ((100, 1000), (320, 240), (24, 240)),
        ((101, 77), (320, 240), (101, 77)),  # never made larger
        ((1000, 1), (10, 10), (10, 1)),
        ((640, 480), None, (640, 480)),
    ],
)
@pytest.mark.parametrize("format_", ["jpeg", "png"])
def test_it_is_made_to_fit_and_keeps_its_proportions(
    given: tuple[int, int], size: tuple[int, int] | None, made: tuple[int, int], format_: Any
) -> None:
    shape = decoded(encode(pixels(*given), size=size, format=format_)).shape
    assert (shape[1], shape[0]) == made


def test_a_frame_of_a_track_will_do_and_its_url_is_one_a_context_takes() -> None:
    frame = av.VideoFrame.from_ndarray(pixels(), format="rgb24").reformat(format="yuv420p")
    url = data_url(frame)
    assert url.startswith("data:image/jpeg;base64,")
    assert decoded(base64.b64decode(url.partition(",")[2])).shape == (240, 320, 3)
    assert Image(url=url).detail == "auto"


@pytest.mark.parametrize(
    ("picture", "options", "message"),
    [
        (pixels(), {"format": "gif"}, "jpeg or png"),
        (pixels(), {"quality": 0}, "1 to 100"),
        (pixels(), {"size": (0, 10)}, "at least 1 x 1"),
        (np.zeros((4, 4), np.uint8), {}, "height x width x 3"),
        (np.zeros((4, 4, 3)), {}, "uint8"),
        (np.zeros((0, 4, 3), np.uint8), {}, "height x width x 3"),
        (b"jpeg", {}, "video frame"),
    ],
)
def test_what_is_no_picture_is_refused(picture: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(picture, **options)
