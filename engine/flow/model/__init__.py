"""The flow language as types. `Flow` is the root; `engine.flow.schema` shows it as JSON Schema."""

from engine.flow.model.flow import LANGUAGE_VERSION, Flow, Fragment
from engine.flow.model.policies import (
    EndOfTurn,
    FalseAlarm,
    InterruptionProfile,
    Interruptions,
    Listen,
)
from engine.flow.model.services import Component, HistoryLimit, Pipeline
from engine.flow.model.slots import Intent, Keypad, Slot, ValueType, Variable, parse_type
from engine.flow.model.states import (
    ACTIONS,
    VERBS,
    Action,
    Policies,
    State,
    Timer,
    TransferTo,
    Transition,
)
from engine.flow.model.surroundings import Knowledge, Migration, RoomOptions, Sound, Voicemail
from engine.flow.model.tools import FillerLine, FlowTest, Retry, TalkStep, Tool

__all__ = [
    "ACTIONS",
    "LANGUAGE_VERSION",
    "VERBS",
    "Action",
    "Component",
    "EndOfTurn",
    "FalseAlarm",
    "FillerLine",
    "Flow",
    "FlowTest",
    "Fragment",
    "HistoryLimit",
    "Intent",
    "InterruptionProfile",
    "Interruptions",
    "Keypad",
    "Knowledge",
    "Listen",
    "Migration",
    "Pipeline",
    "Policies",
    "Retry",
    "RoomOptions",
    "Slot",
    "Sound",
    "State",
    "TalkStep",
    "Timer",
    "Tool",
    "TransferTo",
    "Transition",
    "ValueType",
    "Variable",
    "Voicemail",
    "parse_type",
]
