"""`turnwise replay JOURNAL`: live a recorded call once more, and prove that it is the same call."""

from __future__ import annotations

import copy
import difflib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from engine.errors import FlowError, JournalError, why

if TYPE_CHECKING:
    from engine.core.step import Step
    from engine.machine.compiled import CompiledFlow
    from engine.observe.journal import Header
    from engine.observe.replay import Difference, Replay

AROUND = 6
"""So many steps before a difference are shown with it."""


def replay(
    journal: Path, flow_file: Path | None, force: bool, out: TextIO, *, personal: bool = False
) -> int:
    """Replay a journal; 0 when every step is identical, 1 when one is not.

    Args:
        journal: its file.
        flow_file: the flow to replay it on; None: it is looked for.
        force: replay on another version of it.
        out: for what came of it.
        personal: show what is personal in a difference as well.
    """
    from engine.core import snapshot
    from engine.core.conversation import Conversation
    from engine.core.reload import ReloadRefusedError, move
    from engine.observe.journal import entries
    from engine.observe.replay import replay as relive

    lines, cut = journal_lines(journal)
    with placed(journal):
        header, recorded = entries(lines)
    flow = find_flow(journal, header, flow_file, force=force)

    def successor(conversation: Conversation, fingerprint: str) -> Conversation:
        """The flow was edited during the call; both versions are kept beside the journal."""
        edited = find_version(journal, header, fingerprint)
        try:
            return move(snapshot.take(conversation), edited)
        except ReloadRefusedError as error:
            message = f"the call could not have gone on with {edited.version}: {error}"
            raise JournalError(message) from None

    with placed(journal):
        result = relive(Conversation(flow), recorded, successor)
    for line in _report(result, header, cut, personal):
        print(line, file=out)
    return 1 if result.difference is not None else 0


def journal_lines(path: Path) -> tuple[list[str], bool]:
    """Return a journal's whole lines, and whether a last one was cut by a crash.

    Raises:
        JournalError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"cannot read `{path}`: {why(error)}") from error
    *whole, rest = text.split("\n")  # not `splitlines`: words may hold other line separators
    if rest and not whole:
        raise JournalError(f"{path}:1: the header was cut off; nothing was recorded")
    return whole, bool(rest)


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """Let what is wrong in a journal be told with its file and line."""
    try:
        yield
    except JournalError as error:
        if error.line is None:
            raise
        raise JournalError(f"{path}:{error.line}: {error.problem}") from error


def find_flow(
    journal: Path, header: Header, given: Path | None, *, force: bool = False
) -> CompiledFlow:
    """Return the flow a journal was made with.

    Looked for where the header says, beside the journal and among the flows that are shipped; the
    fingerprint decides.

    Args:
        journal: the journal file.
        header: its header.
        given: look here and nowhere else.
        force: take `given` although it is another flow.

    Raises:
        JournalError: it is not found; tells what was looked at. `given` cannot be read, or has
            errors.
    """
    if given is not None:
        flow = _load_given(given)
        if force or flow.fingerprint == header.fingerprint:
            return flow
        raise _not_found(header, [_told(given, flow)], "--force replays on it nevertheless.")
    tried = []
    for path in _candidates(journal, header):
        try:
            flow = _load(path)
        except FlowError as error:
            tried.append(f"{path}: {error}")
            continue
        if flow.fingerprint == header.fingerprint:
            return flow
        tried.append(_told(path, flow))
    raise _not_found(header, tried, "Name it with --flow FILE.")


def _told(path: Path, flow: CompiledFlow) -> str:
    return f"{path}: {flow.id} {flow.version}, fingerprint {flow.fingerprint[:12]}"


def _not_found(header: Header, tried: list[str], advice: str) -> JournalError:
    wanted = f"{header.flow} {header.version}, fingerprint {header.fingerprint[:12]}"
    found = "".join(f"\n  {line}" for line in tried) or " nothing"
    return JournalError(f"the journal belongs to {wanted}; found:{found}\n{advice}")


def find_version(journal: Path, header: Header, fingerprint: str) -> CompiledFlow:
    """Return the version of a flow that it was edited to during a call.

    Raises:
        JournalError: it is not found.
    """
    for path in _candidates(journal, header):
        try:
            flow = _load(path)
        except FlowError:
            continue  # another file, or one that has been edited since
        if flow.fingerprint == fingerprint:
            return flow
    raise JournalError(
        f"the call went on with an edited version of {header.flow}, fingerprint {fingerprint[:12]},"
        f" which is not kept in {journal.parent / 'flows'}"
    )


def _candidates(journal: Path, header: Header) -> Iterator[Path]:
    from engine.worker.flows import shipped
    from engine.worker.runs import FLOWS

    source = Path(header.source) if header.source else Path(f"{header.flow}.yaml")
    kept = sorted(journal.parent.glob(f"{FLOWS}/*/**/{source.name}"))
    paths = [source, journal.parent / source.name, shipped(source.name), *kept]
    yield from dict.fromkeys(path for path in paths if path.is_file())


def _load_given(path: Path) -> CompiledFlow:
    try:
        path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"cannot read the flow `{path}`: {why(error)}") from error
    try:
        return _load(path)
    except FlowError as error:
        advice = f"turnwise validate {path}"
        raise JournalError(f"no call can be replayed on {path}: {error}\n{advice}") from error


def _load(path: Path) -> CompiledFlow:
    """Load a flow without making its tools importable: a replay calls none."""
    from engine.machine.compiler import compile_loaded
    from engine.worker.flows import check_flow

    return compile_loaded(check_flow(path))


# --- what came of it -----------------------------------------------------------------------------


def _report(result: Replay, header: Header, cut: bool, personal: bool) -> Iterator[str]:
    from engine.observe.timeline import show_millis

    if result.difference is not None:
        yield from _difference(result, personal)
        return
    flow = f"({header.flow} {header.version}, fingerprint {header.fingerprint[:12]})"
    if result.steps:
        last, count = show_millis(result.steps[-1].at), len(result.steps)
        yield f"{count} steps over {last} s are byte for byte the recorded ones {flow}."
    else:
        yield f"The journal holds no step {flow}: there is nothing to replay."
    if cut:
        yield "The last line was cut off when the call was killed; it was left out."
    if not result.closed:
        yield "The call is not over where the journal ends."


def _difference(result: Replay, personal: bool) -> Iterator[str]:
    from engine.observe.personal import redacted
    from engine.observe.timeline import Timeline

    difference = result.difference
    assert difference is not None
    yield _headline(difference, len(result.steps))
    yield ""
    recorded, replayed = difference.recorded.step, difference.replayed
    both = [[*result.steps, step] for step in (recorded, replayed) if step is not None]
    shown = [steps if personal else list(redacted(steps)) for steps in both]
    timeline = Timeline()
    before = [timeline.lines(step) for step in shown[0][:-1]][-AROUND:]
    yield from (f"    {line}" for lines in before for line in lines)
    sides = [copy.copy(timeline).lines(steps[-1]) for steps in shown]
    yield from _marked(sides[0], sides[1] if len(sides) > 1 else [])
    yield ""
    yield "- recorded    + replayed"
    if difference.waiting:
        yield f"The replay waits for: {', '.join(difference.waiting)}"
    yield from _fields(difference, [steps[-1] for steps in shown])


def _fields(difference: Difference, shown: list[Step]) -> Iterator[str]:
    """Give the fields that differ; of a step with something personal, as far as it may be shown."""
    from engine.observe.replay import differing_fields, differing_steps

    masked = shown[0] is not difference.recorded.step or shown[-1] is not difference.replayed
    if masked and len(shown) > 1:
        found = differing_steps(*shown)
        yield "This step holds personal data; --show-personal shows it."
    else:
        found = differing_fields(difference)
    for path, recorded, other in found:
        yield f"{path}:"
        yield f"  - {recorded}"
        yield f"  + {other}"


def _marked(recorded: list[str], replayed: list[str]) -> Iterator[str]:
    """Mark what only one side has; nothing is wrapped or left out."""
    for line in difflib.ndiff(recorded, replayed):
        if not line.startswith("?"):
            yield f"  {line}"


def _headline(difference: Difference, equal: int) -> str:
    from engine.observe.replay import differing_fields
    from engine.observe.timeline import show_millis

    recorded = difference.recorded
    where = f"line {recorded.line}, step {recorded.step.seq} at {show_millis(recorded.step.at)} s"
    if difference.replayed is None:
        what = "was recorded, but nothing happens in the replay"
    elif recorded.step.seq > equal + 1:
        what = "follows on a line that is missing"
    elif differing_fields(difference):
        what = "is the first that differs"
    else:
        what = "holds the same data, written in other bytes"
    return f"{where}, {what}; the {equal} steps before it are identical."


EPILOG = """\b
Examples:
  turnwise replay runs/20260501-120000-book_table/journal.jsonl
  turnwise replay journal.jsonl --flow flows/book_table.yaml
  turnwise replay journal.jsonl --flow edited.yaml --force   where would it have gone otherwise?
"""


@click.command(name="replay", epilog=EPILOG)
@click.argument("journal", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--flow",
    "flow_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The flow of the call; else it is looked for where the journal says.",
)
@click.option("--force", is_flag=True, help="Replay on the flow of --flow although it has changed.")
@click.option("--show-personal", is_flag=True, help="Show personal data in a difference as well.")
def command(journal: Path, flow_file: Path | None, force: bool, show_personal: bool) -> int:
    """Live the call of JOURNAL once more and compare every step, byte by byte.

    Exit code 0: every step is the recorded one. 1: the first difference is shown, with the
    timeline before it. 2: the journal cannot be read, or its flow is not found.
    """
    return replay(journal, flow_file, force, sys.stdout, personal=show_personal)
