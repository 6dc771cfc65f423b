"""What is shown of what a segment says: cut where the words of the question stand, and marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisearch.query.snippets import ROOM, Snippets

TYRE = (
    "Care of a touring bicycle. This booklet belongs to every bicycle that leaves the workshop. "
    "Mending a flat tyre takes ten minutes. First, take off the wheel; then lift the tyre with two "
    "levers. Keep the flat end of the lever under the rim."
)


def marked(question: str | None, text: str, room: int = 80) -> str:
    found = Snippets(question).cut(text, room)
    shown = found.text
    for first, behind in reversed(found.marks):
        shown = f"{shown[:first]}[{shown[first:behind]}]{shown[behind:]}"
    return shown


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        (None, "Care of a touring bicycle. This booklet belongs to every bicycle that leaves …"),
        ("zebra", "Care of a touring bicycle. This booklet belongs to every bicycle that leaves …"),
        (
            "how do I mend a flat tyre",
            "… [Mending] a [flat] [tyre] takes ten minutes. First, take off the wheel; then lift …",
        ),
        ('"flat end"', "… lift the tyre with two levers. Keep the [flat] [end] of the lever …"),
    ],
)
def test_a_sentence_with_the_words_is_shown(question: str | None, shown: str) -> None:
    found = marked(question, TYRE)
    assert found.startswith(shown[:-2]) and len(found.replace("[", "").replace("]", "")) <= 80


def test_small_words_are_marked_only_where_there_are_no_others() -> None:
    assert marked("the cat", "the cat and the dog") == "the [cat] and the dog"
    assert (
        marked("der Hund und die Katze", "der Hund und die Katze") == "der [Hund] und die [Katze]"
    )
    assert marked("how bees dance", "How bees dance") == "How [bees] [dance]"
    assert marked("the and", "the cat and") == "[the] cat [and]"
    assert marked('"the cat"', "the cat and the dog") == "[the] [cat] and [the] dog"


def test_words_are_found_as_the_index_finds_them() -> None:
    assert marked("ARGER uber", "Über Ärger") == "Über Ärger"
    assert marked("ÄRGER ÜBER", "Über Ärger".replace("Ä", "A\u0308")) == "Über [A\u0308rger]"
    assert marked("東京", "昨日、東京タワーに行きました。") == "昨日、[東京]タワーに行きました。"
    assert marked("京", "昨日、東京タワー") == "昨日、東[京]タワー"
    assert marked("東京タワー", "昨日、東京タワーに") == "昨日、[東京タワー]に"


def test_white_space_is_one_blank_and_a_text_that_fits_is_whole() -> None:
    assert marked(None, " a\n\n b\t c ") == "a b c"
    assert Snippets("b").cut("").text == ""


@given(
    st.text(st.sampled_from("ab c.é東京\n\u0301ﬁ½ß"), max_size=300),
    st.text(st.sampled_from('ab c"é東京'), max_size=20),
    st.integers(20, 100),
)
def test_marks_lie_in_a_text_of_the_length_asked_for(text: str, question: str, room: int) -> None:
    found = Snippets(question).cut(text, room)
    assert len(found.text) <= room
    assert "\n" not in found.text
    edges = [edge for mark in found.marks for edge in mark]
    assert edges == sorted(set(edges)) and all(0 <= edge <= len(found.text) for edge in edges)
    inside = " ".join(text.split())
    assert found.text.removeprefix("… ").removesuffix(" …").rstrip() in inside


def test_the_usual_length_is_one_that_a_person_reads_at_once() -> None:
    assert len(Snippets("tyre").cut(TYRE * 10).text) <= ROOM == 240
