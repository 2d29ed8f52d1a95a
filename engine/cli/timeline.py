"""`turnwise timeline JOURNAL`: a call as text, or as a page to look at."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from engine.errors import JournalError

if TYPE_CHECKING:
    from media.peaks import Peaks


def timeline(journal: Path, html: Path | None, out: TextIO, *, personal: bool = False) -> int:
    """Write the timeline of a journal as text to `out`, or as a page to a file.

    Args:
        journal: its file.
        html: the page to write; None: text.
        out: for the text, or a word about the page.
        personal: show what is personal as well.
    """
    from engine.cli.replay import journal_lines, placed
    from engine.observe.journal import read
    from engine.observe.timeline import render

    lines, _ = journal_lines(journal)
    with placed(journal):
        header, found = read(lines)
        steps = list(found)
    if html is None:
        width = shutil.get_terminal_size().columns if out.isatty() else None
        out.write(render(steps, personal=personal, width=width))
        return 0
    from engine.cli.timeline_page import page
    from engine.observe.personal import redacted

    shown = steps if personal else list(redacted(steps))
    text = page(header, shown, _peaks(journal.parent))
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise JournalError(f"{html} cannot be written: {error.strerror}") from error
    print(f"{html}: open it in a browser.", file=out)
    return 0


def _peaks(folder: Path) -> Peaks | None:
    """Return the peaks of the recording beside the journal, if there is one."""
    from engine.worker.runs import RECORDING
    from media.errors import AudioFileError
    from media.peaks import read_peaks

    if not (folder / RECORDING).exists():
        return None
    try:
        peaks = read_peaks(folder / RECORDING)
    except AudioFileError as error:
        print(f"No waveforms: {error}", file=sys.stderr)
        return None
    return peaks if len(peaks.channels) == 2 and len(peaks.channels[0]) else None


EPILOG = """\b
Examples:
  turnwise timeline runs/20260501-120000-book_table/journal.jsonl
  turnwise timeline runs/20260501-120000-book_table/journal.jsonl --html call.html
"""


@click.command(name="timeline", epilog=EPILOG)
@click.argument("journal", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page instead: one file, nothing loaded from anywhere.",
)
@click.option("--show-personal", is_flag=True, help="Show what is personal as well.")
def command(journal: Path, html: Path | None, show_personal: bool) -> int:
    """Show the call of JOURNAL: every step as text, or a page with --html.

    The page has the three machines as lanes over time, both waveforms when the recording stands
    beside the journal, what was heard of every line, tools, deadlines, interruptions, and for each
    turn where its response time went.

    Values of sensitive slots are masked, and so are the words, keys and lines that tell them; the
    journal holds them, and --show-personal shows them. The recording is not masked.
    """
    return timeline(journal, html, sys.stdout, personal=show_personal)
