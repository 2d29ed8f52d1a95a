"""What is said, and what silence leads to (TW502 to TW504, TW506)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.flow.diagnostics import Diagnostic, Path, Related, listing
from engine.flow.model import Listen, Policies
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW, Place
from engine.flow.rules.texts import Text

WORDS_A_MINUTE = 150
LONGEST_MS = 25_000
LONGEST_UNINTERRUPTIBLE_MS = 10_000

BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
"""What is computed inside of a line."""


# --- silence -------------------------------------------------------------------------------------


def silence(book: Book) -> Iterator[Diagnostic]:
    """Waiting states speak into a silence (TW502), and say what comes after the last line (TW503).

    One finding for all states that lack the same thing.
    """
    mute: list[Place] = []
    open_: dict[tuple[str, str], list[Place]] = {}
    for place in book.leaves:
        if place.name not in book.graph.parents or not _waits(book, place):
            continue
        if _lines(book, place, "no_input") is None:
            mute.append(place)
        for event in ("no_input", "no_match"):
            owner = _lines(book, place, event)
            if owner is not None and not _handled(book, place, event):
                open_.setdefault((event, owner), []).append(place)
    if mute:
        yield _mute(book, mute)
    for (event, owner), places in open_.items() if not book.is_subflow else ():
        yield _open_end(book, event, owner, places)


def _waits(book: Book, place: Place) -> bool:
    return place.state.verb in ("collect", "confirm")


def _scope(book: Book, name: str) -> Policies:
    return book.flow if name == FLOW else book.places[name].state


def _lines(book: Book, place: Place, event: str) -> str | None:
    """The scope whose ladder applies in a state; None if there is none, or an empty one."""
    for name in place.scopes:
        lines = getattr(_scope(book, name).listen or Listen(), event)
        if lines is not None:
            return name if lines else None
    return None


def _handled(book: Book, place: Place, event: str) -> bool:
    return any(event in _scope(book, name).handle for name in place.scopes)


def _mute(book: Book, places: list[Place]) -> Diagnostic:
    first = places[0]
    example = '`listen: {no_input: ["Are you still there?"]}`'
    return book.checked.find(
        "TW502", first.path, f"in state `{first.name}` a caller who is silent hears nothing",
        span=book.checked.key((*first.path, first.state.verb or "")),
        label="waits here, and no `no_input` line is in scope",
        help=f"add one for the whole flow: {example}",
        notes=_others(places[1:]),
    )  # fmt: skip


def _open_end(book: Book, event: str, owner: str, places: list[Place]) -> Diagnostic:
    path: Path = book.places[owner].path if owner != FLOW else ()
    what = "silence" if event == "no_input" else "misunderstanding"
    return book.checked.find(
        "TW503", (*path, "listen", event), f"after the last `{event}` line nothing is defined",
        span=book.checked.key((*path, "listen", event)),
        label=f"the {what} after these lines raises `{event}`, and nothing handles it",
        help=f"say where to go then: `handle: {{{event}: {{to: STATE}}}}`",
        notes=(f"not handled in: {listing([place.name for place in places], join='and')}",),
    )  # fmt: skip


def _others(places: list[Place]) -> tuple[str, ...]:
    if not places:
        return ()
    return (f"the same in: {listing([place.name for place in places], join='and')}",)


# --- lines ---------------------------------------------------------------------------------------


def repeated_lines(book: Book) -> Iterator[Diagnostic]:
    """A ladder that says the same twice does not help (TW504)."""
    for _, path, scope in book.scopes:
        for event in ("no_input", "no_match"):
            lines = getattr(scope.listen or Listen(), event) or ()
            first: dict[str, int] = {}
            for index, line in enumerate(lines):
                said = " ".join(line.lower().split())
                if said not in first:
                    first[said] = index
                    continue
                owner = (*path, "listen", event)
                earlier = book.source.span((*owner, first[said]))
                yield book.checked.find(
                    "TW504", (*owner, index), f"the same `{event}` line is said twice",
                    label="again here",
                    help="say it in other words: what was not understood once is not the next time",
                    related=(Related(earlier, "first here"),),
                )  # fmt: skip


def long_lines(book: Book) -> Iterator[Diagnostic]:
    """Nobody listens that long (TW506)."""
    for text in spoken_texts(book):
        words = len(BRACES.sub(" word word ", text.source).split())
        lasts = words * 60_000 // WORDS_A_MINUTE
        blocked = _uninterruptible(book, text.scope)
        if lasts <= (LONGEST_UNINTERRUPTIBLE_MS if blocked else LONGEST_MS):
            continue
        why = ", and it cannot be interrupted" if blocked else ""
        yield book.checked.find(
            "TW506", text.path, f"this line takes about {lasts // 1000} seconds to say{why}",
            label=f"{words} words",
            help="split it, and let the caller answer in between" if not blocked
            else "shorten it, or allow interruptions: `interruptions: {allow: true}`",
        )  # fmt: skip


def _uninterruptible(book: Book, scope: str) -> bool:
    names = book.places[scope].scopes if scope in book.places else (FLOW,)
    for name in names:
        policy = _scope(book, name).interruptions
        if policy is not None and policy.allow is not None:
            return not policy.allow
    return False


def spoken_texts(book: Book) -> Iterable[Text]:
    """The lines that a caller hears."""
    return (text for text in book.texts if text.kind == "speech" and "transfer" not in text.path)


PASSES = (silence, repeated_lines, long_lines)
