import pytest

from engine.wording import writable


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("", ""),
        (" as it is \n", " as it is \n"),
        ("Zürich 😀", "Zürich 😀"),
        ("\ud83d", "?"),
        ("half \ude00\ud83d of it", "half ?? of it"),
    ],
)
def test_what_is_no_character_becomes_a_question_mark(given: str, clean: str) -> None:
    assert writable(given) == clean
    assert writable(given).encode("utf-8").decode("utf-8") == clean
