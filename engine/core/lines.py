"""What the agent says of its own accord, in English: every line the author did not write.

Most can be replaced in the flow, at the place named beside them; the rest are last resorts, spoken
when the flow itself has failed. Nothing here ever says more than the caller may know.
"""

from __future__ import annotations

from engine.flow.templates import Template
from engine.machine.compiled import IntentSpec

INVALID = "Sorry, that is not possible."
"""A value was refused. Override: `invalid` of the slot, or a handler for `invalid.SLOT`."""

CORRECTED = Template("Okay, {{ corrections | spoken }}.")
CORRECTED_SECRET = "Okay."
"""A filled slot was changed. Override: a handler for `corrected`; values that are `sensitive` are
never said."""

READBACK_SPELLED = Template("That is {{ value | spell }}. Is that right?")
READBACK_SPOKEN = Template("That is {{ value | spoken }}. Is that right?")
"""A slot with `readback` is said back; numbers and addresses digit by digit. Override: leave
`readback` out and use a `confirm` state."""

ASK_AGAIN = "Sorry."
"""A readback was denied, and the question follows. Override: as above."""

QUESTION = Template("What is the {{ value }}?")
"""A slot without `ask` is asked for. Override: `ask` of the slot (the validator demands it)."""

WORKING = "One moment, please."
"""The caller speaks while a tool or a transfer is at work. Override: handlers for intents."""

NO_INPUT = "I cannot hear you, so I will hang up now. Goodbye."
"""Silence after the last line of the ladder. Override: a handler for `no_input`."""

NO_MATCH = "I am sorry, I cannot understand you. Please call again. Goodbye."
"""Not understood after the last line of the ladder. Override: a handler for `no_match`."""

FAILURE = "I am sorry, something went wrong. Please call again later. Goodbye."
"""An error nobody handles. Override: a handler for `error`."""

REPLY_FAILED = "Sorry, I did not get that. Could you say it again?"
REPLY_NOT_OPENED = "Please go ahead, I am listening."
"""The model that should talk failed, after a turn of the caller or before the first. Override: a
handler for `error.llm`."""

RESUMED = "Sorry, we were cut off."
"""The caller is back after the process that ran the call died. Override: `resume` of the state."""

BUILT_IN_INTENTS = (
    IntentSpec(
        name="repeat_please",
        means="did not hear or understand, and wants the last thing said again",
    ),
    IntentSpec(name="go_back", means="wants to go back to the question before"),
    IntentSpec(name="off_topic", means="says something that has nothing to do with this call"),
)
"""Always in scope; their phrases are in `understanding`. Override: an intent of the same name, or a
handler for `intent.NAME`."""
