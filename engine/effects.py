"""Effects: orders, in the imperative, that leave a conversation. The counterpart of events.

The session carries out the effects of a step in order, each by one synchronous call that starts
work and never waits for it. There are no timer effects (the conversation answers
`next_deadline`) and no log effects (the step is the log). Ids are explained in `engine.events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from engine.events import Millis
from engine.records import record


@record
class Effect:
    """The root of all effects."""


# --- speech --------------------------------------------------------------------------------------


@record
class Say(Effect):
    """Make `text` audible, after every utterance that was ordered before it.

    Answered by `PlayoutStarted`, `SpeechPrepared` and always by exactly one `PlayoutFinished`
    (also when the utterance is stopped before any sample of it was played).
    """

    utterance: str
    turn: str
    text: str
    interruptible: bool = True
    purpose: Literal["line", "question", "ladder", "filler", "error", "reply"] = "line"
    voice: str = ""
    """Name of the component that speaks it (`CompiledFlow.components`); empty: the flow's own."""


@record
class PlayFile(Say):
    """Make a file audible: an utterance like any other."""

    text: str = ""
    """Its words, where the program that asked for it knows them."""
    file: str
    """Path of the file, relative to the folder of the flow the call runs; `/` between folders.
    `memory:NAME`: audio that the session holds under this name."""


@record
class SendKeys(Effect):
    """Press these telephone keys on our side of the line, one after the other."""

    keys: str
    """One or more of `0-9`, `*`, `#`, `A-D`."""


@record
class StopSpeech(Effect):
    """Stop and drop these utterances now; `fade` milliseconds of the audible one may ring out."""

    utterances: tuple[str, ...]
    fade: Millis = 0


@record
class PauseSpeech(Effect):
    """Hold the audio at this very sample; silence goes out meanwhile.

    `fade` milliseconds of what would follow ring out, and are heard again, rising, on resuming.
    """

    fade: Millis = 0


@record
class ResumeSpeech(Effect):
    """Go on at the sample where `PauseSpeech` stopped."""


# --- listening and understanding -----------------------------------------------------------------


@record
class Expect(Effect):
    """From now on the dialog waits for this; a recogniser may bias itself towards it."""

    state: str
    grammar: str
    """Name of the grammar in `CompiledFlow.grammars` of `flow`; empty: nothing special."""
    flow: str
    """Id of the (sub-)flow that is on top."""
    kinds: tuple[str, ...] = ()
    """Types that are asked for, the open question first: `integer`, `date`, `yesno` ..."""
    recogniser: str = ""
    """Name of the component that hears from now on; empty: the flow's own."""


@record
class CloseStretch(Effect):
    """Take the stretch of speech in progress for over: its final transcript is due now.

    What is said from here on is the next stretch.
    """


@record
class PredictEndOfTurn(Effect):
    """Ask the turn detector about the text so far. Answered by `EndOfTurnPredicted`, or never."""

    turn: str
    text: str
    kinds: tuple[str, ...] = ()


@record
class Understand(Effect):
    """Ask a model what `text` means. Answered by `Understood` or `ServiceFailed(llm)`."""

    turn: str
    text: str
    question: str
    schema: Mapping[str, Any]
    """JSON Schema of the report: only what is in scope."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    """What the model is told beside the schema: slots' `about`, intents' `means` and examples."""
    ahead: bool = False
    """Asked before the turn is surely over; `turn` is then one hearing of it (`u3.1`)."""
    model: str = ""
    """Name of the component that is asked; empty: the flow's own."""


@record
class CancelUnderstanding(Effect):
    """Forget the question about this turn."""

    turn: str


# --- free talk -----------------------------------------------------------------------------------


@record
class StartReply(Effect):
    """Let a model talk. Answered by `ReplyStarted`, then sentences, reports and tool calls.

    The last answer is `ReplyFinished` or `ServiceFailed(llm)` with the reply as its subject.
    """

    reply: str
    turn: str
    """The user turn it answers; empty when the model opens the talk."""
    instructions: str
    history: tuple[Mapping[str, Any], ...]
    """What was said and heard, oldest first: `{role: user | assistant, text}`, calls with their
    results as `{role: tool, id, name, args, output}`, and for what is older than all of it perhaps
    a summary, `{role: developer, text}`. A message that shows pictures has `content` for `text`:
    parts `{type: image, url, detail}`, the URL a name under which the session holds one."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of the report; empty: there is nothing to report."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """What the model may call: `{name, use, parameters}`, the last a JSON Schema."""
    ahead: bool = False
    """Begun before the turn is surely over: nothing of it is said, no tool is called till then."""
    model: str = ""
    """Name of the component that talks; empty: the flow's own."""


@record
class CancelReply(Effect):
    """Nobody waits for the rest of this reply."""

    reply: str


@record
class Summarize(Effect):
    """Let a model sum up the older part of the call, beside all else; nobody waits for it.

    Answered by `Summarized` or `ServiceFailed(llm)` with the summary as its subject; withdrawn by
    `CancelReply`.
    """

    summary: str
    instructions: str
    history: tuple[Mapping[str, Any], ...]
    """What is to be summed up, as in `StartReply`; a summary of what came before it is
    `{role: developer, text}`."""


# --- work ----------------------------------------------------------------------------------------


@record
class CallTool(Effect):
    """Run a tool. Answered by one `ToolReturned`. The time limit is kept by the conversation."""

    call: str
    tool: str
    use: str
    args: Mapping[str, Any]
    idempotency_key: str
    """The same for every attempt of one entry into one state."""
    sensitive: tuple[str, ...] = ()
    """Arguments that come from sensitive slots: whoever shows the call masks them."""


@record
class CancelTool(Effect):
    """Nobody waits for this call any more: cancel it if it can be cancelled."""

    call: str


@record
class Transfer(Effect):
    """Hand the caller over. Answered by `TransferEnded`."""

    to: str
    kind: Literal["cold", "warm", "agent"]
    brief: str = ""


@record
class HangUp(Effect):
    """End the call. The last effect of a conversation, given once."""

    reason: str
    """`flow`: it came to its end; `error.X`: nobody handled that; `caller_left`; or what whoever
    asked for the end has said."""
    kind: Literal["hangup", "leave"] = "hangup"


@record
class Publish(Effect):
    """Tell the participants' screens (captions, states); best effort."""

    topic: str
    data: Mapping[str, Any]


@record
class ReportError(Effect):
    """The visible side of every failure: an `error` event for hooks, logs and metrics."""

    name: str
    """`error.timeout`, `error.tool`, `error.flow` ..."""
    message: str
    subject: str = ""
