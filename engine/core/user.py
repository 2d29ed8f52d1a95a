"""The user's machine: what the caller is to the floor. A table, stepped by the rules of `floor`.

    IDLE        nobody holds the floor, or the agent thinks: the caller makes no sound
    SPEAKING    the caller's voice is heard; entered and left at the edges of speech
    LISTENING   the agent holds the floor and the caller lets it

A caller who has been silent for too long is an event (`no_input`), not a state.
"""

from __future__ import annotations

from engine.machine.chart import Chart, Row

IDLE = "IDLE"
SPEAKING = "SPEAKING"
LISTENING = "LISTENING"

STATES = (IDLE, SPEAKING, LISTENING)

TABLE = (
    # voice: the caller makes a sound, over silence or over the agent
    Row("voice", IDLE, SPEAKING),
    Row("voice", LISTENING, SPEAKING),
    # listen: the agent is audible and the caller is not
    Row("listen", IDLE, LISTENING),
    Row("listen", SPEAKING, LISTENING),
    # rest: neither is audible
    Row("rest", SPEAKING, IDLE),
    Row("rest", LISTENING, IDLE),
)

CHART = Chart("user", STATES, TABLE)
