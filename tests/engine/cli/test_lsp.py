"""A real client talks to `turnwise lsp` over a pipe, as an editor does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the language server needs turnwise[lsp]")

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

FLOW = """\
turnwise: 1
flow: hello
start: ask
flows: {hours: ./hours.yaml}
slots:
  name: {type: text, ask: "Who is 😀 there?", about: the caller}
intents:
  leaves: {means: wants to go, words: [bye]}
handle:
  intent.leaves: {to: bye}
states:
  ask:
    collect: [name]
    then: bye
  bye: {say: "😀 Goodbye {{ slots.name }}.", end: hangup}
"""
HOURS = """\
turnwise: 1
flow: hours
start: tell
states:
  tell: {say: "We are open.", then: done}
  done: {end: return}
"""


class Editor:
    """One editor with one file open."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.uri = (folder / "hello.yaml").as_uri()
        self.version = 0
        self.text = ""
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

    @property
    def document(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def open(self, text: str) -> None:
        self.text, self.version = text, 1
        item = lsp.TextDocumentItem(self.uri, "yaml", self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def type(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def place(self, needle: str, more: int = 0) -> lsp.Position:
        """The position of a text, in UTF-16 units as the protocol wants it."""
        before = self.text[: self.text.index(needle) + more]
        line = before.rpartition("\n")[2]
        return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)

    async def errors(self) -> list[lsp.Diagnostic]:
        """The errors that are shown for the text as it is now."""
        while True:
            shown = await asyncio.wait_for(self.published.get(), 20)
            if shown.uri == self.uri and shown.version == self.version:
                error = lsp.DiagnosticSeverity.Error
                return [found for found in shown.diagnostics if found.severity == error]

    def cut(self, place: lsp.Range) -> str:
        """The text of a range on one line, counted in UTF-16 units."""
        line = self.text.split("\n")[place.start.line].encode("utf-16-le")
        return line[place.start.character * 2 : place.end.character * 2].decode("utf-16-le")


@asynccontextmanager
async def editor(folder: Path) -> AsyncIterator[Editor]:
    client = LanguageClient("test", "1")
    this = Editor(client, folder)

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def publish(params: lsp.PublishDiagnosticsParams) -> None:
        this.published.put_nowait(params)

    await client.start_io(sys.executable, "-c", "from engine.cli.main import run; run()", "lsp")
    await client.initialize_async(
        lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=folder.as_uri())
    )
    client.initialized(lsp.InitializedParams())
    try:
        yield this
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()


Talk = Callable[[Editor], Awaitable[None]]


def talk(folder: Path, session: Talk) -> None:
    async def run() -> None:
        async with editor(folder) as this:
            await session(this)

    (folder / "hello.yaml").write_text(FLOW)
    (folder / "hours.yaml").write_text(HOURS)
    asyncio.run(run())


def test_findings_come_and_go_while_typing(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW)
        assert await this.errors() == []

        this.type(FLOW.replace("then: bye", "then: by"))
        (found,) = await this.errors()
        assert found.code == "TW201"
        assert this.cut(found.range) == "by"
        assert "did you mean `bye`?" in found.message

        this.type(FLOW.replace("then: bye", "then: 'bye"))
        assert [found.code for found in await this.errors()] == ["TW001"]

        this.type(FLOW)
        assert await this.errors() == []

    talk(tmp_path, session)


def test_columns_behind_an_emoji_are_counted_as_the_editor_counts(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW.replace("{{ slots.name }}", "{{ slots.nam }}"))
        (found,) = await this.errors()
        assert this.cut(found.range) == "nam"

    talk(tmp_path, session)


def test_definition_references_and_hover(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW.replace("intent.leaves: {to: bye}", "intent.leaves: {call: hours}"))
        client, document = this.client, this.document

        found = await client.text_document_definition_async(
            lsp.DefinitionParams(document, this.place("slots.name", 7))
        )
        assert isinstance(found, list)
        assert [place.range.start.line for place in found] == [5]

        found = await client.text_document_definition_async(
            lsp.DefinitionParams(document, this.place("call: hours", 7))
        )
        assert isinstance(found, list)
        assert found[0].uri.endswith("/hours.yaml")

        places = await client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(True), document, this.place("[name]", 2))
        )
        assert places is not None
        assert [(p.range.start.line, this.cut(p.range)) for p in places] == [
            (5, "name"), (12, "name"), (14, "name"),
        ]  # fmt: skip

        shown = await client.text_document_hover_async(
            lsp.HoverParams(document, this.place("slots.name", 7))
        )
        assert shown is not None
        assert isinstance(shown.contents, lsp.MarkupContent)
        assert "**slot** `name`: `text`" in shown.contents.value
        assert "the caller" in shown.contents.value

        shown = await client.text_document_hover_async(
            lsp.HoverParams(document, this.place("collect", 2))
        )
        assert shown is not None
        assert isinstance(shown.contents, lsp.MarkupContent)
        assert "Ask until all these slots are filled and valid." in shown.contents.value

    talk(tmp_path, session)


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """The text with the edits of an editor made; no edit spans two lines."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        start, end = edit.range.start, edit.range.end
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = (
            line[: start.character * 2]
            + edit.new_text.encode("utf-16-le")
            + line[end.character * 2 :]
        )
    return "\n".join(line.decode("utf-16-le") for line in lines)


def test_rename_changes_every_place_and_nothing_else(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW)
        params = lsp.RenameParams(this.document, this.place("[name]", 2), "caller_name")
        edit = await this.client.text_document_rename_async(params)
        assert edit is not None
        assert edit.changes is not None
        expected = FLOW.replace("  name:", "  caller_name:").replace("[name]", "[caller_name]")
        expected = expected.replace("slots.name", "slots.caller_name")
        assert applied(FLOW, list(edit.changes[this.uri])) == expected

        taken = lsp.RenameParams(this.document, this.place("start: ask", 8), "bye")
        with pytest.raises(JsonRpcException, match="already"):
            await this.client.text_document_rename_async(taken)
        wrong = lsp.RenameParams(this.document, this.place("start: ask", 8), "No Name")
        with pytest.raises(JsonRpcException, match="lower_snake_case"):
            await this.client.text_document_rename_async(wrong)

    talk(tmp_path, session)


def test_completion_knows_names_keys_and_events(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        async def at(text: str) -> list[str]:
            """The suggestions where `|` stands."""
            this.text = text.replace("|", "")
            before = text[: text.index("|")]
            this.type(this.text)
            line = before.rpartition("\n")[2]
            position = lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)
            found = await this.client.text_document_completion_async(
                lsp.CompletionParams(this.document, position)
            )
            assert isinstance(found, list)
            return [item.label for item in found]

        this.open(FLOW)
        assert (await at(FLOW.replace("then: bye", "then: |")))[:3] == ["ask", "bye", "STAY"]
        assert await at(FLOW.replace("[name]", "[|")) == ["name"]
        assert await at(FLOW.replace("slots.name", "slots.|")) == ["name"]
        assert "intent.leaves" in await at(FLOW.replace("  intent.leaves: {to: bye}", "  |"))
        keys = await at(FLOW.replace("    then: bye\n", "    then: bye\n    |\n"))
        assert {"collect", "say", "handle", "listen"} <= set(keys)
        assert "hangup" in await at(FLOW.replace("end: hangup", "end: |"))
        assert "readback" in await at(FLOW.replace("about: the caller", "|"))

    talk(tmp_path, session)


def test_fixes_are_offered_where_the_finding_is(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        text = FLOW.replace('"Who is 😀 there?"', "Who is there?").replace("then: bye", "then: by")
        this.open(text)
        start, end = this.place("Who"), this.place("then: by", 7)
        actions = await this.client.text_document_code_action_async(
            lsp.CodeActionParams(this.document, lsp.Range(start, end), lsp.CodeActionContext([]))
        )
        assert actions is not None
        by_title = {action.title: action for action in actions}
        assert list(by_title) == [
            "Quote it", "Write `bye` (TW201)", "Apply all safe fixes of Turnwise",
        ]  # fmt: skip
        quoting = by_title["Quote it"]
        assert isinstance(quoting, lsp.CodeAction)
        assert quoting.edit is not None
        assert quoting.edit.changes is not None
        after = applied(text, list(quoting.edit.changes[this.uri]))
        assert after == text.replace("Who is there?", '"Who is there?"')

    talk(tmp_path, session)


def test_the_outline_shows_what_is_declared(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW.replace("  bye: {say", "  more:\n    states:\n      bye: {say"))
        found = await this.client.text_document_document_symbol_async(
            lsp.DocumentSymbolParams(this.document)
        )
        assert found is not None
        symbols = [item for item in found if isinstance(item, lsp.DocumentSymbol)]
        assert [(item.name, item.detail) for item in symbols] == [
            ("hours", "flow"), ("name", "slot"), ("leaves", "intent"), ("ask", "state"),
            ("more", "state"),
        ]  # fmt: skip
        assert [child.name for child in symbols[-1].children or ()] == ["bye"]

    talk(tmp_path, session)


def test_a_file_is_formatted(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open(FLOW.replace("    collect: [name]", "    collect:   [ name ]"))
        edits = await this.client.text_document_formatting_async(
            lsp.DocumentFormattingParams(this.document, lsp.FormattingOptions(2, True))
        )
        assert edits is not None
        assert [edit.new_text for edit in edits] == [FLOW]

    talk(tmp_path, session)


FRAGMENT = """\
turnwise: 1
fragment: shared
slots:
  phone: {type: phone, ask: "Your number?"}
"""


def test_names_of_a_fragment_are_known_where_it_is_included(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        (tmp_path / "shared.yaml").write_text(FRAGMENT)
        text = FLOW.replace("start: ask\n", "start: ask\ninclude: [./shared.yaml]\n")
        this.open(text.replace("[name]", "[name, phone]"))
        assert await this.errors() == []

        at = this.place("phone]", 1)
        found = await this.client.text_document_definition_async(
            lsp.DefinitionParams(this.document, at)
        )
        assert isinstance(found, list)
        assert found[0].uri.endswith("/shared.yaml")
        assert found[0].range.start.line == 3
        shown = await this.client.text_document_hover_async(lsp.HoverParams(this.document, at))
        assert shown is not None
        assert isinstance(shown.contents, lsp.MarkupContent)
        assert "Your number?" in shown.contents.value

    talk(tmp_path, session)


TESTS = """\
turnwise: 1
flow: ./hello.yaml
tests:
  t:
    talk:
      - user: 😀 030 123
        heard: {slots: {phone: "030123"}}
      - at: bye
"""


def test_a_rename_reaches_the_fragment_and_the_tests(tmp_path: Path) -> None:
    """Asked in the flow, whose text is newer than its file; the others are read from the disk."""

    async def session(this: Editor) -> None:
        (tmp_path / "shared.yaml").write_text(FRAGMENT)
        (tmp_path / "hello.tests.yaml").write_text(TESTS)
        (tmp_path / "other.yaml").write_text("services: {phone: {image: nginx}}\n")
        text = FLOW.replace("start: ask\n", "start: ask\ninclude: [./shared.yaml]\n")
        text = text.replace("[name]", "[name, phone]")
        this.open(text)
        at = this.place("phone]", 1)

        places = await this.client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(True), this.document, at)
        )
        assert places is not None
        assert [(p.uri.rpartition("/")[2], p.range.start.line) for p in places] == [
            ("hello.tests.yaml", 6), ("hello.yaml", 13), ("shared.yaml", 3),
        ]  # fmt: skip

        edit = await this.client.text_document_rename_async(
            lsp.RenameParams(this.document, at, "number")
        )
        assert edit is not None
        assert edit.changes is not None
        after = {
            uri.rpartition("/")[2]: applied(old, list(edit.changes[uri]))
            for uri, old in (
                (this.uri, text),
                ((tmp_path / "shared.yaml").as_uri(), FRAGMENT),
                ((tmp_path / "hello.tests.yaml").as_uri(), TESTS),
            )
        }
        assert after == {
            "hello.yaml": text.replace("phone]", "number]"),
            "shared.yaml": FRAGMENT.replace("  phone:", "  number:"),
            "hello.tests.yaml": TESTS.replace("{phone:", "{number:"),
        }
        assert len(edit.changes) == 3

        taken = lsp.RenameParams(this.document, at, "name")
        with pytest.raises(JsonRpcException, match="a slot named 'name' already"):
            await this.client.text_document_rename_async(taken)

    talk(tmp_path, session)


def test_the_function_of_a_tool_is_found(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        file = tmp_path / "desk" / "tools.py"
        file.parent.mkdir()
        file.write_text("import os\n\n\nasync def find(day):\n    pass\n")
        tools = 'tools: {find: {use: "python:desk.tools.find", args: {day: date}}}\nstates:'
        this.open(FLOW.replace("states:", tools, 1))
        found = await this.client.text_document_definition_async(
            lsp.DefinitionParams(this.document, this.place("desk.tools", 3))
        )
        assert isinstance(found, list)
        (place,) = found
        assert place.uri == file.as_uri()
        assert (place.range.start.line, place.range.start.character) == (3, 10)

    talk(tmp_path, session)


def test_a_file_of_tests_knows_the_names_of_its_flow(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.uri = (tmp_path / "hello.tests.yaml").as_uri()
        this.open("turnwise: 1\nflow: ./hello.yaml\ntests:\n  t: {talk: [{at: bye}]}\n")
        found = await this.client.text_document_definition_async(
            lsp.DefinitionParams(this.document, this.place("bye", 1))
        )
        assert isinstance(found, list)
        assert found[0].uri.endswith("/hello.yaml")
        assert found[0].range.start.line == 14

    talk(tmp_path, session)


def test_yaml_of_other_programs_is_left_alone(tmp_path: Path) -> None:
    async def session(this: Editor) -> None:
        this.open("services:\n  web: {image: nginx}\n")
        assert await this.errors() == []

    talk(tmp_path, session)
