"""What the rules may know of the outside, as plain data: `flow` never imports `providers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Names that a flow may use and does not declare itself."""

    providers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind (`stt`, `llm`, `tts`, `vad`, `turn_detector`) to the names that `use:` may hold.

    A kind that is absent is not checked.
    """
