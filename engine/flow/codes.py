"""The catalogue of findings. Codes are stable and never used twice.

`TW0xx` the file as YAML, `TW1xx` its shape, `TW2xx` names, `TW3xx` ways through the states, `TW4xx`
types, `TW5xx` what is said, `TW6xx` tools, `TW7xx` models, `TW8xx` secrets and paths, `TW9xx` tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding."""

    code: str
    name: str
    """The code in words, lower-case with hyphens."""
    severity: Severity
    """error: the flow does not load. warning: it loads. info: worth knowing."""
    catches: str
    """What it finds, or an example of it."""
    fix: Literal["safe", "unsafe"] | None = None
    """Whether a repair can be given."""


# One line per code reads as the table it is.
# ruff: noqa: E501
# fmt: off
_TABLE = (
    Code("TW000", "unreadable-file", "error", "the file is missing, is a folder, may not be read, or is not UTF-8 text"),
    Code("TW001", "yaml-syntax", "error", "unclosed quote, tab indent; shows the opening place too"),
    Code("TW002", "duplicate-key", "error", "two `then:` in one state"),
    Code("TW003", "too-big", "error", "file over 1 MB, depth over 40, alias expansion over 10k nodes"),
    Code("TW004", "bare-braces", "error", "`say: {{ slots.name }}` unquoted becomes a map", fix="safe"),
    Code("TW005", "yaml11-trap", "warning", "`to: no`, `12:30`, `010`, `{ask: Who?}`: read otherwise by other tools", fix="safe"),
    Code("TW006", "odd-characters", "warning", "zero-width or non-breaking space, smart quote in a key", fix="safe"),
    Code("TW101", "unknown-key", "error", "`thne:`; nearest known key by edit distance", fix="unsafe"),
    Code("TW102", "missing-key", "error", "`run` without `args` though the tool needs some", fix="unsafe"),
    Code("TW103", "wrong-shape", "error", "list where a map is due; says what was found", fix="unsafe"),
    Code("TW104", "two-verbs", "error", "`collect` and `run` in one state"),
    Code("TW105", "bad-id", "error", "`Check-Table`, reserved `END`, leading digit", fix="unsafe"),
    Code("TW106", "duplicate-id", "error", "state `done` in two groups; both places shown"),
    Code("TW107", "deprecated-key", "warning", "renamed since language v1", fix="safe"),
    Code("TW108", "language-version", "error", "`turnwise: 2` on an engine that knows 1"),
    Code("TW109", "bare-duration", "error", "`timeout: 6`: seconds or ms?", fix="unsafe"),
    Code("TW110", "empty", "error", "`states: {}`, `collect: []`"),
    Code("TW111", "not-supported-yet", "error", "the language defines it, this version of Turnwise does not run it"),
    Code("TW113", "no-effect-yet", "info", "checked like all else; no room of this version acts on it"),
    Code("TW201", "undefined-target", "error", "`to: contcat`; candidates in scope", fix="unsafe"),
    Code("TW202", "undefined-slot", "error", "in `collect`, guard, template, args, `clear`", fix="unsafe"),
    Code("TW203", "undefined-name", "error", "`{{ slot.name }}`, `inputs.x`, unknown function or filter", fix="unsafe"),
    Code("TW204", "undefined-tool", "error", "`run: find_tabel`", fix="unsafe"),
    Code("TW205", "undefined-intent", "error", "`intent.wants_persn:` handler", fix="unsafe"),
    Code("TW206", "undefined-event", "error", "`timer.hold:` without `timers.hold`", fix="unsafe"),
    Code("TW207", "undefined-flow", "error", "`call: hours` not in `flows`, or file missing", fix="unsafe"),
    Code("TW208", "include-cycle", "error", "a includes b includes a; recursion by `call` without a guard"),
    Code("TW209", "unused", "warning", "slot, intent, tool, timer, sub-flow, input never used", fix="unsafe"),
    Code("TW210", "result-before-run", "warning", "`results.check` where a path skips `check` (path)"),
    Code("TW211", "maybe-empty-in-speech", "warning", "`say` uses a slot not collected on all paths (path)"),
    Code("TW212", "shadowed-name", "warning", "local slot hides an included one"),
    Code("TW213", "case-mismatch", "warning", "`Slots.name`", fix="safe"),
    Code("TW214", "unknown-provider", "warning", "`stt: {use: depgram}`: no installed provider has this name", fix="unsafe"),
    Code("TW301", "unreachable-state", "warning", "no path from `start` or any handler"),
    Code("TW302", "dead-end", "error", "waits for nothing and has no `then`, not `end`"),
    Code("TW303", "no-way-out", "warning", "from here no `end`, `transfer` or return can be reached (path)"),
    Code("TW304", "spin-loop", "error", "cycle without waiting, tool or timer (path)"),
    Code("TW305", "unbounded-retry", "warning", "cycle through a tool or reprompt with no `visits`, `max_turns`, ladder (path)"),
    Code("TW306", "missing-else", "error", "last entry of `then` has a `when`", fix="unsafe"),
    Code("TW307", "shadowed-transition", "error", "entry after one without `when`, or with the same guard"),
    Code("TW308", "constant-guard", "warning", "`when: true`; always or never true by type and range"),
    Code("TW309", "overlapping-guards", "info", "two guards can both hold; first wins"),
    Code("TW310", "handler-never-fires", "warning", "`dtmf` handler in a room without DTMF; `error.tool` without `run`"),
    Code("TW311", "wrong-end", "error", "`end: return` in a flow started by a room"),
    Code("TW312", "group-without-start", "error", "several states, no `start`", fix="unsafe"),
    Code("TW313", "unsafe-resume", "error", "a digression may RESUME into `run` of a write tool"),
    Code("TW314", "call-depth", "warning", "sub-flow chain deeper than 5"),
    Code("TW315", "digression-loses-data", "warning", "digression flow has `outputs` nobody reads"),
    Code("TW316", "cross-group-jump", "info", "target inside another group's middle, skipping its start"),
    Code("TW317", "own-target", "error", "`to: ask` in state `ask`: STAY or REPEAT?", fix="unsafe"),
    Code("TW401", "type-mismatch", "error", '`slots.party_size == "four"`'),
    Code("TW402", "unknown-enum-value", "error", '`result.status == "fre"`', fix="unsafe"),
    Code("TW403", "not-boolean", "error", "`when: slots.name` (say `!= null`)"),
    Code("TW404", "not-exhaustive", "warning", "branch on enum misses `full`, no else"),
    Code("TW405", "impossible-range", "warning", "`slots.party_size > 12` but `max: 12`"),
    Code("TW406", "assignment-type", "error", "`set: {slots.date: 3}`"),
    Code("TW407", "text-for-expression", "error", '`when: "{{ slots.a }}"`; `args: {kind: vip}` (quote it)', fix="safe"),
    Code("TW408", "bad-bounds", "error", "`min: 5, max: 3`; default fails `check`", fix="unsafe"),
    Code("TW409", "forbidden-construct", "error", "`slots.name.__class__`, lambda, call of an unknown name"),
    Code("TW410", "expression-too-big", "error", "over 500 characters or depth 20"),
    Code("TW411", "null-arithmetic", "warning", "`slots.a + 1` where a may be empty"),
    Code("TW412", "output-type", "error", "`outputs` type differs from the caller's use"),
    Code("TW501", "no-question", "error", "`collect` of a slot without `ask`"),
    Code("TW502", "silent-silence", "warning", "waiting state with no `no_input` line in scope"),
    Code("TW503", "ladder-without-exit", "error", "last line spoken, then no `no_input` / `no_match` handler anywhere"),
    Code("TW504", "same-line-twice", "info", "ladder repeats the same sentence"),
    Code("TW505", "no-human", "info", "no `transfer` reachable from the main path"),
    Code("TW506", "long-monologue", "warning", "over 25 s at 150 words/min, or over 10 s uninterruptible"),
    Code("TW507", "unspeakable", "warning", "URL, Markdown, emoji, raw ISO date in speech", fix="unsafe"),
    Code("TW508", "blocked-answer", "warning", "`allow: false` with `blocked: discard` on a question"),
    Code("TW509", "ignored-answer", "warning", "`ignore` holds a value of an enum collected here"),
    Code("TW510", "dtmf-conflict", "error", "two values on one key; finish key inside `digits`"),
    Code("TW511", "sensitive-leak", "warning", "sensitive slot in `say`, `brief`, `converse`, log, http URL"),
    Code("TW512", "write-without-consent", "warning", "a write tool reachable with no `confirm` on the path (path)"),
    Code("TW513", "transfer-without-plan-b", "warning", "no `error.transfer` in scope"),
    Code("TW601", "args-mismatch", "error", "missing or extra argument of a tool", fix="unsafe"),
    Code("TW602", "arg-type", "error", "`date` argument gets `slots.time`"),
    Code("TW603", "unknown-result-field", "error", "`result.statuss`", fix="unsafe"),
    Code("TW604", "no-error-handler", "warning", "`run` with no `error` handler in scope"),
    Code("TW605", "retry-of-write", "error", "`retry` on `effect: write` without `idempotent: true`"),
    Code("TW606", "dead-air", "warning", "`timeout` over 2 s with neither `filler` nor `say`"),
    Code("TW607", "tool-drift", "error", "declared args differ from the Python signature, MCP or OpenAPI schema (`--resolve`)"),
    Code("TW608", "unresolved-use", "error", "module, MCP tool, file or provider not found (`--resolve`, or when it is started)"),
    Code("TW701", "converse-without-bound", "error", "no `until`, no `max_turns`"),
    Code("TW702", "tool-name-collision", "error", "two names equal after sanitising for the model"),
    Code("TW703", "twin-intents", "warning", "`means` nearly equal, or one example in two intents or in `not`"),
    Code("TW704", "too-many-choices", "warning", "over 15 intents plus tools offered in one state"),
    Code("TW705", "mode-mismatch", "warning", "verbatim `say` in realtime mode without `tts`; per-state voice the model cannot switch"),
    Code("TW706", "prompt-names-unknown", "info", "`converse` text names a tool not offered here"),
    Code("TW707", "needs-model", "info", "free talk; an intent without words or key (`--no-llm`)"),
    Code("TW801", "secret-literal", "error", "`key: sk-...`, `Authorization` text, high-entropy value"),
    Code("TW802", "env-missing", "warning", "`$FRONT_DESK` not set (`--env`)"),
    Code("TW803", "untrusted-text", "warning", "caller text in an http path or as instructions in `converse`"),
    Code("TW804", "path-escape", "error", "include or flow outside the project root"),
    Code("TW901", "test-names-unknown", "error", "`at: contct`, mock of an unknown tool", fix="unsafe"),
    Code("TW902", "never-tested", "info", "state or transition no test covers"),
    Code("TW903", "unmocked-write", "error", "test reaches a write tool without a mock"),
    Code("TW904", "breaking-change", "error", "`--against REV`: removed state, slot, output or changed type without `migrate`"),
    Code("TW905", "unused-ignore", "warning", "`# turnwise: ignore[TW305]` that ignores nothing", fix="safe"),
)
# fmt: on

CODES: dict[str, Code] = {entry.code: entry for entry in _TABLE}
"""Every code, in order."""
