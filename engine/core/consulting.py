"""A tool a model asked for: it is started, or the model is told why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.core.consultations import Consultations
from engine.core.frames import Frame
from engine.core.report import arguments
from engine.core.scene import Scene
from engine.core.tooling import Tools
from engine.core.values import ShapeError

NO_SUCH = "there is no such tool here"


def consult(
    scene: Scene,
    tools: Tools,
    log: Consultations,
    frame: Frame,
    tool: str,
    args: Mapping[str, Any],
    *,
    allowed: Collection[str],
    aside: bool = False,
) -> str:
    """Let a model's call of a tool begin, if it may.

    Args:
        scene: the dialog.
        tools: its tools.
        log: gets the call; its result as well, once there is one.
        frame: where the dialog stands.
        tool: what the model called it.
        args: untrusted.
        allowed: what it was offered.
        aside: not the flow's own talk has asked.

    Returns:
        The name of the call.
    """
    name = log.add(str(scene.turn["id"]), tool, args)
    if tool not in allowed:
        log.refused(name, NO_SUCH)
        return name
    try:
        typed = arguments(args, frame.flow.tools[tool].args)
    except ShapeError as error:
        log.refused(name, str(error))
    else:
        tools.start_for(frame, tool, typed, name, aside=aside)
    return name
