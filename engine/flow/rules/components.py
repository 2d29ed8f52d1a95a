"""The components of `pipeline` (TW101 to TW103 in their options, TW111, TW214, TW608, TW705)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from engine.flow.catalogue import Kind, OptionProblem
from engine.flow.diagnostics import Diagnostic, Path, listing, nearest
from engine.flow.model import Component, Pipeline
from engine.flow.rules.book import Book
from engine.flow.rules.checked import plural
from engine.flow.rules.parts import FLOW

_PARTS = {"hybrid_stt": "stt", "hybrid_tts": "tts"}
"""Of a speech-to-speech model's modes: the component that does the other half."""


def _pipelines(book: Book) -> Iterator[tuple[Path, Pipeline]]:
    for _, path, scope in book.scopes:
        if scope.pipeline is not None:
            yield (*path, "pipeline"), scope.pipeline


def _components(book: Book) -> Iterator[tuple[Path, Kind, Component]]:
    """Every component of every `pipeline`: its path, its kind, itself."""
    for path, pipeline in _pipelines(book):
        for kind in get_args(Kind):
            written = getattr(pipeline, kind)
            where = (*path, kind)
            for index, one in enumerate(written if isinstance(written, list) else [written]):
                if one is not None:
                    yield book.checked.item(where, index), kind, one


def unknown_providers(book: Book) -> Iterator[Diagnostic]:
    """`use` in `pipeline` names an installed provider (TW214); one to be started, TW608."""
    for where, kind, component in _components(book):
        names = book.checked.catalogue.providers.get(kind)
        if names is None or _is_there(component, names):
            continue
        path = (*where, "use")
        code = "TW608" if _needed(book, where, names) else "TW214"
        found = book.checked.meant(component.use, names, book.source.span(path))
        help_ = {"help": "install the package that brings it where the flow shall run"}
        known = listing(names, join="and")
        yield book.checked.find(
            code, path, f"no provider `{component.use}` for `{kind}`",
            label="not installed here",
            notes=(f"{plural(len(names), 'provider')} for `{kind}`: {known}",),
            **(found or help_),
        )  # fmt: skip


def _is_there(component: Component, names: Sequence[str]) -> bool:
    return component.use in names or component.use.startswith(("python:", "$"))


def _needed(book: Book, where: Path, names: Sequence[str]) -> bool:
    """Whether the flow is about to be started and cannot do without; others may be in the list."""
    pipeline = book.flow.pipeline
    if not book.checked.catalogue.started or pipeline is None or where[0] != "pipeline":
        return False
    written = getattr(pipeline, str(where[1]))
    return not any(_is_there(one, names) for one in (written if isinstance(written, list) else ()))


def wrong_options(book: Book) -> Iterator[Diagnostic]:
    """A provider that is installed has these options, and takes these values."""
    catalogue = book.checked.catalogue
    for where, kind, component in _components(book):
        if component.use in catalogue.providers.get(kind, ()):
            problems = catalogue.judge(kind, {"use": component.use, **component.options})
            meant = {nearest(p.option, p.known) for p in problems if p.known is not None}
            for problem in problems:
                # an option that is only misspelt is not missing
                if problem.option not in meant:
                    yield _option(book, where, f"`{component.use}`", problem)


def _option(book: Book, where: Path, name: str, problem: OptionProblem) -> Diagnostic:
    path = (*where, problem.option)
    if problem.known is not None:
        span = book.checked.key(path)
        known = listing(problem.known, join="and")
        return book.checked.find(
            "TW101", path, f"the provider {name} has no option `{problem.option}`",
            span=span,
            label="not an option of it",
            notes=(f"its options: {known}",) if known else ("it has no options",),
            **(book.checked.meant(problem.option, problem.known, span) or {"help": "remove it"}),
        )  # fmt: skip
    if book.checked.data(path) is None:
        return book.checked.find(
            "TW102", (*where, "use"), f"the provider {name} needs the option `{problem.option}`",
            label="it cannot be made without",
            help=f"add `{problem.option}: ...`",
        )  # fmt: skip
    return book.checked.find(
        "TW103", path, f"the option `{problem.option}` of {name} cannot be this",
        label=problem.message,
        help="`turnwise providers` names the installed ones; each describes its options",
    )  # fmt: skip


# --- the mode -------------------------------------------------------------------------------------


def mode_mismatches(book: Book) -> Iterator[Diagnostic]:
    """What the mode of the pipeline cannot do, or does not look at (TW705)."""
    pipeline = book.flow.pipeline
    if pipeline is None:
        return
    if pipeline.mode == "realtime":
        yield from _unspoken_lines(book, pipeline)
        yield from _missing_parts(book, pipeline)
        yield from _voices_of_states(book)
        return
    for key in ("realtime", "realtime_mode"):
        if getattr(pipeline, key) is not None:
            yield book.checked.find(
                "TW705", ("pipeline", key), f"`{key}` is not looked at in a cascade",
                span=book.checked.key(("pipeline", key)),
                label="only `mode: realtime` uses a speech-to-speech model",
                help="add `mode: realtime`, or remove it",
            )  # fmt: skip
            return


def _unspoken_lines(book: Book, pipeline: Pipeline) -> Iterator[Diagnostic]:
    lines = [text for text in book.texts if text.kind == "speech" and text.path[-1] == "say"]
    if pipeline.tts is None and lines:
        yield book.checked.find(
            "TW705", lines[0].path, "nobody says this line word by word",
            label="a speech model says it in its own words",
            help="add a voice for such lines: `pipeline: {tts: {use: NAME}}`",
            related=(book.checked.see(("pipeline", "mode"), "realtime, without `tts`"),),
        )  # fmt: skip


def _missing_parts(book: Book, pipeline: Pipeline) -> Iterator[Diagnostic]:
    if pipeline.realtime is None:
        yield book.checked.find(
            "TW705", ("pipeline", "mode"), "no speech-to-speech model is named",
            label="which one?",
            help="name it: `realtime: {use: NAME}`",
        )  # fmt: skip
    part = _PARTS.get(pipeline.realtime_mode or "")
    if part is not None and getattr(pipeline, part) is None:
        yield book.checked.find(
            "TW705", ("pipeline", "realtime_mode"),
            f"`{pipeline.realtime_mode}` needs `{part}` beside the model",
            label="the model does not do this half",
            help=f"name it: `{part}: {{use: NAME}}`",
        )  # fmt: skip


def _voices_of_states(book: Book) -> Iterator[Diagnostic]:
    for name, path, scope in book.scopes:
        if name != FLOW and scope.pipeline is not None and scope.pipeline.tts is not None:
            yield book.checked.find(
                "TW705", (*path, "pipeline", "tts"), f"`{name}` cannot have a voice of its own",
                span=book.checked.key((*path, "pipeline", "tts")),
                label="a speech model keeps one voice for the whole call",
                help="remove it, or use `mode: cascade`",
                related=(book.checked.see(("pipeline", "mode"), "realtime"),),
            )  # fmt: skip


def nobody_talks(book: Book) -> Iterator[Diagnostic]:
    """Started as a cascade, a realtime flow has nobody who leads its free talk (TW111)."""
    pipeline = book.flow.pipeline
    if not book.checked.catalogue.started or pipeline is None or pipeline.mode != "realtime":
        return
    talks = [place for place in book.leaves if place.state.converse is not None]
    if pipeline.llm is None and talks:
        yield book.checked.find(
            "TW111", ("pipeline", "mode"), "speech-to-speech models are not supported yet",
            label=f"without one, nobody leads the free talk in `{talks[0].name}`",
            help="name a model for text as well: `llm: {use: NAME}`; the flow then runs as a"
            " cascade",
            related=(book.checked.see((*talks[0].path, "converse"), "free talk"),),
        )  # fmt: skip


PASSES = (unknown_providers, wrong_options, mode_mismatches, nobody_talks)
