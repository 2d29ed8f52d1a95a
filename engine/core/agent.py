"""The agent's machine: what the agent is to the floor. A table, stepped by the rules of `floor`.

    STARTING    the session is being set up; once, at the beginning
    IDLE        nobody holds the floor
    LISTENING   the caller holds it: speaking, or in the wait that ends a turn
    THINKING    something is being worked on and nothing of it is audible yet: a committed turn, a
                tool or model the dialog waits for, or a line that was ordered
    SPEAKING    from the first audible sample to the end of the queue; a paused line is still
                SPEAKING, with `paused` beside the state, so that "may resume" is never confused
                with "is listening"
    CLOSING     the call is over; once, at the end, and final

LISTENING to SPEAKING is not in the table: while the caller holds the floor no line is let out.
"""

from __future__ import annotations

from engine.machine.chart import Chart, Row

STARTING = "STARTING"
IDLE = "IDLE"
LISTENING = "LISTENING"
THINKING = "THINKING"
SPEAKING = "SPEAKING"
CLOSING = "CLOSING"

STATES = (STARTING, IDLE, LISTENING, THINKING, SPEAKING, CLOSING)

TABLE = (
    # open: somebody is there to talk to
    Row("open", STARTING, IDLE),
    # listen: the caller takes the floor, from nobody, from a reply in the making, or by a barge-in
    Row("listen", IDLE, LISTENING),
    Row("listen", THINKING, LISTENING),
    Row("listen", SPEAKING, LISTENING),
    # think: a turn was committed, a line was ordered, or work goes on after the last line
    Row("think", IDLE, THINKING),
    Row("think", LISTENING, THINKING),
    Row("think", SPEAKING, THINKING),
    # speak: the first sample went out
    Row("speak", IDLE, SPEAKING),
    Row("speak", THINKING, SPEAKING),
    # rest: nobody has anything to say
    Row("rest", LISTENING, IDLE),
    Row("rest", THINKING, IDLE),
    Row("rest", SPEAKING, IDLE),
    # close: from everywhere, once
    Row("close", STARTING, CLOSING),
    Row("close", IDLE, CLOSING),
    Row("close", LISTENING, CLOSING),
    Row("close", THINKING, CLOSING),
    Row("close", SPEAKING, CLOSING),
)

CHART = Chart("agent", STATES, TABLE)
