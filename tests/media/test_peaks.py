"""Peaks of a recording: where it is loud, however long it is."""

import numpy as np
import pytest

from media.audio_file import open_writer
from media.errors import AudioFileError
from media.frames import SAMPLE_RATE
from media.peaks import read_peaks


@pytest.fixture
def recording(tmp_path):
    """Two seconds: the left side sounds in the second one, the right is silent."""
    columns = np.zeros((2 * SAMPLE_RATE, 2), dtype=np.int16)
    columns[SAMPLE_RATE:, 0] = -32768
    writer = open_writer(tmp_path / "call.wav", channels=2)
    writer.write(columns)
    writer.close()
    return tmp_path / "call.wav"


def test_peaks_follow_each_side(recording):
    peaks = read_peaks(recording, bucket=0.5)

    left, right = peaks.channels
    assert left.tolist() == [0, 0, 255, 255]
    assert right.tolist() == [0, 0, 0, 0]


def test_the_first_sound_is_found(recording):
    assert read_peaks(recording).first_sound == (pytest.approx(1.0), None)


def test_a_long_file_gets_longer_pieces(recording):
    peaks = read_peaks(recording, bucket=0.001, at_most=50)

    assert len(peaks.channels[0]) <= 50
    assert peaks.bucket * len(peaks.channels[0]) == pytest.approx(2.0, rel=0.05)


def test_an_empty_recording_has_no_peaks(tmp_path):
    open_writer(tmp_path / "call.wav", channels=2).close()

    assert [len(channel) for channel in read_peaks(tmp_path / "call.wav").channels] == [0, 0]


@pytest.mark.parametrize("content", [b"", b"RIFF", b"hello, this is no audio at all"])
def test_what_is_no_wav_file_is_refused(tmp_path, content):
    (tmp_path / "call.wav").write_bytes(content)

    with pytest.raises(AudioFileError):
        read_peaks(tmp_path / "call.wav")
