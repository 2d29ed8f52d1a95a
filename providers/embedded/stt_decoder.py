"""Two pocketsphinx decoders side by side: the grammar of the state, and the words of the flow.

A grammar always answers: given any sound it returns the sentence of its own that fits least badly.
So a second decoder with an n-gram over all the flow's words listens to the same audio, free to hear
anything the flow could ever hear, and the grammar is believed only where both hear about the same.

Runs in a worker process, because pocketsphinx holds the interpreter lock while it works.
"""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pocketsphinx import Decoder, get_model_path
from pocketsphinx.lm import ArpaBoLM

from providers.embedded import jsgf

SAMPLE_RATE: Final = 16_000
_FRAME_SECONDS: Final = 0.01
"""pocketsphinx counts in frames of 10 ms."""

FIRST_MEAN: Final = "48.1,-5.5,1.7,8.6,-1.1,-0.9,-1.5,-7.4,-2.1,-3.4,3.5,0.9,-0.4"
"""Cepstral mean assumed of a voice not heard before: that of three synthetic voices. From the
library's own first guess (40,3,-1) the first line of a call was as good as lost: 29 % of words were
wrong where every line started from it, and 4 % with this mean, also 12 and 20 dB quieter."""

_LANGUAGE_WEIGHT: Final = 12.0
"""How much the n-gram counts against the sound; the library's 6.5 suits a general model. Measured
on 180 lines: 18.8 % words wrong at 6.5, 10.2 % at 12, in one pass."""

_SENTENCES: Final = 6000
"""Training sentences over all grammars together: 0.3 s to make, and more changed nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one stretch of speech was, in JSON-ready values."""

    text: str
    accepted: bool
    confidence: float
    words: Sequence[tuple[str, float, float]] = ()


class Language:
    """The grammars of one flow, without the words nobody can pronounce, and their n-gram."""

    def __init__(self, grammars: Mapping[str, str], keyterms: Sequence[str]) -> None:
        pronunciations = _dictionary()
        known = pronunciations.__contains__
        self.grammars: dict[str, str] = {}
        self.dropped: dict[str, list[str]] = {}
        corpus: list[str] = []
        rng = random.Random(1)  # fixed: the same flow must hear the same every time
        for name, source in grammars.items():
            grammar = jsgf.parse(source)
            if unknown := sorted(word for word in grammar.words() if not known(word)):
                self.dropped[name] = unknown
            pruned = grammar.pruned(known)
            if pruned.public:
                self.grammars[name] = pruned.text()
                corpus += pruned.sentences(_SENTENCES // len(grammars), rng)
        corpus += [term.lower() for term in keyterms if all(map(known, term.lower().split()))]
        self.ngram = _ngram(corpus) if corpus else None
        # A decoder with the words of the flow alone starts in a tenth of the time and memory.
        words = sorted({word for sentence in corpus for word in sentence.split()})
        self.pronunciations = {word: pronunciations[word] for word in words}


class Ear:
    """Listens to one stretch of speech at a time."""

    def __init__(self, language: Language, tolerance: float, noise_floor: float) -> None:
        self._language = language
        self._tolerance = tolerance
        self._noise_floor = noise_floor
        self._noise = np.random.default_rng(0)
        self._strict = _decoder(language, ngram=False)
        self._free = _decoder(language, ngram=True)
        self._ready: set[str] = set()
        self._grammar = ""

    def prepare(self, name: str) -> None:
        """Compile this grammar now (tens of milliseconds) instead of when speech begins."""
        if name in self._language.grammars and name not in self._ready:
            self._strict.add_jsgf_string(name, self._language.grammars[name])
            self._ready.add(name)

    def start(self, grammar: str, mean: str = FIRST_MEAN) -> None:
        """Begin a stretch.

        Args:
            grammar: what is expected; an unknown or empty one leaves the free decoder alone.
            mean: cepstral mean of this voice, as the last stretch of its call left it.
        """
        self._grammar = grammar if grammar in self._language.grammars else ""
        self._strict.set_cmn(mean)
        self._free.set_cmn(mean)
        if self._grammar:
            self.prepare(grammar)
            self._strict.activate_search(grammar)
            self._strict.start_utt()
        self._free.start_utt()

    def push(self, pcm: bytes) -> None:
        """Take int16 samples of any number."""
        samples = np.frombuffer(pcm, "<i2")
        if self._noise_floor:
            # The acoustic model has never heard digital silence, and mishears after it.
            floor = self._noise.normal(0.0, self._noise_floor, len(samples))
            samples = np.clip(samples + floor, -32768, 32767).astype("<i2")
        raw = samples.tobytes()
        if self._grammar:
            self._strict.process_raw(raw)
        self._free.process_raw(raw)

    def partial(self) -> str:
        """Return the words so far."""
        return _text(self._strict if self._grammar else self._free)

    @property
    def mean(self) -> str:
        """The cepstral mean by now, to begin the next stretch of the same voice with."""
        return str(self._free.get_cmn())

    def finish(self) -> Heard:
        """End the stretch and compare what the two heard."""
        if self._grammar:
            self._strict.end_utt()
        self._free.end_utt()
        free = _text(self._free)
        if not self._grammar:
            return Heard(text=free, accepted=True, confidence=1.0, words=_words(self._free))
        strict = _text(self._strict)
        if not free and not strict:
            return Heard(text="", accepted=True, confidence=0.0)
        apart = disagreement(self._phones(strict), self._phones(free))
        if strict and apart <= self._tolerance:
            words = _words(self._strict)
            return Heard(text=strict, accepted=True, confidence=1.0 - apart, words=words)
        # Not what the state expects: the free reading is nearer to what was said.
        return Heard(
            text=free or strict, accepted=False, confidence=1.0 - apart, words=_words(self._free)
        )

    def _phones(self, text: str) -> list[str]:
        """Return how a reading sounds: "for" and "four" are no disagreement."""
        known = self._language.pronunciations
        return [phone for word in text.split() for phone in known.get(word, [word])[0].split()]


def disagreement(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the edits between two readings, as a share of the longer one (0 to 1)."""
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != against))
    return row[-1] / max(len(one), len(other), 1)


def _decoder(language: Language, ngram: bool) -> Any:
    # One pass: the second pass and the lattice cost 20 to 200 ms at the very end, when the caller
    # waits, and the grammar leaves little for them to repair.
    settings: dict[str, Any] = {"samprate": SAMPLE_RATE, "loglevel": "FATAL", "bestpath": False}
    if not language.ngram:
        return Decoder(**settings)
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder, "words.dict")
        words.write_text(_dictionary_text(language.pronunciations), encoding="utf-8")
        settings |= {"dict": str(words), "fwdflat": False, "lm": None}
        if ngram:
            model = Path(folder, "flow.arpa")
            model.write_text(language.ngram, encoding="utf-8")
            settings |= {"lm": str(model), "lw": _LANGUAGE_WEIGHT}
        return Decoder(**settings)


def _dictionary() -> dict[str, list[str]]:
    """Return every pronunciation of every word of the model's own dictionary."""
    found: dict[str, list[str]] = {}
    with open(get_model_path("en-us/cmudict-en-us.dict"), encoding="utf-8") as file:
        for line in file:
            word, _, phones = line.strip().partition(" ")
            found.setdefault(word.partition("(")[0], []).append(phones.strip())
    return found


def _dictionary_text(pronunciations: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for word, ways in pronunciations.items():
        lines += [f"{word}{f'({n})' if n > 1 else ''} {way}" for n, way in enumerate(ways, 1)]
    return "\n".join(lines) + "\n"


def _ngram(corpus: Sequence[str]) -> str:
    model = ArpaBoLM(text="\n".join(corpus), add_start=True)
    model.compute()
    out = io.StringIO()
    model.write(out)
    return out.getvalue()


def _text(decoder: Any) -> str:
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr) if hypothesis else ""


def _words(decoder: Any) -> list[tuple[str, float, float]]:
    found = []
    for segment in decoder.seg() or ():
        word = segment.word.partition("(")[0]  # "the(2)" is another pronunciation of "the"
        if word and word[0] not in "<[":  # silence and noise
            start, end = segment.start_frame, segment.end_frame + 1
            found.append((word, start * _FRAME_SECONDS, end * _FRAME_SECONDS))
    return found
