"""The page of a call: one HTML file that needs nothing else, made from a journal's steps.

What a caller said is untrusted: every value is escaped by the template, and the page allows no
script but its own. Waveforms are peaks of the recording, not the recording.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.events import Millis
from engine.observe.call_view import CallView, Line, Mark, Said, Work, view
from engine.observe.latency import STAGES, Response
from engine.observe.metrics import measure
from engine.observe.timeline import render, show_millis

if TYPE_CHECKING:
    from engine.core.step import Step
    from engine.observe.journal import Header
    from media.peaks import Peaks

LOUD = ("interrupted", "error", "no_match", "no_input", "no_transcript")
"""Marks that a reader should not miss."""

_QUIET = ("deadline", "dropped")
"""Marks that the list of turns does without."""

_TEXT_ROOM: Millis = 3_000
_MARK_ROOM: Millis = 2_500
"""So much time a text may cover beyond its own, where nothing follows."""

_ENDINGS = {"flow": "by the flow", "caller_left": "the caller left"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Text in the score."""

    start: Millis
    room: Millis
    """Until where it may be written."""
    heard: str
    unheard: str
    trusted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One paragraph of the list of turns."""

    at: Millis
    kind: Literal["said", "response", "line", "work", "mark"]
    it: Said | Response | Line | Work | Mark


def page(header: Header, steps: Sequence[Step], peaks: Peaks | None = None) -> str:
    """Return the page of a call as HTML.

    Args:
        header: of the journal.
        steps: the call.
        peaks: of the recording, agent first; None: there is none.
    """
    folder = files(__name__)
    environment = Environment(
        loader=FileSystemLoader(str(folder)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seconds": show_millis, "clock": _clock, "instant": _instant}
    script = folder.joinpath("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    call = view(steps)
    return environment.get_template("page.html").render(
        **_call(header, steps, call),
        waves=_waves(header, call, peaks) if peaks is not None else {},
        script=Markup(script),  # noqa: S704 - a file of ours, and the only script the page allows
        script_hash=f"sha256-{digest}",
    )


def _call(header: Header, steps: Sequence[Step], call: CallView) -> dict[str, Any]:
    totals = [response.total for response in call.responses]
    used = {stage for response in call.responses for stage, _ in response.stages}
    return {
        "header": header,
        "view": call,
        "metrics": measure(steps),
        "started": _moment(header.started_at),
        "ending": _ENDINGS.get(call.reason, call.reason),
        "words": {"user": _said(call.said), "agent": _lines(call.lines)},
        "work": _roomy(call.work, [w.start for w in call.work], [w.end for w in call.work]),
        "marks": _roomy(call.marks, [m.at for m in call.marks], [m.at for m in call.marks]),
        "talk": _talk(call),
        "loud": LOUD,
        "slowest": max([*totals, 1]),
        "stages": [(stage, told) for stage, told in STAGES.items() if stage in used],
        "text": render(steps, personal=True),
    }


# --- texts ---------------------------------------------------------------------------------------


def _clock(at: Millis) -> str:
    minutes, millis = divmod(at, 60_000)
    return f"{minutes}:{millis / 1000:04.1f}"


def _instant(at: Millis) -> str:
    """As the axis shows it, to the millisecond."""
    minutes, millis = divmod(at, 60_000)
    return f"{minutes}:{millis / 1000:06.3f}"


def _moment(iso: str) -> str:
    try:
        return datetime.datetime.fromisoformat(iso).strftime("%-d %B %Y, %H:%M")
    except ValueError:
        return iso


# --- places --------------------------------------------------------------------------------------


def _said(said: Sequence[Said]) -> list[_Words]:
    rooms = _rooms([s.start for s in said], [s.end for s in said], _TEXT_ROOM)
    return [
        _Words(start=one.start, room=room, heard=one.text, unheard="", trusted=one.trusted)
        for one, room in zip(said, rooms, strict=True)
    ]


def _lines(lines: Sequence[Line]) -> list[_Words]:
    """Lines of which something was played; the others are in the list of turns."""
    played = [(line.start, line) for line in lines if line.start is not None]
    rooms = _rooms([start for start, _ in played], [line.end for _, line in played], _TEXT_ROOM)
    return [
        _Words(start=start, room=room, heard=line.heard, unheard=line.unheard)
        for (start, line), room in zip(played, rooms, strict=True)
    ]


def _roomy(
    items: Sequence[T], starts: Sequence[Millis], ends: Sequence[Millis]
) -> list[tuple[T, Millis]]:
    return list(zip(items, _rooms(starts, ends, _MARK_ROOM), strict=True))


def _rooms(starts: Sequence[Millis], ends: Sequence[Millis], beyond: Millis) -> Iterable[Millis]:
    """Return until where each item may be drawn: beyond its end, but not into the next one."""
    for n, (start, end) in enumerate(zip(starts, ends, strict=True)):
        following = starts[n + 1] if n + 1 < len(starts) else end + beyond
        yield max(end, min(following, end + beyond), start)


def _talk(call: CallView) -> list[_Entry]:
    """Everything worth reading, in the order in which it happened."""
    entries = [
        *(_Entry(at=said.start, kind="said", it=said) for said in call.said),
        *(_Entry(at=work.start, kind="work", it=work) for work in call.work),
        *(_Entry(at=r.heard, kind="response", it=r) for r in call.responses),
        *(_Entry(at=_beginning(line), kind="line", it=line) for line in call.lines),
        *(_Entry(at=m.at, kind="mark", it=m) for m in call.marks if m.kind not in _QUIET),
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _beginning(line: Line) -> Millis:
    return line.ordered if line.start is None else line.start


# --- waveforms -----------------------------------------------------------------------------------


def _waves(header: Header, call: CallView, peaks: Peaks) -> Mapping[str, Mapping[str, Any]]:
    start = _recording_start(header, call, peaks)
    length = round(peaks.bucket * 1000 * len(peaks.channels[0]))
    skip = min(max(0, round(-start / 1000 / peaks.bucket)), len(peaks.channels[0]))
    start += round(skip * peaks.bucket * 1000)
    sides = zip(("agent", "user"), peaks.channels, strict=False)
    return {
        side: {
            "start": start,
            "end": start + length - round(skip * peaks.bucket * 1000),
            "count": len(values) - skip,
            "peaks": base64.b64encode(values[skip:].tobytes()).decode(),
        }
        for side, values in sides
    }


def _recording_start(header: Header, call: CallView, peaks: Peaks) -> Millis:
    """Return the instant of the recording's first sample."""
    if header.recording is not None:
        return header.recording
    # A journal that does not say: the agent's first sound is its first line.
    sound = peaks.first_sound[0]
    spoke = next((line.start for line in call.lines if line.start is not None), None)
    return 0 if sound is None or spoke is None else spoke - round(sound * 1000)
