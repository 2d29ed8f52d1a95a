"""The tool of `survey.yaml`: it keeps what callers think of the shop."""

from __future__ import annotations

from collections import Counter

ANSWERS: Counter[tuple[str, int | str]] = Counter()
"""How often each answer was given to each question, since the program began."""


async def save_answers(
    overall: int | None, staff: int | None, better: str | None, found_by: str | None
) -> dict[str, int]:
    """Count what was answered; questions that were skipped leave no trace.

    Returns:
        `count`: how many questions were answered.
    """
    given = {"overall": overall, "staff": staff, "better": better, "found_by": found_by}
    answered = [(question, value) for question, value in given.items() if value is not None]
    ANSWERS.update(answered)
    return {"count": len(answered)}
