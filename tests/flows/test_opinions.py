"""The answers of the survey."""

import asyncio
from collections import Counter

from flows import opinions


def test_skipped_questions_leave_no_trace(monkeypatch):
    monkeypatch.setattr(opinions, "ANSWERS", Counter())

    assert asyncio.run(opinions.save_answers(5, None, None, "friends")) == {"count": 2}
    assert asyncio.run(opinions.save_answers(5, None, None, None)) == {"count": 1}
    assert opinions.ANSWERS == {("overall", 5): 2, ("found_by", "friends"): 1}
