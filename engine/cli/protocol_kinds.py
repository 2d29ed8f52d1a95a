"""Our kinds of things as the kinds of the language server protocol."""

from __future__ import annotations

from lsprotocol import types as lsp

from engine.flow.codes import Severity
from engine.flow.completion import Item

SEVERITY: dict[Severity, lsp.DiagnosticSeverity] = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
}
SYMBOL = {
    "state": lsp.SymbolKind.Class,
    "slot": lsp.SymbolKind.Field,
    "variable": lsp.SymbolKind.Variable,
    "input": lsp.SymbolKind.Property,
    "output": lsp.SymbolKind.Property,
    "intent": lsp.SymbolKind.Event,
    "tool": lsp.SymbolKind.Function,
    "timer": lsp.SymbolKind.Constant,
    "flow": lsp.SymbolKind.Module,
}
_COMPLETION = {
    "state": lsp.CompletionItemKind.Class,
    "slot": lsp.CompletionItemKind.Field,
    "variable": lsp.CompletionItemKind.Variable,
    "input": lsp.CompletionItemKind.Property,
    "output": lsp.CompletionItemKind.Property,
    "intent": lsp.CompletionItemKind.Event,
    "event": lsp.CompletionItemKind.Event,
    "tool": lsp.CompletionItemKind.Function,
    "function": lsp.CompletionItemKind.Function,
    "timer": lsp.CompletionItemKind.Constant,
    "flow": lsp.CompletionItemKind.Module,
    "key": lsp.CompletionItemKind.Keyword,
    "root": lsp.CompletionItemKind.Module,
    "word": lsp.CompletionItemKind.EnumMember,
}


def completion_item(item: Item, index: int) -> lsp.CompletionItem:
    """A suggestion, sorted as we sort."""
    return lsp.CompletionItem(
        label=item.text,
        kind=_COMPLETION[item.kind],
        detail=item.detail or None,
        insert_text=item.insert or None,
        # Editors sort by label unless told otherwise; the order of the file says more.
        sort_text=f"{index:04}",
    )
