"""Tests of flows: the `tests:` block of a flow, and `NAME.tests.yaml` beside it.

- `collect` finds them, `run_case` plays one on the bare core in virtual time, `explain` tells why
  it failed, `Coverage` counts what they reach.
- `TextCall` is the call they run on: typed or spoken words in, lines of the agent out. `turnwise
  chat` types into the same thing.

`turnwise test` is the command, and the pytest plugin collects the same files. The language of the
steps is in docs/testing-flows.md.
"""
