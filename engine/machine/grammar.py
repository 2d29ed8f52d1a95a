"""What may be said in each waiting state, as JSGF: the flow generates its own recogniser.

A recogniser that listens for what a state expects hears far better than one that listens for
anything. So every waiting state becomes one grammar of what its caller can be understood to say:

- the answers to the questions of its form, one or several in a sentence, with the phrases that
  usually carry them and those of the author's `phrases`;
- corrections of what was asked before on the way here ("no, make it five people");
- yes and no, where such a question can be open;
- the words of every intent that somebody handles here.

Two things decide how well and how fast a grammar is heard. It is kept narrow: an alternative that
nobody says takes accuracy from those that are said. And no value stands in it twice: a recogniser
copies a rule into every place that refers to it, and a second copy of all dates, names and digits
doubles its work. Therefore a sentence is one chain of optional parts in the order of the form,
never a list of whole sentences: "[lead] [size] [date] [time] [correction] [please]".

Numbers stay wider than a slot's bounds, or "fifteen people" would be heard as "five people" instead
of being refused. What is written here is in lower case and in words; a recogniser drops
alternatives with words it cannot pronounce. What a grammar can produce is understood by
`engine.core.understanding`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping

from engine.machine.asked_before import asked_before, form_of
from engine.machine.compiled import (
    Collect,
    CompiledFlow,
    CompiledState,
    Confirm,
    Converse,
    IntentSpec,
    Rest,
    SlotSpec,
)
from engine.machine.grammar_rules import SHARED, carriers, fixers, phrase_words, unmistakable, value

_RULE = re.compile(r"<([a-z0-9_]+)>")
_MARK = re.compile(r"\{\s*([a-z][a-z0-9_]*)\s*\}")


@functools.lru_cache(maxsize=1_024)
def _mentioned(body: str) -> tuple[str, ...]:
    """The rules a rule needs, each once. Cached: most bodies stand in many grammars."""
    return tuple(dict.fromkeys(_RULE.findall(body)))


def grammar_name(state: CompiledState) -> str:
    """Name of a state's grammar; empty for states where nobody is asked anything."""
    return state.id if isinstance(state.verb, Collect | Confirm | Converse | Rest) else ""


def build_grammars(flow: CompiledFlow) -> Mapping[str, str]:
    """Build one JSGF grammar for every waiting state of a flow, sub-flows not included.

    Returns:
        JSGF text by `grammar_name`. A state where nothing could be said has none.
    """
    before = asked_before(flow)
    grammars = {
        grammar_name(state): _Grammar(flow, state, before[state.id]).text()
        for state in flow.states.values()
        if grammar_name(state)
    }
    return {name: text for name, text in grammars.items() if text}


class _Grammar:
    """The grammar of one state while it is put together."""

    def __init__(self, flow: CompiledFlow, state: CompiledState, before: Iterable[str]) -> None:
        self._flow = flow
        self._state = state
        self._form = [flow.slots[name] for name in form_of(state)]
        asked = [flow.slots[name] for name in before]
        self._others = [spec for spec in asked if spec not in self._form]
        self._rules: dict[str, str] = {}

    def text(self) -> str:
        """The grammar as JSGF 1.0, or nothing when there is nothing to say."""
        top = [*self._sentence(), *self._yes_no(), *self._intents()]
        if not top:
            return ""
        self._rules["top"] = " | ".join(top)
        rules = "".join(f"<{name}> = {body};\n" for name, body in self._used("top"))
        name = re.sub(r"\W", "_", self._state.id)
        return f"#JSGF V1.0;\ngrammar {name};\npublic {rules}"

    def _used(self, first: str) -> Iterator[tuple[str, str]]:
        """The rules that are needed, each once, the first one first."""
        waiting, seen = [first], {first}
        while waiting:
            name = waiting.pop(0)
            body = self._rules.get(name) or SHARED[name]
            yield name, body
            new = [found for found in _mentioned(body) if found not in seen]
            seen.update(new)
            waiting += new

    def _sentence(self) -> Iterator[str]:
        """One answer as it comes; answers and corrections that say what they are."""
        single = [self._led(spec, carriers(spec), bare=True) for spec in self._form]
        if single := [part for part in single if part]:
            self._rules["answer"] = " | ".join(single)
            yield "[<lead>] <answer> [<polite>]"
        known = (*self._form, *self._others)
        clear = [f"[{part}]" for spec in known if (part := self._clear(spec))]
        if clear:
            self._rules["several"] = " ".join(clear)
            yield "[<lead>] <several> [<polite>]"

    def _clear(self, spec: SlotSpec) -> str:
        """A slot's value with words that tell it from every other."""
        asked = spec in self._form
        led = (*carriers(spec), *fixers(spec)) if asked else fixers(spec)
        part = self._led(spec, led, bare=False)
        own = unmistakable(spec) if part and (asked or not self._form) else ""
        return f"{part} | {own}" if own else part

    def _led(self, spec: SlotSpec, led: Iterable[str], *, bare: bool) -> str:
        """A slot's value behind some words; empty when it cannot be put into words."""
        words = value(spec)
        if not words:
            return ""
        self._rules[f"slot_{spec.name}"] = words
        before = " | ".join(dict.fromkeys((*led, *self._patterns(spec.name))))
        if not before:
            return f"<slot_{spec.name}>"
        return f"{f'[{before}]' if bare else f'({before})'} <slot_{spec.name}>"

    def _patterns(self, name: str) -> Iterator[str]:
        """What stands before a slot in the author's patterns."""
        for pattern in self._flow.phrases:
            end = 0
            for mark in _MARK.finditer(pattern):
                words = phrase_words(pattern[end : mark.start()])
                if mark[1] == name and words:
                    yield words
                end = mark.end()

    def _yes_no(self) -> Iterator[str]:
        if isinstance(self._state.verb, Confirm) or any(
            spec.readback or spec.type.kind == "boolean" for spec in self._form
        ):
            yield "<yes>"
            yield "<no>"

    def _intents(self) -> Iterator[str]:
        words = [
            spoken
            for intent in _in_scope(self._flow, self._state)
            for text in (*intent.words, *intent.examples)
            if (spoken := phrase_words(text))
        ]
        if words:
            self._rules["intent"] = " | ".join(dict.fromkeys(words))
            yield "<intent> [<polite>]"


def _in_scope(flow: CompiledFlow, state: CompiledState) -> Iterator[IntentSpec]:
    handled = {
        handler.event.removeprefix("intent.")
        for scope in state.scopes
        for handler in scope.handlers
    }
    for intent in flow.intents.values():
        if intent.name in handled or "intent" in handled or intent.name in _ALWAYS:
            yield intent


_ALWAYS = frozenset({"repeat_please", "go_back"})
