"""One conversation, sans-IO: events in, steps out.

In: events (`engine.events`) and the passing of time, through `Conversation.receive` and `advance`.
Out: steps with effects (`engine.effects`), moves, notes, and the states afterwards.
Forbidden: clocks, randomness, tasks, sockets, logs. Instants and seeds come in with the events.

Two halves share one outbox and one alarm clock, and meet only in `conversation`:

- `exchange` takes turns. It brings together `hearing` (what comes from the caller), `turns` (what
  goes to him), the rules `endpointing`, `interruption` and `silence`, and `floor`, the joint table
  of the machines `user` and `agent`.
- `dialog` runs the flow: what was meant, what follows from it, what is said.
"""
