"""The voice's process: libespeak-ng through ctypes, for any number of calls.

The library is GPL-3, which is why it runs here and is never loaded into the process of Turnwise. It
speaks 1700 times faster than real time, so a request is never cancelled: it is over before the
order could arrive.

Frames in:  `S` request as JSON: text, voice, speed, pitch (channel: number of the request)
Frames out: `R` ready, JSON: rate · `A` int16 samples · `W` JSON: [character, second] marks, ends
            the request · `E` why this request failed · `!` why it cannot start
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import json
import sys
from typing import Any, BinaryIO, Final

from providers.embedded.wire import open_pipes, read_frame, write_frame

_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_WORD_EVENT: Final = 1
_RATE, _PITCH = 1, 3


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_CALLBACK: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Voice:
    """The library; there is one per process, because it keeps its state in globals.

    Raises:
        OSError: no library, or it does not start.
    """

    def __init__(self) -> None:
        path, data = _library()
        self._library = ctypes.CDLL(path)
        initialize = self._library.espeak_Initialize
        initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        self.rate = int(initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT))
        if self.rate <= 0:
            raise OSError(f"espeak_Initialize of {path} failed")
        self._library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        self._audio = bytearray()
        self._marks: list[tuple[int, float]] = []
        self._callback = _CALLBACK(self._spoken)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, text: str, voice: str, speed: int, pitch: int
    ) -> tuple[bytes, list[tuple[int, float]]]:
        """Return int16 samples, and the second at which the word at each character begins.

        Raises:
            ValueError: there is no such voice, or the library refuses the text.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f'there is no espeak-ng voice "{voice}"')
        self._library.espeak_SetParameter(_RATE, speed, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._audio.clear()
        self._marks.clear()
        raw = text.encode() + b"\0"
        if self._library.espeak_Synth(raw, len(raw), 0, 0, 0, _UTF8, None, None) != 0:
            raise ValueError("espeak-ng refuses the text")
        return bytes(self._audio), list(self._marks)

    def _spoken(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._audio += ctypes.string_at(samples, count * 2)
        number = 0
        while events[number].type != 0:
            event = events[number]
            if event.type == _WORD_EVENT and event.length > 0:
                self._marks.append((event.text_position - 1, event.audio_position / 1000))
            number += 1
        return 0


def _library() -> tuple[str, bytes | None]:
    """Return the library and its data: of the wheel, else of the system."""
    if importlib.util.find_spec("espeakng_loader") is not None:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path().encode()
    if (path := ctypes.util.find_library("espeak-ng")) is not None:
        return path, None
    raise OSError("neither the espeakng-loader package nor a libespeak-ng of the system is there")


def _answer(voice: Voice, output: BinaryIO, request: int, payload: bytes) -> None:
    try:
        audio, marks = voice.speak(**json.loads(payload))
    except ValueError as error:
        write_frame(output, b"E", request, str(error).encode())
        return
    write_frame(output, b"A", request, audio)
    write_frame(output, b"W", request, json.dumps(marks).encode())


def main() -> int:
    """Run until the input ends; 1 where there is no library."""
    source, output = open_pipes()
    try:
        voice = Voice()
    except OSError as error:
        write_frame(output, b"!", 0, str(error).encode())
        return 1
    write_frame(output, b"R", 0, json.dumps(voice.rate).encode())
    while (frame := read_frame(source)) is not None:
        _answer(voice, output, frame[1], frame[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
