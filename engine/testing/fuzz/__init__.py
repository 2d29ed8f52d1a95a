"""Calls at random against one flow, in virtual time: is any of them ever stuck, or silent?

    python -m engine.testing.fuzz flows/book_table.yaml --turns 1000

What goes in: a compiled flow and a number. What comes out: how the calls went, or the shortest
script of a call that breaks a promise, as a file that can be played again.

- `cases`       a call as data: what the caller does, and what each service does to the agent
- `world`       the conversation, the agenda of what is still to come, and the checks that watch
- `voice`       the agent's voice and its physics: lines are made, played, held, cut, or fail
- `services`    recognisers' detectors, models, tools, transfers: in time, late, broken, silent
- `caller`      carries out what a case says the caller does
- `drawing`     draws cases, with the flow's own `vocabulary`; `random_flows` draws flows
- `invariants`  what must hold, each a named check
- `campaign`    many calls; `shrinking` makes a broken one short

Nothing here waits: an hour of calls takes seconds. The bare core is what is tested; the session's
own half is `tests/shell`.
"""
