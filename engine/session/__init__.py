"""One call at run time: the only place where the conversation meets the world.

In: a compiled flow, a room, the providers of this call, a clock. Out: a `CallResult`, and on the
way the steps (to a journal, to `on_step`), captions to the room, both voices to a recorder.

    session = Session(flow, room, services, LoopClock(), SessionOptions(seed=7), journal=stream)
    result = await session.run()

`session.session` is the loop, `dispatch` carries out effects, `listener` turns what happens in the
room into events, `captions` tells the screens, `grammars` tells recognisers about the flow. Nothing
here decides what is said or where the conversation goes.
"""
