"""What the caller, and everybody else outside, does to the agent: one function a kind of turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.events import (
    AppEventReceived,
    CloseRequested,
    EndOfTurnPredicted,
    Event,
    KeyPressed,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    PlayoutFinished,
    PlayoutStarted,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyToolCalled,
    ServiceFailed,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TextReceived,
    ToolReturned,
    TranscriptReceived,
    TransferEnded,
    Understood,
)
from engine.requests import (
    EndRequested,
    HandlerFailed,
    InterruptRequested,
    KeysRequested,
    ReplyRequested,
    SayRequested,
    TransferRequested,
)
from engine.testing.fuzz.cases import Turn

if TYPE_CHECKING:
    from engine.testing.fuzz.world import World

_HANGOVER: Millis = 200
"""From the end of the voice to the event that tells of it."""


def act(world: World, turn: Turn) -> None:
    """Let what `turn` says happen, after its pause."""
    world.run(world.now + turn.after)
    ACTIONS[turn.do](world, turn)


# --- what is answered ----------------------------------------------------------------------------

ANSWER = "<answer>"
"""A turn with this text answers what is asked for: so calls get further than their beginning."""

_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "boolean": ("yes", "yes", "yes please", "no"),
    "yesno": ("yes", "yes", "yes please", "no"),
    "integer": ("four", "two people", "twelve"),
    "number": ("two point five",),
    "date": ("tomorrow", "next monday", "the third of may"),
    "time": ("at seven", "half past eight in the evening"),
    "datetime": ("tomorrow at seven",),
    "duration": ("two hours",),
    "phone": ("zero three zero one two three four five six seven",),
    "email": ("ann at example dot com",),
    "digits": ("one two three four", "one two three four five six", "one nine eight four"),
    "text": ("my name is ann", "nothing"),
}


def _answer(world: World, chance: random.Random) -> str:
    kind = world.asked_for
    if kind in _ANSWERS:
        return chance.choice(_ANSWERS[kind])
    return chance.choice(world.phrases or ("yes",))


def _said(world: World, turn: Turn) -> str:
    """Return the words of a turn; the same for the same call."""
    if ANSWER not in turn.text:
        return turn.text
    chance = random.Random(f"{world.case.seed}/{world.now}")
    return turn.text.replace(ANSWER, _answer(world, chance))


# --- voice ---------------------------------------------------------------------------------------


def _speaks(world: World, turn: Turn) -> None:
    """Voice with words; `how` tells what the recogniser makes of them."""
    who = "d" if turn.how == "second voice" else "c"
    start, text = world.now, _said(world, turn)
    world.happens(SpeechStarted(at=start, participant=who, edge=max(0, start - 60)))
    world.run(start + turn.lasts // 2)
    if turn.how in ("final", "partial", "early"):
        _words(world, text.split(" ")[0], final=False, who=who)
    world.run(start + turn.lasts)
    if turn.how == "partial":
        _words(world, text, final=False, who=who)
    if turn.how == "early":
        _words(world, text, final=True, who=who)
    if turn.how == "no end":  # the detector never tells that the voice is over
        return
    world.run(start + turn.lasts + _HANGOVER)
    world.happens(SpeechEnded(at=world.now, participant=who, edge=start + turn.lasts))
    if turn.how == "late":
        world.run(world.now + 2_600)
    if turn.how in ("partial", "early", "nothing"):
        return
    world.run(world.now + 50)
    _words(world, text, final=True, who=who, accepted=turn.how != "untrusted")
    if turn.how == "two finals":
        _words(world, text, final=True, who=who)


def _coughs(world: World, turn: Turn) -> None:
    """Voice without words."""
    start = world.now
    world.happens(SpeechStarted(at=start, participant="c", edge=start))
    world.run(start + turn.lasts)
    world.happens(SpeechEnded(at=world.now, participant="c", edge=world.now))
    if turn.how == "final":
        world.run(world.now + 50)
        _words(world, "", final=True)


def _words_only(world: World, turn: Turn) -> None:
    """Words although no voice was detected."""
    text = _said(world, turn)
    _words(world, text, final=False)
    world.run(world.now + turn.lasts)
    if turn.how != "no final":
        _words(world, text, final=True)


def _words(world: World, text: str, *, final: bool, who: str = "c", accepted: bool = True) -> None:
    world.happens(
        TranscriptReceived(at=world.now, participant=who, text=text, final=final, accepted=accepted)
    )


# --- hands ---------------------------------------------------------------------------------------


def _types(world: World, turn: Turn) -> None:
    world.happens(TextReceived(at=world.now, participant="c", text=_said(world, turn)))


def _presses(world: World, turn: Turn) -> None:
    for key in turn.text:
        world.happens(KeyPressed(at=world.now, participant="c", key=key))
        world.run(world.now + turn.lasts)


# --- the room and the outside --------------------------------------------------------------------


def _event(world: World, turn: Turn) -> None:
    world.happens(AppEventReceived(at=world.now, name=turn.text, data={"value": 1}))


def _fails(world: World, turn: Turn) -> None:
    service: Any = turn.text
    world.happens(ServiceFailed(at=world.now, service=service, message="gone"))


def _joins(world: World, turn: Turn) -> None:
    world.happens(ParticipantJoined(at=world.now, participant="d"))


def _leaves(world: World, turn: Turn) -> None:
    last = turn.how == "last"
    who = "c" if last else "d"
    world.happens(ParticipantLeft(at=world.now, participant=who, reason="left", last=last))


def _is_closed(world: World, turn: Turn) -> None:
    world.happens(CloseRequested(at=world.now, reason="drain"))


# --- results nobody waits for --------------------------------------------------------------------

_DEAD: Mapping[str, Callable[[Millis], Event]] = {
    "playout started": lambda at: PlayoutStarted(at=at, utterance="a0.9"),
    "playout finished": lambda at: PlayoutFinished(
        at=at, utterance="a0.9", played=900, complete=True
    ),
    "prepared": lambda at: SpeechPrepared(at=at, utterance="a0.9", duration=900),
    "tool": lambda at: ToolReturned(at=at, call="t0", value={"status": "free"}),
    "understood": lambda at: Understood(at=at, turn="u0", report={"intent": "go_back"}),
    "predicted": lambda at: EndOfTurnPredicted(at=at, turn="u0", text="x", probability=1.0),
    "delta": lambda at: ReplyDelta(at=at, reply="r0", text="Nobody hears this."),
    "reported": lambda at: ReplyReported(at=at, reply="r0", report={"intent": "go_back"}),
    "called": lambda at: ReplyToolCalled(at=at, reply="r0", id="c", tool="price", args={}),
    "finished": lambda at: ReplyFinished(at=at, reply="r0"),
}
"""Results for turns, lines and calls that never were, or are long gone."""

DEAD = tuple(_DEAD)


def _late(world: World, turn: Turn) -> None:
    from engine.testing.fuzz.invariants import changes_nothing

    changes_nothing(world, _DEAD[turn.text](world.now))


def _asks(world: World, turn: Turn) -> None:
    """The program around the call asks for something, beside the flow."""
    now, request = world.now, f"q{world.events}"
    within = f"t{1 + world.events % 4}" if turn.lasts else ""  # a tool, perhaps one at work
    may = None if turn.how == "" else turn.how == "interruptible"
    requests: Mapping[str, Callable[[], Event]] = {
        "say": lambda: SayRequested(
            at=now, request=request, text="By the way.", interruptible=may, remember=turn.lasts == 0
        ),
        "reply": lambda: ReplyRequested(
            at=now, request=request, instructions="Say hello.", interruptible=may, within=within
        ),
        "interrupt": lambda: InterruptRequested(at=now, force=turn.how == "protected"),
        "keys": lambda: KeysRequested(at=now, keys="12#"),
        "transfer": lambda: TransferRequested(at=now, request=request, to="desk", within=within),
        "end": lambda: EndRequested(at=now, reason="enough"),
        "handler": lambda: HandlerFailed(at=now, handler="turn", message="it raised"),
    }
    world.happens(requests[turn.text]())


def _drops(world: World, turn: Turn) -> None:
    """The caller's connection is lost; they come back in time, or not."""
    world.happens(ParticipantLeft(at=world.now, participant="c", reason="lost", grace=8_000))
    if turn.how == "comes back":
        world.run(world.now + turn.lasts)
        world.happens(ParticipantJoined(at=world.now, participant="c"))


def _transferred(world: World, turn: Turn) -> None:
    """An outcome of a transfer nobody ordered."""
    world.happens(TransferEnded(at=world.now, error="nobody"))


ACTIONS: Mapping[str, Callable[[World, Turn], None]] = {
    "speaks": _speaks,
    "coughs": _coughs,
    "words": _words_only,
    "types": _types,
    "presses": _presses,
    "waits": lambda world, turn: None,
    "event": _event,
    "fails": _fails,
    "joins": _joins,
    "leaves": _leaves,
    "is closed": _is_closed,
    "late": _late,
    "transferred": _transferred,
    "asks": _asks,
    "drops": _drops,
    "restart": lambda world, turn: world.restart(),
    "crash": lambda world, turn: world.crash(),
}
"""Everything that can be done to an agent."""
