"""Ways through the states (TW301 to TW307, TW312, TW317)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.flow.diagnostics import Diagnostic, Edit, Fix, Related, Span
from engine.flow.model import Policies
from engine.flow.rules.book import Book
from engine.flow.rules.parts import FLOW, Place, Way
from engine.flow.rules.removal import removal

# --- reachability --------------------------------------------------------------------------------


def unreachable_states(book: Book) -> Iterator[Diagnostic]:
    """No way leads there (TW301). Of a group that nobody enters, only the group is told."""
    graph = book.graph
    if graph.unclear:
        return
    lost = {place.name for place in book.leaves} - graph.parents.keys()
    dead = {
        place.name
        for place in book.places.values()
        if place.is_group and all(leaf.name in lost for leaf in book.members[place.name])
    }
    begins = _beginnings(book, lost)
    for place in book.places.values():
        if place.name not in lost | dead or any(group in dead for group in place.groups):
            continue
        if not place.is_group and place.name not in begins:
            continue
        yield _unreachable(book, place, begins.get(place.name, []))


def _beginnings(book: Book, lost: set[str]) -> dict[str, list[str]]:
    """The lost states that no other lost state leads to, with those that hang on them.

    One missing way makes a chain of states unreachable; only its first one is told.
    """
    graph = book.graph
    owner: dict[str, str] = {}
    begins: dict[str, list[str]] = {}
    entered = {
        dest
        for name in lost
        for dest, way in graph.edges[name]
        if way is not None and dest in lost and dest != name
    }
    candidates = [p.name for p in book.leaves if p.name in lost and p.name not in entered]
    candidates += [p.name for p in book.leaves if p.name in lost and p.name in entered]
    for name in candidates:
        if name in owner:
            continue
        begins[name] = []
        for found in graph.walk([name]):
            if found in lost and found not in owner:
                owner[found] = name
                if found != name:
                    begins[name].append(found)
    return begins


def _unreachable(book: Book, place: Place, behind: list[str]) -> Diagnostic:
    what = "group" if place.is_group else "state"
    notes: tuple[str, ...] = ()
    if behind:
        names = ", ".join(f"`{name}`" for name in behind[:5])
        more = f" and {len(behind) - 5} more" if len(behind) > 5 else ""
        notes = (f"only from here: {names}{more}",)
    return book.checked.find(
        "TW301", place.path, f"nothing leads to the {what} `{place.name}`",
        span=book.checked.key(place.path),
        label=f"no `to`, `then` or `start` on a way from `{book.flow.start}` names it",
        help=f"add a way to it, or remove the {what}",
        notes=notes,
    )  # fmt: skip


def dead_ends(book: Book) -> Iterator[Diagnostic]:
    """Nothing happens next (TW302)."""
    for place in book.leaves:
        state = place.state
        if state.then or state.verb in ("end", "transfer", "converse"):
            continue
        if state.verb is not None:
            yield _no_then(book, place)
        elif not any(_wakes(book, name) for name in place.scopes):
            yield book.checked.find(
                "TW302", place.path, f"state `{place.name}` waits for nothing and goes nowhere",
                span=book.checked.key(place.path),
                label="no verb, no `then`, and no handler for what a caller may do here",
                help=f"say what comes next: `then: {_next(book, place)}`, or `end: hangup`",
            )  # fmt: skip


_DONE = {
    "collect": "its slots are filled",
    "confirm": "the caller has answered",
    "run": "the tool has answered",
    "call": "the sub-flow has returned",
}


def _no_then(book: Book, place: Place) -> Diagnostic:
    verb = place.state.verb or ""
    return book.checked.find(
        "TW302", place.path, f"state `{place.name}` has no `then`",
        span=book.checked.key((*place.path, verb)),
        label=f"when {_DONE[verb]}, nothing says where to go",
        help=f"add `then: {_next(book, place)}`",
    )  # fmt: skip


def _next(book: Book, place: Place) -> str:
    """The state written after this one, as an example of a target."""
    names = [leaf.name for leaf in book.leaves]
    at = names.index(place.name) + 1
    return names[at] if at < len(names) else "STATE"


def _wakes(book: Book, name: str) -> bool:
    """Whether a scope reacts to something that can happen while nothing is going on."""
    scope: Policies = book.flow if name == FLOW else book.places[name].state
    quiet = ("error", "no_input", "no_match", "corrected") if name == FLOW else ("error",)
    return any(event.partition(".")[0] not in quiet for event in scope.handle)


def no_way_out(book: Book) -> Iterator[Diagnostic]:
    """A part of the flow that cannot be left (TW303): one finding for each such part."""
    graph = book.graph
    trapped = [name for name in graph.reached() if name not in graph.leading_out]
    told: set[str] = set()
    order = {name: number for number, name in enumerate(graph.parents)}
    for name in sorted(trapped, key=lambda found: order[found]):
        if name in told or not book.thens.get(name):
            continue
        inside = [found for found in graph.walk([name]) if not found.startswith("@")]
        told.update(inside)
        place = book.places[name]
        notes = (f"from here only these can be reached: {', '.join(f'`{n}`' for n in inside[:8])}",)
        yield book.checked.find(
            "TW303", place.path, f"once in `{name}`, the call can never end",
            span=book.checked.key(place.path),
            label="no `end`, `transfer` or return can be reached from here",
            help="lead one of them to a state with `end: hangup`, or handle `no_input`",
            notes=notes,
            path=graph.path_to(name),
        )  # fmt: skip


# --- lists of ways -------------------------------------------------------------------------------


def missing_else(book: Book) -> Iterator[Diagnostic]:
    """Some entry of `then` always holds (TW306); that it is the last one is TW307's to say."""
    for name, ways in book.thens.items():
        last = ways[-1]
        if any(way.transition.when is None for way in ways):
            continue
        yield book.checked.find(
            "TW306", last.path, f"state `{name}` does not say where to go when nothing holds",
            span=book.source.span((*last.path, "when")),
            label=f"the {'last' if len(ways) > 1 else 'only'} entry has a condition",
            help="add a last entry without `when`: `- to: STATE`",
            fix=_else(book, book.places[name], ways),
        )  # fmt: skip


def _else(book: Book, place: Place, ways: list[Way]) -> Fix | None:
    """Of several entries the last one is meant for the rest; a single question is asked again."""
    last = ways[-1]
    if len(ways) > 1:
        return removal(book.source, (*last.path, "when"))
    owner, item = book.source.node(last.path[:-1]), book.source.node(last.path)
    if place.state.verb != "confirm" or owner is None or item is None or owner.kind != "list":
        return None
    at = book.source.at(item.end, item.end)
    if owner.style == "flow":
        return Fix("ask again otherwise", (Edit(at, ", {to: REPEAT}"),))
    begin = book.source.text.rfind("\n", 0, item.start) + 1
    dash = book.source.text[begin : item.start]
    alone = dash.strip() == "-" and not book.source.text[item.end :].partition("\n")[0].strip()
    return Fix("ask again otherwise", (Edit(at, f"\n{dash}to: REPEAT"),)) if alone else None


def shadowed_ways(book: Book) -> Iterator[Diagnostic]:
    """An entry that can never be taken, because an earlier one always is (TW307)."""
    lists: dict[tuple[str, str], list[Way]] = {}
    for way in book.ways:
        lists.setdefault((way.scope, way.event), []).append(way)
    for ways in lists.values():
        yield from _shadowed(book, ways)


def _shadowed(book: Book, ways: list[Way]) -> Iterator[Diagnostic]:
    guards: dict[str, Way] = {}
    for number, way in enumerate(ways):
        when = way.transition.when
        guard = " ".join(when.split()) if when is not None else ""
        earlier = guards.get("") or guards.get(guard)
        if earlier is None:
            guards[guard] = way
            continue
        always = earlier.transition.when is None
        why = "has no `when`, so it is always taken" if always else "has the same condition"
        yield book.checked.find(
            "TW307", way.path, f"entry {number + 1} can never be taken",
            span=_head(book, way),
            label="unreachable" if always else "the same condition again",
            help="move the other entry to the end" if always else "change or remove one of them",
            related=(Related(_head(book, earlier), f"entry {earlier.index + 1} {why}"),),
        )  # fmt: skip
        if always:
            return


def _head(book: Book, way: Way) -> Span:
    """What to mark of an entry: its guard, else its target."""
    if way.transition.when is not None:
        return book.source.span((*way.path, "when"))
    return book.source.span(way.to_path)


def groups_without_start(book: Book) -> Iterator[Diagnostic]:
    """A group of several states says which is the first (TW312)."""
    for place in book.places.values():
        inner = place.state.states
        if inner is None or place.state.start is not None or len(inner) < 2:
            continue
        first = next(iter(inner))
        span = book.checked.key((*place.path, "states"))
        fix = Fix(
            f"start with `{first}`",
            (Edit(span, f"start: {first}\n{' ' * (span.column - 1)}states"),),
        )
        flat = book.source.line(span.line).strip().startswith("states:")
        yield book.checked.find(
            "TW312", place.path, f"group `{place.name}` has {len(inner)} states and no `start`",
            span=book.checked.key(place.path),
            label="which of them comes first?",
            help=f"add `start: {first}`",
            fix=fix if flat else None,
        )  # fmt: skip


def own_targets(book: Book) -> Iterator[Diagnostic]:
    """A state does not name itself: STAY and REPEAT say which of the two is meant (TW317)."""
    for way in book.ways:
        target = way.transition.to
        named = book.named(target) if target is not None else None
        if named is None or named.name != way.scope or named.is_group:
            continue
        span = book.source.span(way.to_path)
        yield book.checked.find(
            "TW317", way.to_path, f"state `{named.name}` leads to itself by its own name",
            label="stay here, or leave and enter again?",
            help="write `STAY` to go on waiting, or `REPEAT` to leave, enter and ask again",
            fix=Fix("write `REPEAT`", (Edit(span, "REPEAT"),)),
        )  # fmt: skip


PASSES = (
    unreachable_states,
    dead_ends,
    no_way_out,
    missing_else,
    shadowed_ways,
    groups_without_start,
    own_targets,
)
