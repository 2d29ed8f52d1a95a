"""Who is in the room, and who spoke last: the label of a turn when there are several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class People:
    """The participants of one call. With one caller nothing is labelled: there is no doubt."""

    __slots__ = ("_present", "_several", "_speaker")

    def __init__(self) -> None:
        self._present: set[str] = set()
        self._several = False
        self._speaker = ""

    def label(self) -> Mapping[str, str]:
        """Return `speaker`, whose words came last; nothing while there was one participant."""
        return {"speaker": self._speaker} if self._several and self._speaker else {}

    def joined(self, participant: str) -> None:
        """Somebody came."""
        self._present.add(participant)
        self._several = self._several or len(self._present) > 1

    def left(self, participant: str) -> None:
        """Somebody is gone."""
        self._present.discard(participant)

    def spoke(self, participant: str, words: str) -> None:
        """Words of somebody came; a sound without any is nobody's turn."""
        if words.strip():
            self._speaker = participant

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive."""
        return {
            "present": sorted(self._present),
            "several": self._several,
            "speaker": self._speaker,
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._present = set(data["present"])
        self._several, self._speaker = data["several"], data["speaker"]
