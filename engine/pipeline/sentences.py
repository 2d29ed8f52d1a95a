"""Cuts a text into sentences for synthesis, and makes it speakable. Pure.

A sentence is released as soon as it is complete, also a short one, because the first one decides
how soon the caller hears something. A cut inside a number, an abbreviation, an address or a tag
would be heard, so in doubt there is none.
"""

from __future__ import annotations

import re

_BOUNDARY = re.compile(
    r"""(?:[.!?…]+["'”’)\]]*(?=\s|$)   # Latin: terminators, closing marks, then space or the end
        |[。！？]+["'”’」』）]*           # CJK: no space follows
        |\n\s*\n)                       # a paragraph""",
    re.VERBOSE,
)
_MARK = re.compile(r"[.!?…。！？\n]")
"""What every boundary begins with."""
_TAG = re.compile(r"<[^<>]*>")
_LAST_WORD = re.compile(r"([^\s(\"'“‘]+)$")

_TITLES = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "rev", "gen", "col", "capt", "lt", "sgt")
    + ("hon", "vs", "nr", "vol", "fig", "approx", "dept", "est")
)
"""Abbreviations that are followed by what they belong to: never the end of a sentence."""

_CLOSERS = frozenset(("a.m", "p.m", "etc", "inc", "ltd", "co", "corp", "e.g", "i.e", "u.s", "u.k"))
"""Abbreviations that may end a sentence: the end if a capital letter or nothing follows."""


def split(text: str) -> list[str]:
    """Return the sentences of `text`, trimmed, without empty ones."""
    text = text.strip()
    # Most lines, and most beginnings of one, have no mark but their last sign.
    if _MARK.search(text, 0, max(0, len(text) - 1)) is None:
        return [text] if text else []
    return _cut(text)


def _cut(text: str) -> list[str]:
    tags = [match.span() for match in _TAG.finditer(text)] if "<" in text else []
    sentences: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        inside = any(begin < match.start() < end for begin, end in tags)
        if inside or not _ends(text[start : match.start()], match.group(), text[match.end() :]):
            continue
        sentences.append(text[start : match.end()])
        start = match.end()
    sentences.append(text[start:])
    return [sentence.strip() for sentence in sentences if sentence.strip()]


LONGEST_SENTENCE = 300
"""Characters after which a text without an end is cut at a space: about twenty seconds of speech,
and no caller waits for the rest of it."""


class Cutter:
    """Gives out the sentences of a text that is still being written."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """Take the next piece; return the sentences that are complete with it.

        A sentence is complete when another begins: "3." may be followed by "5".
        """
        self._text += piece
        *complete, last = split(self._text) or [""]
        if complete:
            self._text = self._text[self._text.rfind(last) :]
        if len(self._text) > LONGEST_SENTENCE:
            cut = self._text.rstrip().rfind(" ", 1, LONGEST_SENTENCE + 1)
            if self._text[: max(cut, 0)].strip():
                complete.append(self._text[:cut].strip())
                self._text = self._text[cut:]
        return complete

    def rest(self) -> list[str]:
        """The text is over: return what is left."""
        text, self._text = self._text, ""
        return split(text)


def _ends(before: str, mark: str, after: str) -> bool:
    """Tell whether `mark` really ends the sentence `before`."""
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    found = _LAST_WORD.search(before)
    word = found.group(1).lower() if found else ""
    following = after.lstrip()[:1]
    if word in _TITLES and following:
        return False
    if word in _CLOSERS or (len(word) == 1 and word.isalpha()):  # "p.m. Then", "J. Smith"
        initial = len(word) == 1 and word != "i"
        return not following or (following.isupper() and not initial)
    listed = word.isdigit() and word == before.strip()  # "1. First"
    return not (listed and following)


# --- speakable -----------------------------------------------------------------------------------

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\"']*[^\s<>()\"'.,;:!?]", re.IGNORECASE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*+•]|>)[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*{1,3}|~~|`{1,3}|(?<!\w)_{1,2})(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]+"
)
_SPACES = re.compile(r"[ \t]{2,}")
_FOR_EYES = re.compile(r"[\[@/#*>+•~`_\t-]|" + _EMOJI.pattern)
"""A sign of everything that is rewritten below, but "www." and rows of spaces."""


def speakable(text: str) -> str:
    """Return `text` without what only eyes can read: Markdown, emoji; addresses in words."""
    if _FOR_EYES.search(text) or "  " in text or "www." in text.lower():
        return _rewritten(text)
    return text.strip()


def _rewritten(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    text = _EMAIL.sub(lambda match: _address(match.group()), text)
    text = _URL.sub(lambda match: _address(re.sub(r"(?i)^https?://|/$", "", match.group())), text)
    text = _LINE_MARK.sub("", text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _EMOJI.sub("", text)
    return _SPACES.sub(" ", text).strip()


_SPOKEN_MARKS = {".": " dot ", "@": " at ", "/": " slash ", "-": " dash ", "_": " underscore "}


def _address(address: str) -> str:
    path = address.partition("?")[0]
    words = "".join(_SPOKEN_MARKS.get(char, char) for char in path)
    return " ".join(words.split())
