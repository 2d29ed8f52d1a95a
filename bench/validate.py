"""How long a check takes, by the size of the flow: it must grow with the file and not faster.

    python bench/validate.py            100, 500 and 2000 states
    python bench/validate.py 2000       a size of your own

A generated flow is a chain of groups of ten states of all kinds: forms, questions, tools, branches,
digressions, with guards, speech and handlers. Each size is checked three times, in one process and
with caches emptied before; the best time counts. Times are of the
processor, so that whatever else the machine does matters little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from engine.flow import expression_syntax, rules, templates
from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text
from engine.flow.source import read_source

HEAD = """\
turnwise: 1
flow: generated
start: group_0
vars: {count: {type: integer, default: 0}}
slots:
  size: {type: integer, min: 1, max: 12, ask: "For how many people?"}
  date: {type: date, ask: "For which day?"}
  name: {type: text, ask: "On what name?"}
intents:
  wants_person: {means: asks for a human, words: [a real person]}
  gives_up: {means: no longer wants it, words: [never mind]}
tools:
  find:
    use: python:bistro.find
    args: {size: integer, date: date}
    returns: {status: [free, full], others: list(time)}
listen:
  no_input: ["Are you still there?"]
  no_match: ["Sorry?"]
handle:
  intent.wants_person: {to: human}
  intent.gives_up: {say: No problem., to: bye}
  no_input: {to: bye}
  no_match: {to: human}
  error: {to: human}
states:
  human:
    transfer: {to: $FRONT_DESK}
    handle: {error.transfer: {say: Nobody is free., to: bye}}
  bye: {say: Goodbye., end: hangup}
"""

GROUP = """\
  group_{n}:
    start: hello_{n}
    handle:
      dtmf.1: {{to: choice_{n}}}
    states:
      hello_{n}: {{say: "This is part {n}, {{{{ slots.name | default('you') }}}}.", then: form_{n}}}
      form_{n}:
        collect: [size, date, name]
        handle:
          corrected: {{say: "Okay, {{{{ corrections | spoken }}}}.", to: STAY}}
        then: find_{n}
      find_{n}:
        run: find
        args: {{size: slots.size, date: slots.date}}
        then:
          - {{when: 'result.status == "free" and slots.size < {bound}', to: agree_{n}}}
          - {{when: 'visits < 3 and len(result.others) > 0', clear: [date], to: form_{n}}}
          - {{to: sorry_{n}}}
      agree_{n}:
        confirm: "{{{{ slots.size }}}} people on {{{{ slots.date | spoken }}}}?"
        then:
          - {{when: answer, set: {{count: vars.count + {n}}}, to: note_{n}}}
          - {{to: change_{n}}}
      change_{n}:
        say: What shall I change?
        handle:
          corrected:
            - {{when: 'changed("size", "date")', to: find_{n}}}
            - {{to: agree_{n}}}
      note_{n}: {{say: Noted., then: choice_{n}}}
      sorry_{n}: {{say: "Sorry, we are full.", then: choice_{n}}}
      choice_{n}:
        confirm: Shall we go on?
        then:
          - {{when: answer, to: more_{n}}}
          - {{to: bye}}
      more_{n}:
        then:
          - {{when: 'vars.count > {n} and slots.date >= today()', to: last_{n}}}
          - {{to: last_{n}}}
      last_{n}: {{say: That was part {n}., then: {following}}}
"""


def generated(states: int) -> str:
    """A flow of about this many states, groups not counted."""
    groups = max(1, states // 10)
    return "".join([HEAD, *_groups(groups)])


def _groups(groups: int) -> Iterator[str]:
    for n in range(groups):
        following = f"group_{n + 1}" if n + 1 < groups else "bye"
        yield GROUP.format(n=n, following=following, bound=100 + n)


def _measure(text: str) -> tuple[float, float, float, int]:
    """Seconds of the whole check, of reading YAML, of the rules alone; and findings."""
    expression_syntax.read.cache_clear()
    templates._program.cache_clear()
    spent = 0.0
    run = rules.check

    def timed(*args: object, **more: object) -> object:
        nonlocal spent
        began = time.process_time()
        found = run(*args, **more)  # type: ignore[arg-type]
        spent += time.process_time() - began
        return found

    rules.check = timed  # type: ignore[assignment]
    try:
        began = time.process_time()
        result = check_text(text, "generated.yaml", Catalogue())
        whole = time.process_time() - began
    finally:
        rules.check = run
    began = time.process_time()
    read_source(text, "generated.yaml")
    return whole, time.process_time() - began, spent, len(result.diagnostics)


def main(sizes: list[int]) -> None:
    """Print one line for each size."""
    print(
        f"{'states':>7} {'lines':>6} {'all ms':>7} {'yaml ms':>8} {'rules ms':>9} {'us/state':>9}"
    )
    for states in sizes:
        text = generated(states)
        whole, yaml, own, findings = min(_measure(text) for _ in range(3))
        print(
            f"{states:>7} {text.count(chr(10)):>6} {whole * 1e3:>7.0f} {yaml * 1e3:>8.0f} "
            f"{own * 1e3:>9.0f} {whole / states * 1e6:>9.0f}   {findings} findings"
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100, 500, 2000])
