"""What callers may answer, and who hears it (TW508 to TW511, TW513, TW703)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Path, Related, listing
from engine.flow.expressions import NameUse
from engine.flow.model import Policies
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW, Place
from engine.flow.rules.texts import Text


def _innermost(book: Book, place: Place, key: str) -> tuple[Path, object] | None:
    """The value of a key of `interruptions` that applies in a state, and where it stands."""
    for name in place.scopes:
        scope: Policies = book.flow if name == FLOW else book.places[name].state
        path = () if name == FLOW else book.places[name].path
        value = None if scope.interruptions is None else getattr(scope.interruptions, key)
        if value is not None:
            return (*path, "interruptions", key), value
    return None


def blocked_answers(book: Book) -> Iterator[Diagnostic]:
    """An answer given during the question is thrown away (TW508)."""
    told: set[Path] = set()
    for place in book.leaves:
        allow, blocked = (_innermost(book, place, key) for key in ("allow", "blocked"))
        asks = place.state.verb in ("collect", "confirm")
        if not asks or allow is None or allow[1] is not False or blocked is None:
            continue
        if blocked[1] == "discard" and blocked[0] not in told:
            told.add(blocked[0])
            yield book.checked.find(
                "TW508", blocked[0], f"an answer into the question of `{place.name}` is lost",
                label="thrown away while the question is spoken",
                help="write `blocked: keep`, so that the answer counts when the line is over",
                related=(book.checked.see(place.path, "asks a question"),),
            )  # fmt: skip


def ignored_answers(book: Book) -> Iterator[Diagnostic]:
    """A word that never interrupts is also an answer (TW509)."""
    told: set[tuple[Path, str]] = set()
    for place in book.leaves:
        ignored = _innermost(book, place, "ignore")
        if ignored is None or not isinstance(ignored[1], list):
            continue
        for name in place.state.collect or ():
            slot = book.flow.slots.get(name)
            answers = {} if slot is None else dict.fromkeys(slot.type.values)
            for value, phrases in (slot.values or {}).items() if slot is not None else ():
                answers |= dict.fromkeys((value, *phrases))
            words = {_plain(answer) for answer in answers}
            for index, word in enumerate(ignored[1]):
                if _plain(word) in words and (ignored[0], word) not in told:
                    told.add((ignored[0], word))
                    yield book.checked.find(
                        "TW509", (*ignored[0], index),
                        f"`{word}` is ignored over a line, and it is a value of slot `{name}`",
                        label="said into the question, it would not be heard",
                        help=f"take it from `ignore`, at least in state `{place.name}`",
                        related=(book.checked.see(("slots", name), "an answer to this"),),
                    )  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.lower().replace("_", " ")).split())


def key_conflicts(book: Book) -> Iterator[Diagnostic]:
    """One key means two things (TW510)."""
    first: dict[str, str] = {}
    for name, intent in book.flow.intents.items():
        if intent.dtmf is None:
            continue
        if intent.dtmf in first:
            other = ("intents", first[intent.dtmf], "dtmf")
            yield book.checked.find(
                "TW510", ("intents", name, "dtmf"), f"key {intent.dtmf} means two intents",
                label=f"`{name}`",
                help="give one of them another key",
                related=(Related(book.source.span(other), f"`{first[intent.dtmf]}` already"),),
            )  # fmt: skip
        first.setdefault(intent.dtmf, name)


def twin_intents(book: Book) -> Iterator[Diagnostic]:
    """The same words mean two things (TW703)."""
    first: dict[str, tuple[str, Path]] = {}
    for name, intent in book.flow.intents.items():
        lists = (("words", intent.words), ("examples", intent.examples))
        for key, phrases in lists:
            for index, phrase in enumerate(phrases):
                path: Path = ("intents", name, key, index)
                owner, earlier = first.setdefault(_plain(phrase), (name, path))
                if owner != name:
                    yield book.checked.find(
                        "TW703", path, f"the same words mean `{owner}` and `{name}`",
                        label=f"`{name}` here",
                        help="leave them to one of the two",
                        related=(Related(book.source.span(earlier), f"`{owner}` here"),),
                    )  # fmt: skip


_EMPTY_WORDS = frozenset(
    {
        *("a", "an", "the", "to", "for", "of", "on", "in", "at", "is", "are", "be", "that", "this"),
        *("caller", "callers", "user", "somebody", "someone", "he", "she", "they", "it", "about"),
        *("asks", "ask", "asking", "wants", "want", "wanting", "would", "like", "likes", "says"),
    }
)
"""Words of `means` that do not tell one intent from another."""


def same_meanings(book: Book) -> Iterator[Diagnostic]:
    """Two intents that mean the same, or an example that is a counter-example as well (TW703)."""
    first: dict[frozenset[str], str] = {}
    for name, intent in book.flow.intents.items():
        words = frozenset(_plain(intent.means).split()) - _EMPTY_WORDS
        other = first.setdefault(words, name) if words else name
        if other != name:
            earlier = book.source.span(("intents", other, "means"))
            yield book.checked.find(
                "TW703", ("intents", name, "means"), f"`{other}` and `{name}` mean the same",
                label=f"`{name}` here",
                help="say how they differ, or make one intent of them",
                related=(Related(earlier, f"`{other}` here"),),
            )  # fmt: skip
        not_meant = {_plain(phrase): index for index, phrase in enumerate(intent.not_)}
        for key, phrases in (("words", intent.words), ("examples", intent.examples)):
            for index, phrase in enumerate(phrases):
                at = not_meant.get(_plain(phrase))
                if at is not None:
                    there = book.source.span(("intents", name, "not", at))
                    yield book.checked.find(
                        "TW703", ("intents", name, key, index),
                        f"the same words mean `{name}` and do not",
                        label="means it",
                        help="leave them in one of the two lists",
                        related=(Related(there, "does not mean it"),),
                    )  # fmt: skip


def leaks(book: Book) -> Iterator[Diagnostic]:
    """What is sensitive leaves the conversation (TW511)."""
    for text in book.texts:
        label = _TOLD.get(text.kind) or _TOLD.get(text.path[-1])
        if label is None:
            continue
        for use in text.names:
            name = use.chain[1] if len(use.chain) > 1 else ""
            if use.chain[0] in _HOLDERS and not name:
                yield from _all_at_once(book, text, use, label)
            declared = getattr(book.flow, use.chain[0], {}) if use.chain[0] in _HOLDERS else {}
            if name in declared and getattr(declared[name], "sensitive", False):
                yield book.checked.find(
                    "TW511", text.path, f"`{'.'.join(use.chain[:2])}` is sensitive",
                    span=book.source.inside(text.path, use.start, use.end),
                    label=label,
                    help="leave it out, or do not call it `sensitive`",
                    related=(book.checked.see((use.chain[0], name), "declared here"),),
                )  # fmt: skip


def _all_at_once(book: Book, text: Text, use: NameUse, label: str) -> Iterator[Diagnostic]:
    """`{{ slots | summary }}` tells everything."""
    root = use.chain[0]
    hidden = [name for name, held in getattr(book.flow, root).items() if held.sensitive]
    if hidden:
        names = listing([f"{root}.{name}" for name in hidden], join="and")
        yield book.checked.find(
            "TW511", text.path, f"all of `{root}` holds what is sensitive: {names}",
            span=book.source.inside(text.path, use.start, use.end),
            label=label,
            help="name only those that may be told",
            related=(book.checked.see((root, hidden[0]), "declared here"),),
        )  # fmt: skip


_TOLD: dict[str | int, str] = {
    "brief": "told to the other side",
    "log": "written into the timeline",
    "prompt": "told to the model as an instruction",
    "say": "spoken aloud",
}
_HOLDERS = ("slots", "vars", "inputs")


def no_plan_b(book: Book) -> Iterator[Diagnostic]:
    """Nobody may be free (TW513)."""
    for place in book.leaves:
        if place.state.transfer is None or book.is_subflow:
            continue
        events = {
            event
            for name in place.scopes
            for event in (book.flow if name == FLOW else book.places[name].state).handle
        }
        if not events & {"error.transfer", "error"}:
            yield book.checked.find(
                "TW513", place.path, f"if nobody answers in `{place.name}`, the call ends",
                span=book.checked.key((*place.path, "transfer")),
                label="raises `error.transfer` then, and nothing handles it",
                help="add `handle: {error.transfer: {say: ..., to: STATE}}`",
            )  # fmt: skip


PASSES = (
    blocked_answers,
    ignored_answers,
    key_conflicts,
    twin_intents,
    same_meanings,
    leaks,
    no_plan_b,
)
