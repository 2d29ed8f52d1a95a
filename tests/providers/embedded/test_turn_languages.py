"""The end of a turn in German, French and Spanish, and with words of one's own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from pathlib import Path

import pytest

from providers.base import RecognitionContext
from providers.embedded.turn_detector import LOOKING, UNLIKELY, probability
from providers.embedded.turn_vocabulary import LANGUAGES, Vocabulary, read_words, spoken_in
from providers.errors import ProviderConfigurationError
from providers.registry import make

WHOLE = [
    ("de", "ja", ("yesno",)),
    ("de", "nein danke", ("yesno",)),
    ("de", "das stimmt", ("yesno",)),
    ("de", "vier Personen", ("integer",)),
    ("de", "einundzwanzig", ("integer",)),
    ("de", "null eins sieben sechs zwei drei vier fünf sechs sieben", ("phone",)),
    ("de", "morgen", ("date",)),
    ("de", "am dritten Mai", ("date",)),
    ("de", "um halb acht", ("time",)),
    ("de", "um 19 Uhr", ("time",)),
    ("de", "zwei Stunden", ("duration",)),
    ("de", "anna punkt schmidt at beispiel punkt de", ("email",)),
    ("de", "Ich möchte einen Tisch reservieren.", ("text",)),
    ("de", "das ist alles", ()),
    ("de", "wenn das möglich ist", ()),
    ("de", "können Sie mir sagen was das kostet?", ()),
    ("de", "wie teuer das ist", ()),
    ("de", "vergessen Sie es", ()),
    ("de", "das weiß ich nicht", ("date",)),
    ("fr", "oui", ("yesno",)),
    ("fr", "non merci", ("yesno",)),
    ("fr", "d'accord", ("yesno",)),
    ("fr", "quatre personnes", ("integer",)),
    ("fr", "un", ("integer",)),
    ("fr", "zéro six un deux trois quatre cinq six sept huit", ("phone",)),
    ("fr", "demain", ("date",)),
    ("fr", "le trois mai", ("date",)),
    ("fr", "à vingt heures", ("time",)),
    ("fr", "deux semaines", ("duration",)),
    ("fr", "anne point martin arobase exemple point fr", ("email",)),
    ("fr", "je voudrais une table pour quatre", ("integer",)),
    ("fr", "c'est tout", ()),
    ("fr", "s'il vous plaît", ()),
    ("fr", "quelle heure il est", ()),
    ("fr", "laissez tomber", ()),
    ("fr", "je ne sais pas", ("date",)),
    ("es", "sí", ("yesno",)),
    ("es", "no gracias", ("yesno",)),
    ("es", "vale", ("yesno",)),
    ("es", "cuatro personas", ("integer",)),
    ("es", "seis uno dos tres cuatro cinco seis siete ocho nueve", ("phone",)),
    ("es", "mañana", ("date",)),
    ("es", "el tres de mayo", ("date",)),
    ("es", "a las ocho de la tarde", ("time",)),
    ("es", "dos horas", ("duration",)),
    ("es", "ana punto garcía arroba ejemplo punto es", ("email",)),
    ("es", "quisiera una mesa para cuatro", ("integer",)),
    ("es", "eso es todo", ()),
    ("es", "por favor", ()),
    ("es", "¿Cuánto es?", ()),
    ("es", "no lo sé", ("date",)),
    ("es", "cuánto cuesta", ()),
]
HALF = [
    ("de", "ähm", ("date",)),
    ("de", "einen Moment", ("phone",)),
    ("de", "lassen Sie mich", ("date",)),
    ("de", "mein Name ist", ("text",)),
    ("de", "ich hätte gern einen Tisch für", ("integer",)),
    ("de", "ich möchte", ("text",)),
    ("de", "weil", ()),
    ("de", "am Montag oder", ("date",)),
    ("de", "null eins sieben sechs", ("phone",)),
    ("de", "am dritten Mai um", ("date",)),
    ("de", "im Mai", ("date",)),
    ("de", "nicht am Montag sondern", ("date",)),
    ("de", "ja, aber", ("yesno",)),
    ("de", "anna at beispiel punkt", ("email",)),
    ("de", "das Problem ist", ()),
    ("fr", "euh", ("date",)),
    ("fr", "un instant", ("phone",)),
    ("fr", "je m'appelle", ("text",)),
    ("fr", "je voudrais une table pour", ("integer",)),
    ("fr", "je voudrais", ("text",)),
    ("fr", "parce que", ()),
    ("fr", "lundi ou", ("date",)),
    ("fr", "zéro six un", ("phone",)),
    ("fr", "c'est le", ("date",)),
    ("fr", "en mai", ("date",)),
    ("fr", "oui, mais", ("yesno",)),
    ("fr", "anne arobase exemple point", ("email",)),
    ("fr", "mon numéro est", ("phone",)),
    ("fr", "avec un", ("text",)),
    ("es", "eh", ("date",)),
    ("es", "un momento", ("phone",)),
    ("es", "me llamo", ("text",)),
    ("es", "quisiera una mesa para", ("integer",)),
    ("es", "quiero", ("text",)),
    ("es", "porque", ()),
    ("es", "el lunes o", ("date",)),
    ("es", "seis uno dos", ("phone",)),
    ("es", "el tres de", ("date",)),
    ("es", "en mayo", ("date",)),
    ("es", "sí, pero", ("yesno",)),
    ("es", "ana arroba ejemplo punto", ("email",)),
    ("es", "mi número es", ("phone",)),
    ("es", "o sea", ()),
]


@pytest.mark.parametrize(("language", "text", "kinds"), WHOLE)
def test_whole_answers_are_likely_whole(language: str, text: str, kinds: tuple[str, ...]) -> None:
    assert probability(text, kinds, spoken_in(language)) >= 0.65 - 0.1 * (not kinds)


@pytest.mark.parametrize(("language", "text", "kinds"), HALF)
def test_halves_are_not(language: str, text: str, kinds: tuple[str, ...]) -> None:
    assert probability(text, kinds, spoken_in(language)) < 0.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_list(language: str) -> None:
    spoken = spoken_in(language)
    lists = {one.name for one in fields(Vocabulary)} - {"joined_numbers", "objects"}

    assert {name for name in lists if not getattr(spoken, name)} == set()
    assert spoken.stranded <= spoken.dangling | {"about"}


@pytest.mark.parametrize("tag", ["de", "de-AT", "DE_de"])
def test_a_language_is_known_by_its_tag(tag: str) -> None:
    assert spoken_in(tag) is not None
    assert spoken_in(tag).fillers == spoken_in("de").fillers


def test_of_other_languages_punctuation_and_digits_are_known() -> None:
    spoken = spoken_in("pl-PL")

    assert probability("chciałbym stolik,", (), spoken) == UNLIKELY
    assert probability("0151 23", ("phone",), spoken) < 0.5 < probability("dla", (), spoken)


@pytest.mark.parametrize(
    ("options", "context", "text"),
    [
        ({"use": "embedded", "language": "de"}, "en-US", "ich hätte gern einen Tisch für"),
        ({"use": "embedded"}, "fr-FR", "je voudrais une table pour"),
        ({}, "es", "quisiera una mesa para"),
    ],
)
def test_the_language_is_an_option_or_that_of_the_call(options, context, text) -> None:
    detector = make("turn_detector", options, RecognitionContext(language=context))

    assert asyncio.run(detector.predict(text, ["integer"])) == UNLIKELY  # type: ignore[call-arg]


class TestWordsOfOnesOwn:
    """One JSON file, of which every list may be left out."""

    def test_they_are_what_the_rule_goes_by(self, tmp_path: Path) -> None:
        file = tmp_path / "polish.json"
        words = {"fillers": "yyy no", "dangling": "i lub dla na", "stalling": ["chwileczkę proszę"]}
        file.write_text(json.dumps(words), encoding="utf-8")
        detector = make("turn_detector", {"use": "embedded", "words": str(file)})

        def likely(text: str) -> float:
            return asyncio.run(detector.predict(text, []))  # type: ignore[call-arg]

        assert likely("stolik dla") == UNLIKELY
        assert likely("Chwileczkę proszę") == likely("yyy") == LOOKING
        assert likely("stolik dla czterech osób") > 0.5

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("{", "is no JSON"),
            ("[]", "expected one object"),
            ('{"filler": "um"}', "there is no list 'filler'"),
            ('{"fillers": 3}', "words.json"),
            ('{"repeats": {"double": "many"}}', "words.json"),
        ],
    )
    def test_what_is_wrong_with_them_is_told(
        self, tmp_path: Path, text: str, complaint: str
    ) -> None:
        file = tmp_path / "words.json"
        file.write_text(text)
        with pytest.raises(ProviderConfigurationError, match=complaint):
            read_words(file)

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ProviderConfigurationError, match="No such file"):
            make("turn_detector", {"use": "embedded", "words": str(tmp_path / "none.json")})
