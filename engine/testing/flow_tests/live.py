"""What a real model makes of the turns of a test, beside what the test says was heard.

The call itself goes on with what was declared, so that one wrong answer does not hide the next.
Beside it every turn with `heard` is understood as in a real call: words and parsers first, the
model where they leave something open; and what came of it is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.findings import Findings, Scope
from engine.core.listening import combined
from engine.core.scoping import hints
from engine.core.understanding import report_schema, understand
from engine.core.values import to_json
from engine.effects import Understand
from engine.events import Millis
from engine.testing.flow_tests.models import Model
from engine.testing.flow_tests.talk import Reader
from engine.testing.flow_tests.view import pairs

PATIENCE: Millis = 60_000
"""How long a model may take, in ms: what is judged here is what it understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One turn: what was declared, and what was understood."""

    text: str
    wanted: Mapping[str, Any]
    """By `slots.NAME`, `intent`, `answer`; JSON values."""
    found: Mapping[str, Any]
    by: str
    """`words` when words and parsers were enough, else `model`."""
    error: str = ""
    """Why the model gave nothing; words and parsers decided alone, as in a call."""

    @property
    def agrees(self) -> bool:
        """Whether the very same was understood."""
        return not self.error and self.wanted == self.found

    def __str__(self) -> str:
        """`"four of us": party_size=4`, and what was found instead."""
        told = f'"{self.text}": heard {pairs(self.wanted) or "nothing"}'
        if self.error:
            return f"{told}; the model failed: {self.error}"
        if self.agrees:
            return f"{told} ({self.by})"
        return f"{told}; the {self.by} told {pairs(self.found) or 'nothing'}"


class LiveReader(Reader):
    """Goes on with what was declared, and asks beside it.

    Args:
        model: of the flow under test.
        question: what the agent said last.
    """

    def __init__(self, model: Model, question: Callable[[], str]) -> None:
        super().__init__()
        self.compared: list[Compared] = []
        self._model = model
        self._question = question

    def __call__(self, text: str, scope: Scope) -> Findings:
        """Find what the test declares; a turn with `heard` is compared."""
        declared = self.heard is not None
        found = super().__call__(text, scope)
        if declared:
            self.compared.append(self._compare(text, scope, found))
        return found

    def _compare(self, text: str, scope: Scope, wanted: Findings) -> Compared:
        words, error = understand(text, scope), ""
        told, by = words, "words"
        if not words.settled:
            told, error = self._asked(text, scope, words)
            by = "model"
        return Compared(text=text, wanted=_flat(wanted), found=_flat(told), by=by, error=error)

    def _asked(self, text: str, scope: Scope, words: Findings) -> tuple[Findings, str]:
        question = Understand(
            turn=f"live{len(self.compared) + 1}",
            text=text,
            question=self._question(),
            schema=report_schema(scope),
            hints=hints(scope),
        )
        reply = self._model.report(question).wait(PATIENCE)
        if reply is None:
            return words, f"no answer within {PATIENCE // 1000} s"
        answer = reply[1]
        if answer.error is not None:
            return words, answer.error
        if not isinstance(answer.value, Mapping):
            return words, "its report is no mapping"
        return combined(words, answer.value, scope), ""


def _flat(found: Findings) -> dict[str, Any]:
    told = {f"slots.{name}": to_json(value) for name, value in found.slots.items()}
    if found.intent is not None:
        told["intent"] = found.intent
    if found.answer is not None:
        told["answer"] = found.answer
    return told
