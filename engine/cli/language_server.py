"""The language server: what the validator knows, in an editor. The protocol is pygls's.

A document is checked a moment after the last key was pressed, with the same code as `turnwise
validate`. Names come from the last text that was YAML, because a line that is being typed is often
none.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from engine import __version__
from engine.cli.name_requests import definition, references, renamed
from engine.cli.open_document import OpenDocument, included
from engine.cli.protocol_kinds import SEVERITY, SYMBOL, completion_item
from engine.cli.settings import Project, told
from engine.cli.validate import known_providers
from engine.flow.completion import complete
from engine.flow.diagnostics import Diagnostic, Edit, Fix, Span
from engine.flow.edits import apply_edits
from engine.flow.formatter import FormatError, format_text
from engine.flow.hover import hover
from engine.flow.loader import LoadResult, check_text
from engine.flow.reading import project_root
from engine.flow.source import Source, read_source
from engine.flow.symbols import Mention, Symbols

QUIET = 0.15
"""Seconds without a key before a document is checked; rust-analyzer and pyright wait as long."""

_Params = TypeVar("_Params")
_Answer = TypeVar("_Answer")
_OURS = re.compile(r"^['\"]?turnwise['\"]?[ \t]*:", re.MULTILINE)


class FlowServer(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        super().__init__("turnwise", f"v{__version__}", lsp.TextDocumentSyncKind.Incremental)
        self._documents: dict[str, OpenDocument] = {}
        self._catalogue = known_providers()

    @property
    def codec(self) -> PositionCodec:
        """How the editor counts columns: UTF-16 units, unless it said otherwise."""
        return self.workspace.position_codec

    def ours(self, text: str) -> bool:
        """Whether a YAML text is written for Turnwise."""
        return _OURS.search(text) is not None

    # --- documents --------------------------------------------------------------------------------

    def document(self, uri: str) -> OpenDocument:
        """The document as it is now; names of the last readable text where it is no YAML."""
        text = self.workspace.get_text_document(uri).source
        known = self._documents.get(uri)
        if known is not None and known.source.text == text.removeprefix("\ufeff"):
            return known
        source = read_source(text, uris.to_fs_path(uri) or uri)
        symbols = Symbols(source, list(included(source)))
        if known is None:
            known = self._documents[uri] = OpenDocument(uri, source, symbols)
        elif source.data is not None:
            known.symbols = symbols
        known.source = source
        known.result = None
        return known

    def forget(self, uri: str) -> None:
        """Drop a closed document and its findings."""
        closed = self._documents.pop(uri, None)
        for shown in closed.shown if closed is not None else ():
            self._publish(shown, [])

    def check(self, uri: str) -> OpenDocument:
        """The document with its findings; checked once for each text."""
        document = self.document(uri)
        if document.result is None and not self.ours(document.source.text):
            # An editor sends every YAML file it has; this one is somebody else's.
            document.result = LoadResult(flow=None, diagnostics=(), source=document.source)
        if document.result is None:
            path = Path(document.source.file)
            result = check_text(
                document.source.text,
                document.source.file,
                self._catalogue,
                folder=path.parent,
                root=project_root(path),
            )
            document.result = told(result, Project())
        return document

    async def check_soon(self, uri: str, version: int | None) -> None:
        """Check a document when nobody has typed for a moment, and show what was found."""
        await asyncio.sleep(QUIET)
        current = self.workspace.text_documents.get(uri)
        if current is not None and current.version == version:
            self.show(self.check(uri))

    def show(self, document: OpenDocument) -> None:
        """Send findings: of this file, and of sub-flows that are not open themselves."""
        assert document.result is not None
        grouped: dict[str, list[lsp.Diagnostic]] = {document.uri: []}
        sources = document.result.sources
        for found in document.result.diagnostics:
            own = found.span.file == document.source.file
            uri = document.uri if own else uris.from_fs_path(found.span.file) or ""
            if own or uri not in self.workspace.text_documents:
                grouped.setdefault(uri, []).append(self._diagnostic(found, sources, document))
        for uri in document.shown:
            if uri not in grouped:
                self._publish(uri, [])
        for uri, diagnostics in grouped.items():
            self._publish(uri, diagnostics)
        document.shown = tuple(grouped)

    def _publish(self, uri: str, diagnostics: list[lsp.Diagnostic]) -> None:
        open_ = self.workspace.text_documents.get(uri)
        version = open_.version if open_ is not None else None
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics, version=version)
        )

    def _diagnostic(
        self, found: Diagnostic, sources: dict[str, Source], document: OpenDocument
    ) -> lsp.Diagnostic:
        more = [f"help: {found.help}"] if found.help else []
        more += [f"note: {note}" for note in found.notes]
        more += [f"path: {' -> '.join(found.path)}"] if found.path else []
        related = [
            lsp.DiagnosticRelatedInformation(
                location=lsp.Location(
                    uri=uris.from_fs_path(other.span.file) or document.uri,
                    range=self.range(other.span, sources.get(other.span.file, document.source)),
                ),
                message=other.label,
            )
            for other in found.related
        ]
        return lsp.Diagnostic(
            range=self.range(found.span, sources.get(found.span.file, document.source)),
            message="\n".join([found.message, *more]),
            severity=SEVERITY[found.severity],
            code=found.code,
            source="turnwise",
            related_information=related or None,
        )

    # --- places -----------------------------------------------------------------------------------

    def range(self, span: Span, source: Source) -> lsp.Range:
        """A span in the editor's units."""
        return lsp.Range(
            start=self._position(span.line, span.column, source),
            end=self._position(span.end_line, span.end_column, source),
        )

    def _position(self, line: int, column: int, source: Source) -> lsp.Position:
        before = source.line(line)[: column - 1]
        return lsp.Position(line=line - 1, character=self.codec.client_num_units(before))

    def place(self, position: lsp.Position, source: Source) -> tuple[int, int]:
        """A position of the editor as 1-based line and column in code points."""
        units = 0
        line = source.line(position.line + 1)
        for index, character in enumerate(line):
            if units >= position.character:
                return position.line + 1, index + 1
            units += self.codec.client_num_units(character)
        return position.line + 1, len(line) + 1

    def mention(self, uri: str, position: lsp.Position) -> tuple[OpenDocument, Mention | None]:
        """The name under the cursor."""
        document = self.document(uri)
        return document, document.symbols.at(*self.place(position, document.source))

    # --- changes ----------------------------------------------------------------------------------

    def edit(self, document: OpenDocument, edits: Iterable[Edit]) -> lsp.WorkspaceEdit:
        """Edits of one file."""
        changes = [lsp.TextEdit(self.range(e.span, document.source), e.text) for e in edits]
        return lsp.WorkspaceEdit(changes={document.uri: changes})

    # --- reading ----------------------------------------------------------------------------------

    def hovered(self, params: lsp.HoverParams) -> lsp.Hover | None:
        """What is known of the name or key under the cursor."""
        document = self.document(params.text_document.uri)
        line, column = self.place(params.position, document.source)
        found = hover(document.symbols, line, column)
        if found is None:
            return None
        return lsp.Hover(
            contents=lsp.MarkupContent(lsp.MarkupKind.Markdown, found[0]),
            range=self.range(found[1], document.source),
        )

    def completed(self, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        """What may stand at the cursor."""
        document = self.document(params.text_document.uri)
        line, column = self.place(params.position, document.source)
        items = complete(document.source.text, line, column, document.symbols)
        return [completion_item(item, index) for index, item in enumerate(items)]

    def outline(self, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        """Everything that is declared; states inside their groups."""
        document = self.document(params.text_document.uri)
        top: list[lsp.DocumentSymbol] = []
        groups: dict[tuple[str | int, ...], lsp.DocumentSymbol] = {}
        for mention in document.symbols.mentions:
            if not mention.declares:
                continue
            around = document.source.span(mention.path)
            whole = Span(mention.span.file, mention.span.line, mention.span.column,
                         *max((around.end_line, around.end_column),
                              (mention.span.end_line, mention.span.end_column)))  # fmt: skip
            symbol = lsp.DocumentSymbol(
                name=mention.name,
                detail=mention.kind,
                kind=SYMBOL[mention.kind],
                range=self.range(whole, document.source),
                selection_range=self.range(mention.span, document.source),
                children=[],
            )
            groups[mention.path] = symbol
            owner = groups.get(mention.path[:-2])
            siblings = list(owner.children or ()) if owner is not None else top
            siblings.append(symbol)
            if owner is not None:
                owner.children = siblings
        return top

    # --- changing ---------------------------------------------------------------------------------

    def actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """The fixes of the findings in a range, and all safe ones of the file."""
        document = self.check(params.text_document.uri)
        assert document.result is not None
        first, last = params.range.start.line + 1, params.range.end.line + 1
        fixable = [
            (found, found.fix)
            for found in document.result.diagnostics
            if found.fix is not None and found.span.file == document.source.file
        ]
        sources = document.result.sources
        actions = [
            lsp.CodeAction(
                title=_title(found, fix),
                kind=lsp.CodeActionKind.QuickFix,
                diagnostics=[self._diagnostic(found, sources, document)],
                is_preferred=fix.safe or None,
                edit=self.edit(document, fix.edits),
            )
            for found, fix in fixable
            if found.span.line <= last and found.span.end_line >= first
        ]
        safe = [edit for _, fix in fixable if fix.safe for edit in fix.edits]
        if safe:
            after = apply_edits(document.source, safe)
            kind = lsp.CodeActionKind.SourceFixAll
            edit = self._replacing(document, after)
            actions.append(lsp.CodeAction("Apply all safe fixes of Turnwise", kind, edit=edit))
        return actions

    def formatted(self, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        """The whole file, formatted; nothing while it is no YAML."""
        document = self.document(params.text_document.uri)
        try:
            after = format_text(document.source.text, document.source.file)
        except FormatError:
            # The finding is on the screen already; formatting has nothing to add.
            return None
        changes = self._replacing(document, after).changes
        assert changes is not None
        return list(changes[document.uri]) if after != document.source.text else []

    def _replacing(self, document: OpenDocument, after: str) -> lsp.WorkspaceEdit:
        source = document.source
        return self.edit(document, [Edit(source.at(0, len(source.text)), after)])


def _title(found: Diagnostic, fix: Fix) -> str:
    title = f"{fix.title[:1].upper()}{fix.title[1:]}"
    return title if fix.safe else f"{title} ({found.code})"


def _request(answer: Callable[[FlowServer, _Params], _Answer]) -> Callable[..., _Answer]:
    """The method as pygls wants it: it finds the server by the name of the parameter."""
    return lambda ls, params: answer(ls, params)


def create_server() -> FlowServer:
    """A server with all its features."""
    server = FlowServer()
    feature = server.feature

    @feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: FlowServer, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.show(ls.check(params.text_document.uri))

    @feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: FlowServer, params: lsp.DidChangeTextDocumentParams) -> None:
        await ls.check_soon(params.text_document.uri, params.text_document.version)

    @feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: FlowServer, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)

    feature(lsp.TEXT_DOCUMENT_DEFINITION)(_request(definition))
    feature(lsp.TEXT_DOCUMENT_REFERENCES)(_request(references))
    feature(lsp.TEXT_DOCUMENT_HOVER)(_request(FlowServer.hovered))
    feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_request(FlowServer.outline))
    feature(lsp.TEXT_DOCUMENT_FORMATTING)(_request(FlowServer.formatted))
    feature(lsp.TEXT_DOCUMENT_RENAME)(_request(renamed))
    feature(
        lsp.TEXT_DOCUMENT_COMPLETION,
        lsp.CompletionOptions(trigger_characters=[".", " ", "[", "{"]),
    )(_request(FlowServer.completed))
    feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]),
    )(_request(FlowServer.actions))
    return server
