"""What an editor asks about a name: where it is declared, where it is used, another name for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams

from engine.cli.open_document import OpenDocument
from engine.cli.project_names import Found, ProjectNames
from engine.cli.python_places import function_place
from engine.flow.reading import project_root, read_file
from engine.flow.rules.parts import SPECIAL
from engine.flow.source import Source, read_source
from engine.flow.symbols import NAME, Mention

if TYPE_CHECKING:
    from engine.cli.language_server import FlowServer

MOST_FILES = 2_000
"""YAML files of a project that are looked into; in a larger one only the nearest folders are."""


def definition(server: FlowServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Where a name is declared; a sub-flow is its own file, a Python tool its function."""
    document, mention = server.mention(params.text_document.uri, params.position)
    if mention is None:
        return list(_function(server, document, params.position))
    if mention.kind == "flow":
        yet = list(_sub_flow(document, mention))
        if yet:
            return yet
    found = _find(server, document, mention)
    if found.declared is None:
        return []
    return [_location(server, document, source, m) for source, m in found.mentions if m.declares]


def references(server: FlowServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Every place of a name, over all files of the project."""
    document, mention = server.mention(params.text_document.uri, params.position)
    if mention is None:
        return []
    return [
        _location(server, document, source, other)
        for source, other in _find(server, document, mention).mentions
        if params.context.include_declaration or not other.declares
    ]


def renamed(server: FlowServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """The edits that rename a name everywhere in the project; refuses what would break it.

    Raises:
        JsonRpcInvalidParams: the new name cannot be, or a place of the old one cannot be told.
    """
    document, mention = server.mention(params.text_document.uri, params.position)
    if mention is None:
        return None
    new = params.new_name
    if document.source.data is None:
        raise JsonRpcInvalidParams("the file has a syntax error: repair it before renaming")
    if not NAME.fullmatch(new) or new.upper() in SPECIAL:
        raise JsonRpcInvalidParams(f"{new!r} is no name: names are lower_snake_case")
    names = _project(server, document)
    found = names.find(_path(document), mention.kind, mention.name)
    if found.declared is None:
        raise JsonRpcInvalidParams(f"{mention.name!r} is declared in no file of this project")
    if found.doubt:
        raise JsonRpcInvalidParams(f"{mention.name!r} cannot be renamed: {found.doubt}")
    for flow in found.flows or (_path(document),):
        if new in names.names(flow, mention.kind):
            there = "" if flow == _path(document) else f" in {flow.name}"
            raise JsonRpcInvalidParams(f"there is a {mention.kind} named {new!r} already{there}")
    changes: dict[str, list[lsp.TextEdit]] = {}
    for source, other in found.mentions:
        uri = _uri(server, document, source)
        changes.setdefault(uri, []).append(lsp.TextEdit(server.range(other.span, source), new))
    return lsp.WorkspaceEdit(changes=dict(changes))


# --- the project ----------------------------------------------------------------------------------


def _find(server: FlowServer, document: OpenDocument, mention: Mention) -> Found:
    """Look through the project; while the file is no YAML, through its last readable text."""
    found = _project(server, document).find(_path(document), mention.kind, mention.name)
    if found.mentions:
        return found
    own = document.symbols
    places = tuple((own.source, other) for other in own.of(mention.kind, mention.name))
    return Found(declared=own.declaration(mention.kind, mention.name), mentions=places, flows=())


def _path(document: OpenDocument) -> Path:
    return Path(document.source.file).resolve()


def _project(server: FlowServer, document: OpenDocument) -> ProjectNames:
    path = _path(document)
    open_ = {
        Path(file).resolve(): uri
        for uri in server.workspace.text_documents
        if (file := uris.to_fs_path(uri)) is not None
    }

    def read(wanted: Path) -> Source | None:
        if wanted in open_:
            return server.document(open_[wanted]).source
        text, failure = read_file(wanted)
        if failure is not None or not server.ours(text):
            return None
        return read_source(text, str(wanted))

    return ProjectNames(iter(dict.fromkeys([path, *_yaml_files(project_root(path))])), read)


def _yaml_files(root: Path) -> Iterator[Path]:
    """The YAML files of a project, the outer folders first; hidden folders are no part of it."""

    def level(folder: Path) -> Iterator[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            return
        yield from (e.resolve() for e in entries if e.suffix in (".yaml", ".yml") and e.is_file())
        for entry in entries:
            if entry.is_dir() and not entry.name.startswith((".", "node_modules")):
                yield from level(entry)

    return islice(level(root), MOST_FILES)


# --- places ---------------------------------------------------------------------------------------


def _uri(server: FlowServer, document: OpenDocument, source: Source) -> str:
    if source.file == document.source.file:
        return document.uri
    known = (str(uri) for uri in server.workspace.text_documents)
    there = next((uri for uri in known if uris.to_fs_path(uri) == source.file), None)
    return there or uris.from_fs_path(source.file) or document.uri


def _location(
    server: FlowServer, document: OpenDocument, source: Source, mention: Mention
) -> lsp.Location:
    uri = _uri(server, document, source)
    return lsp.Location(uri=uri, range=server.range(mention.span, source))


def _sub_flow(document: OpenDocument, mention: Mention) -> Iterator[lsp.Location]:
    declared = document.symbols.declaration("flow", mention.name)
    if declared is None:
        return
    written = document.symbols.value(declared)
    path = Path(document.source.file).parent / str(written)
    if path.is_file():
        start = lsp.Position(line=0, character=0)
        uri = uris.from_fs_path(str(path.resolve())) or document.uri
        yield lsp.Location(uri=uri, range=lsp.Range(start=start, end=start))


def _function(
    server: FlowServer, document: OpenDocument, position: lsp.Position
) -> Iterator[lsp.Location]:
    """The function behind `use: python:...`, where the cursor is on that."""
    source = document.source
    data = source.data if isinstance(source.data, dict) else {}
    line, column = server.place(position, source)
    tools = data.get("tools")
    for name, tool in tools.items() if isinstance(tools, dict) else ():
        use = tool.get("use") if isinstance(tool, dict) else None
        if not isinstance(use, str):
            continue
        span = source.span(("tools", name, "use"))
        if span.line == line and span.column <= column <= span.end_column:
            path = _path(document)
            place = function_place(use, [path.parent, project_root(path)])
            if place is not None:
                start = lsp.Position(line=place.line - 1, character=place.column - 1)
                end = lsp.Position(start.line, start.character + len(place.name))
                uri = uris.from_fs_path(str(place.path)) or document.uri
                yield lsp.Location(uri=uri, range=lsp.Range(start=start, end=end))
