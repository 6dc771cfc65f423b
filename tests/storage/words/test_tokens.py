"""What counts as a word, and which words are forms of one."""

from __future__ import annotations

import pytest

from omnisearch.storage.words.asking import Asked, Wanted, ask
from omnisearch.storage.words.stems import stem
from omnisearch.storage.words.tokens import LONGEST, terms

PORTER = """
caresses caress ponies poni ties ti caress caress cats cat feed feed agreed agre plastered plaster
bled bled motoring motor sing sing conflated conflat troubled troubl sized size hopping hop
tanned tan falling fall hissing hiss fizzed fizz failing fail filing file happy happi sky sky
relational relat conditional condit rational ration valenci valenc hesitanci hesit digitizer digit
conformabli conform radicalli radic differentli differ vileli vile analogousli analog
vietnamization vietnam predication predic operator oper feudalism feudal decisiveness decis
hopefulness hope callousness callous formaliti formal sensitiviti sensit sensibiliti sensibl
triplicate triplic formative form formalize formal electriciti electr electrical electr
hopeful hope goodness good revival reviv allowance allow inference infer airliner airlin
gyroscopic gyroscop adjustable adjust defensible defens irritant irrit replacement replac
adjustment adjust dependent depend adoption adopt homologou homolog communism commun
activate activ angulariti angular homologous homolog effective effect bowdlerize bowdler
probate probat rate rate cease ceas controll control roll roll
""".split()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello, World_foo don't 3.14", ["hello", "world", "foo", "don", "t", "3", "14"]),
        ("Straße ﬁne \uff21\uff22\uff13", ["strasse", "fine", "ab3"]),
        ("e\u0301te\u0301", ["été"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("東京都 abc猫", ["東京", "京都", "都", "abc", "猫"]),
        ("안녕하", ["안녕", "녕하", "하"]),
        ("x" * 100, ["x" * LONGEST]),
        ("... — !", []),
    ],
)
def test_a_text_has_these_words(text: str, wanted: list[str]) -> None:
    assert terms(text) == wanted


@pytest.mark.parametrize(("word", "wanted"), list(zip(PORTER[::2], PORTER[1::2], strict=True)))
def test_stems_are_those_of_the_paper(word: str, wanted: str) -> None:
    assert stem(word) == wanted


@pytest.mark.parametrize("word", ["東京", "été", "mp3", "by", "x1s"])
def test_what_is_no_english_word_has_no_other_form(word: str) -> None:
    assert stem(word) == word


def test_a_question_may_quote() -> None:
    found = ask('Red shoe red "on the beach" 東京 猫 "')
    words = [Wanted("red"), Wanted("shoe"), Wanted("東京"), Wanted("猫", "start")]
    assert list(found.words) == words
    assert found.phrases == ((Wanted("on"), Wanted("the"), Wanted("beach")),)
    assert ask("running", stems=True).words == (Wanted("run", "stem"),)
    assert ask(' "" ?!') == Asked()


@pytest.mark.parametrize(
    "marks", ['""', "\u201c\u201d", "\u201e\u201c", "\u201e\u201d", "\u00ab\u00bb"]
)
def test_every_pair_of_quotation_marks_quotes(marks: str) -> None:
    first, last = marks[0], marks[1]
    found = ask(f"red {first}on the{last} shoe {first}beach{last} {first}dog {last}")
    assert found.words == (Wanted("red"), Wanted("shoe"))
    assert found.phrases == ((Wanted("on"), Wanted("the")), (Wanted("beach"),), (Wanted("dog"),))
    assert ask(f"red {first}shoe").words == (Wanted("red"), Wanted("shoe"))
    assert ask(f"red {first}shoe").phrases == ()
