"""From one flow or group into another (TW311, TW313, TW314, TW316), and to a person (TW505)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW, Place, Way

_PERSON = re.compile(
    r"(?<![a-z])(person|human|operator|somebody real|manager|colleague|staff|representative)"
    r"(?![a-z])", re.IGNORECASE,
)  # fmt: skip
"""What authors call somebody at the other end."""

MAX_FLOWS = 5
"""So many flows may be open at once, the first included; the engine refuses a further call."""


def wrong_ends(book: Book) -> Iterator[Diagnostic]:
    """A flow that a room starts has nobody to return to (TW311).

    Known where the flow is about to be started, and where it says how: sub-flows have no room.
    """
    declared = next((key for key in ("room", "voicemail") if getattr(book.flow, key)), "")
    if book.checked.called or not (book.checked.catalogue.started or declared):
        return
    why = f"has `{declared}`, so a room starts it" if declared else "a room starts it"
    for place in book.leaves:
        if place.state.end == "return":
            yield book.checked.find(
                "TW311", (*place.path, "end"), "this flow has nobody to return to",
                label="ends a sub-flow",
                help="write `end: hangup`, or `end: leave` to leave the others alone in the room",
                notes=(f"the flow `{book.flow.flow}` {why}",),
            )  # fmt: skip


def unsafe_resumes(book: Book) -> Iterator[Diagnostic]:
    """Coming back to a state whose tool has changed the world already (TW313).

    When the tool has failed, the state has nothing left to wait for; and doing it a second time is
    what nobody can answer for. Other digressions come while the tool is still at work.
    """
    for place in book.leaves:
        tool = book.flow.tools.get(place.state.run or "")
        if tool is None or tool.effect != "write" or tool.idempotent:
            continue
        for way in dict.fromkeys(_after_failure(book, place)):
            target = "call" if way.transition.call is not None else "RESUME"
            if way.transition.call is None and way.transition.to != "RESUME":
                continue
            yield book.checked.find(
                "TW313", way.to_path,
                f"this comes back to `{place.name}`, which may have changed the world already",
                label="nothing is left to wait for there" if target == "RESUME"
                else "a digression comes back to where it began",
                help="name a state that asks or checks what has happened: `to: STATE`",
                related=(book.checked.see((*place.path, "run"), "effect: write"),),
            )  # fmt: skip


def _after_failure(book: Book, place: Place) -> Iterator[Way]:
    """What the state and its groups do when its tool has failed; the innermost handler only."""
    for event in ("error.tool", "error.timeout"):
        for name in place.scopes:
            ways = book.reactions.get(name, ())
            found = [way for way in ways if way.event in (event, "error")]
            if found:
                yield from found
                break


def deep_calls(book: Book) -> Iterator[Diagnostic]:
    """A chain of sub-flows deeper than the engine goes (TW314); told in the first flow only."""
    if book.checked.called:
        return
    for name, chain in book.checked.chains.items():
        if len(chain) < MAX_FLOWS or name not in book.flow.flows:
            continue
        path = (book.flow.flow, *chain)
        yield book.checked.find(
            "TW314", ("flows", name), f"sub-flows call each other {len(chain)} deep",
            label=f"{len(path)} flows would be open at once, and {MAX_FLOWS} may be",
            help=f"let `{path[MAX_FLOWS - 1]}` return, and its caller go on",
            path=path,
        )  # fmt: skip


def cross_group_jumps(book: Book) -> Iterator[Diagnostic]:
    """A target inside a group of others, past its start (TW316).

    Handlers of the whole flow are meant to go anywhere.
    """
    told: set[tuple[str, str]] = set()
    for way in book.ways:
        place = book.named(way.transition.to or "")
        if way.scope == FLOW or place is None or not place.groups:
            continue
        around = {*book.places[way.scope].groups, way.scope}
        entered = [group for group in place.groups if group not in around]
        if not entered or book.leaf(entered[0]) == book.leaf(place.name):
            continue
        if (way.scope, place.name) in told:
            continue
        told.add((way.scope, place.name))
        group = book.places[entered[0]]
        yield book.checked.find(
            "TW316", way.to_path, f"`{place.name}` is in the middle of the group `{group.name}`",
            label=f"passes by its start, `{book.leaf(group.name)}`",
            help=f"enter it by its name: `to: {group.name}`, if its start shall not be left out",
            related=(book.checked.see(group.path, "the group"),),
        )  # fmt: skip


def no_human(book: Book) -> Iterator[Diagnostic]:
    """Callers may ask for a person, or a transfer is written, and no way leads there (TW505)."""
    if book.is_subflow or book.graph.unclear:
        return
    asked = next((n for n, i in book.flow.intents.items() if _PERSON.search(f"{n} {i.means}")), "")
    reached = book.graph.parents.keys()
    transfers = [place for place in book.leaves if place.state.transfer is not None]
    inner = (s for flow in book.checked.subflows.values() for s in flow.states.values())
    if not (asked or transfers) or any(place.name in reached for place in transfers):
        return
    if any(state.transfer is not None for state in inner):
        return
    why = book.checked.see(("intents", asked), "callers may ask for one") if asked else None
    lost = book.checked.see(transfers[0].path, "nothing leads here") if transfers else None
    yield book.checked.find(
        "TW505", ("flow",), "no way of this flow leads to a person",
        label="no state with `transfer` can be reached",
        help="add a state with `transfer`, and lead `error` and `no_match` there as well",
        related=tuple(see for see in (why, lost) if see is not None),
    )  # fmt: skip


PASSES = (wrong_ends, unsafe_resumes, deep_calls, cross_group_jumps, no_human)
