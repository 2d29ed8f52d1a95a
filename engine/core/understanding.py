"""One turn's findings from words and keys, without a model: the first step of understanding.

What may be found is the `Scope`; nothing outside it is ever reported. The words of a turn are
shared out in this order, and no word is used twice:

1. A turn that is nothing but an intent's phrase (politeness aside) is that intent, unless it
   answers the open question.
2. Phrases of two and more words of an intent, wherever they stand.
3. Values of typed slots. The open question comes first and takes even a bare word ("seven"); a
   slot that is still empty needs a word that says what it is ("for four", "at seven"); a filled
   slot is only corrected by a clear value ("five people") or after a cue ("make it five").
   Among readings that overlap the clearer wins, then the longer, then the order of the scope.
4. Yes and no, when such a question is open.
5. Free text, from what remains.

A later value replaces an earlier one after a word of repair ("at seven, no, at eight"). Words that
two slots claim with equal right are given to neither: asking again costs less than a wrong value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.findings import Findings, Scope
from engine.core.intents import intent_phrases, without_politeness
from engine.core.parsers.choices import find_answers
from engine.core.parsers.slots import find_slot, takes_text, text_rules
from engine.core.parsers.texts import FILLERS, find_text
from engine.core.parsers.words import Match, Strength, Utterance, utterance
from engine.core.report import judge_report, report_schema
from engine.core.sharing import share_out, unique
from engine.machine.compiled import SlotSpec

__all__ = ["intent_phrases", "judge_report", "key", "report_schema", "understand"]


def understand(text: str, scope: Scope) -> Findings:
    """Find what a turn says about what is in scope.

    Args:
        text: The turn, spoken or typed, in any case and punctuation.
        scope: What may be understood now.

    Returns:
        Typed, unchecked findings; empty ones when nothing in scope was recognised.
    """
    said = utterance(text)
    bare = without_politeness(said.words)
    whole = scope.intents.whole(said.words, bare) if bare else None
    if whole is not None and not _answers_open_question(bare, said, scope):
        return Findings(intent=whole.name, settled=True)
    told = scope.intents.contained(said.words)
    intent = None if told is None else told[0].name
    if not (scope.slots or scope.yes_no):  # as in most free talk: nothing else is looked for
        return Findings(intent=intent, settled=intent is not None)
    taken = [] if told is None else [Match(told[1], told[2], intent)]
    slots = share_out(said, scope, taken)
    matches = [*taken, *slots.values()]
    answer = _answer(said, scope, slots, matches) if scope.yes_no else None
    if answer is not None:
        matches += find_answers(said.words)
    slots |= _free_texts(said, scope, slots, matches)
    values = {spec.name: slots[spec.name].value for spec in scope.slots if spec.name in slots}
    values |= _open_boolean(said, scope, matches)
    found = bool(values) or intent is not None or answer is not None
    return Findings(slots=values, intent=intent, answer=answer, settled=found)


def key(key: str, scope: Scope) -> Findings:
    """Find what one key of the telephone means: an intent's key, or a one-digit number asked for.

    Longer numbers by keys are a dialog of their own and are not read here.
    """
    for intent in scope.intents:
        if intent.dtmf is not None and intent.dtmf == key:
            return Findings(intent=intent.name, settled=True)
    for spec in scope.slots:
        if spec.name == scope.open_slot and _takes_one_digit(spec) and key in "0123456789":
            return Findings(slots={spec.name: int(key)}, settled=True)
    return Findings()


# --- intents -------------------------------------------------------------------------------------


def _answers_open_question(words: Sequence[str], said: Utterance, scope: Scope) -> bool:
    """True when the whole turn is an answer to what was asked, in words the author declared."""
    if scope.yes_no and any(match.size == len(words) for match in find_answers(words)):
        return True
    spec = _open_spec(scope)
    return spec is not None and any(
        match.size >= len(words) for match in find_slot(spec, said, scope.now)
    )


# --- yes, no and free text -----------------------------------------------------------------------


def _answer(
    said: Utterance, scope: Scope, slots: Mapping[str, Match], taken: Sequence[Match]
) -> bool | None:
    changes = any(scope.filled.get(name) != match.value for name, match in slots.items())
    answer = read_answer(said, taken, anything_else=changes)
    if answer and changes and {"but", "except", "only"} & set(said.words):
        return None  # "yes, but make it five": a correction, no consent yet
    return answer


def read_answer(said: Utterance, taken: Sequence[Match], *, anything_else: bool) -> bool | None:
    """Read yes or no; None when neither or both were said.

    Args:
        said: The utterance.
        taken: Words that already mean something else.
        anything_else: Something else was understood, so that a mere "okay" or "please" is no yes.
    """
    answers = [
        match
        for match in find_answers(said.words)
        if not any(match.overlaps(other) for other in taken)
    ]
    explained = {index for match in (*answers, *taken) for index in range(match.start, match.end)}
    rest = [
        word
        for index, word in enumerate(said.words)
        if index not in explained and word not in FILLERS
    ]
    clear = [match for match in answers if _stands_out(said, match)]
    if not clear and not anything_else and not rest:
        clear = answers
    values = {match.value for match in clear}
    return values.pop() if len(values) == 1 else None


def _stands_out(said: Utterance, match: Match) -> bool:
    """A clear phrase, and a single word only at the start or the end of the turn."""
    if match.strength is not Strength.CLEAR:
        return False
    start = 0
    while start < match.start and said.words[start] in FILLERS:
        start += 1
    return match.size > 1 or match.start == start or match.end == len(said.words)


def _open_boolean(said: Utterance, scope: Scope, taken: Sequence[Match]) -> dict[str, Any]:
    spec = _open_spec(scope)
    if spec is None or spec.type.kind != "boolean":
        return {}
    answer = read_answer(said, taken, anything_else=False)
    return {} if answer is None else {spec.name: answer}


def _free_texts(
    said: Utterance, scope: Scope, slots: Mapping[str, Match], taken: Sequence[Match]
) -> dict[str, Match]:
    """Text slots take what remains: the open one any answer, others only after their carrier."""
    found: dict[str, Match] = {}
    open_to_text = [spec for spec in scope.slots if takes_text(spec) and spec.name not in slots]
    for spec in unique(open_to_text) if open_to_text else ():
        rules = text_rules(spec, is_open=spec.name == scope.open_slot)
        match = find_text(said, [*taken, *found.values()], rules)
        if match:
            found[spec.name] = match
    return found


# --- the scope -----------------------------------------------------------------------------------


def _open_spec(scope: Scope) -> SlotSpec | None:
    for spec in scope.slots:
        if spec.name == scope.open_slot:
            return spec
    return None


def _takes_one_digit(spec: SlotSpec) -> bool:
    return spec.type.kind == "integer" and isinstance(spec.max, int) and spec.max <= 9
