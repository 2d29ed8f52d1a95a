"""One slot and one utterance: which words could be its value, by the slot's type."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from typing import Final

from engine.core.parsers.choices import find_answers, find_values
from engine.core.parsers.dates import find_dates
from engine.core.parsers.lists import find_lists
from engine.core.parsers.moments import find_datetimes, find_durations, find_emails
from engine.core.parsers.numbers import PEOPLE, find_integers, find_numbers
from engine.core.parsers.phones import find_digits, find_phones
from engine.core.parsers.texts import TextRules, label_carriers
from engine.core.parsers.times import find_times
from engine.core.parsers.words import Match, Strength, Utterance, phrase, word_set
from engine.machine.compiled import SlotSpec, SlotType

_ABOUT_PEOPLE = PEOPLE | {"party", "size"}
_VAGUE = frozenset({"count", "number", "amount", "quantity", "size", "how", "many", "of"})
_NO_UNIT = word_set(
    "the of for a an and or in on at by how many number count size amount included total with"
    " is are per to us"
)
_BY_FORM: Final[Mapping[str, Callable[[Sequence[str]], list[Match]]]] = {
    "phone": find_phones,
    "digits": find_digits,
    "email": find_emails,
    "duration": find_durations,
}
"""Types whose values are recognised by their form alone."""


RELATIVE: Final = frozenset({"date", "datetime", "list"})
"""Types whose values may count from the instant at which they are said; of a list, its items."""


def label(spec: SlotSpec) -> tuple[str, ...]:
    """The words of a slot's name: `party_size` is "party size"."""
    return _label(spec.name)


def _label(name: str) -> tuple[str, ...]:
    return phrase(name.replace("_", " "))


def units(spec: SlotSpec) -> Set[str]:
    """The words that make a number this slot's count, from its name and description."""
    return _units(spec.name, spec.about)


@lru_cache(maxsize=1024)
def _units(name: str, about: str) -> frozenset[str]:
    own = frozenset((*_label(name), *phrase(about))) - _NO_UNIT
    forms = own | {f"{word}s" for word in own} | {word.removesuffix("s") for word in own}
    about_people = bool(own & _ABOUT_PEOPLE) or not (own - _VAGUE)
    return forms | PEOPLE if about_people else forms


def find_slot(
    spec: SlotSpec, said: Utterance, now: datetime.datetime, *, total: bool = True
) -> list[Match]:
    """Find what could be a value of a slot; free text is found later, by `text_rules`.

    Args:
        spec: The slot.
        said: The utterance.
        now: The caller's local time, for relative days.
        total: Whether several counts of people add up.
    """
    words = said.words
    if spec.type.kind in _BY_FORM:
        return _BY_FORM[spec.type.kind](words)
    match spec.type.kind:
        case "integer":
            return find_integers(words, units(spec), total=total)
        case "number":
            return find_numbers(words, units(spec))
        case "date":
            return find_dates(words, now.date())
        case "time":
            return find_times(words, _as_time(spec.min), _as_time(spec.max))
        case "datetime":
            return find_datetimes(words, now)
        case "enum" | "text":
            return find_values(words, dict.fromkeys(spec.type.values, ()) | {**spec.words})
        case "list":
            return _find_list(spec, said, now)
        case _:  # a map is never asked for; yes and no are answers
            return []


def _find_list(spec: SlotSpec, said: Utterance, now: datetime.datetime) -> list[Match]:
    item = item_of(spec)
    if item.type.kind == "boolean":
        return _find_answers(said)

    def find_item(words: Sequence[str]) -> list[Match]:
        part = Utterance(tuple(words), tuple(words))
        return find_slot(item, part, now, total=False)

    return find_lists(said.words, find_item)


def _find_answers(said: Utterance) -> list[Match]:
    """Yes and no, several times; only the question says what they answer."""

    def find_item(words: Sequence[str]) -> list[Match]:
        return [match for match in find_answers(words) if match.value is not None]

    found = find_lists(said.words, find_item)
    return [match._replace(strength=Strength.BARE) for match in found]


def takes_text(spec: SlotSpec) -> bool:
    """Say whether free words can be a value: of a text, or of a list of texts nobody has named."""
    item = spec.type.item
    texts = spec.type.kind == "list" and item is not None and item.kind == "text"
    return spec.type.kind == "text" or (texts and not spec.words)


def item_of(spec: SlotSpec) -> SlotSpec:
    """A slot for one item of a list slot."""
    return replace(spec, type=spec.type.item or SlotType(kind="text"), min=None, max=None)


def text_rules(spec: SlotSpec, *, is_open: bool) -> TextRules:
    """How a text slot takes words that are no known value."""
    words = label(spec)
    proper = words[-1:] in (("name",), ("names",))
    several = spec.type.kind == "list"
    return TextRules(carriers=label_carriers(words), proper=proper, open=is_open, several=several)


def _as_time(bound: object) -> datetime.time | None:
    return bound if isinstance(bound, datetime.time) else None
