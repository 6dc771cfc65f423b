from pathlib import Path

import pytest

from omnisearch.training.data import tables
from omnisearch.training.data.concepts import Concepts, leaks, look_for_copies, normalise
from omnisearch.training.data.emoji import Emoji, Entry, bare, natural, plain
from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.lab import LabError
from tests.training.wordnet_files import files

LABELS = {"1F697": "automobile", "1F44B": "waving hand", "1F1EB-1F1F7": "flag of France"}


@pytest.fixture
def concepts() -> Concepts:
    return Concepts(WordNet(files()), LABELS)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("  Café_au-Lait! ", "cafe au lait"),
        ("The Wolf", "wolf"),
        ("a", "a"),
        ("Rock & Roll", "rock and roll"),
        ("woman's hat", "womans hat"),
        ("ﬁre", "fire"),
        ("???", "???"),
    ],
)
def test_spelling_is_folded(title: str, expected: str) -> None:
    assert normalise(title) == expected


@pytest.mark.parametrize(
    ("title", "concept"),
    [
        ("Cars", "car"),
        ("automobiles", "car"),
        ("wolves", "wolf"),
        ("foxes", "fox"),
        ("red cars", "red car"),
        ("Stoplight", "traffic light"),
        ("glasses", "spectacles"),
        ("glass", "glass"),
        ("bike", "bike"),
        ("bikes", "bike"),
        ("motorcycle", "motorcycle"),
        ("mice", "mouse"),
        ("unheard of", "unheard of"),
    ],
)
def test_plurals_and_certain_synonyms_are_one_concept(
    concepts: Concepts, title: str, concept: str
) -> None:
    assert concepts.of(title) == concept


def test_the_code_point_decides_before_the_title(concepts: Concepts) -> None:
    assert concepts.of("oncoming thing", "1f697") == "car"
    assert concepts.of("wave, dark", "1F44B-1F3FF") == "waving hand"
    assert concepts.of("wolves", "1F999") == "wolf"


def test_meanings_are_read(concepts: Concepts) -> None:
    meaning = concepts.synset("car")
    assert meaning is not None
    assert meaning.name == "n00000100"
    assert meaning.lemmas == ("car", "auto", "automobile")
    assert meaning.gloss.startswith("a motor vehicle with four wheels")
    assert meaning.hypernyms == (200,)
    assert concepts.synset("bike") is None
    assert concepts.synset("mouse") is not None


def test_no_leak_is_found_where_there_is_none(concepts: Concepts) -> None:
    named = [("car", "train"), ("Cars", "train"), ("wolf", "test"), ("bike", "train")]
    assert leaks(concepts, [*named, ("motorcycle", "test"), ("red wolf", "train")]) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Car", "car"),
        ("the car", "cars"),
        ("automobile", "auto"),
        ("wolf", "wolves"),
        ("red car", "red cars"),
    ],
)
def test_a_leak_is_found(concepts: Concepts, one: str, other: str) -> None:
    found = leaks(concepts, [(one, "train"), ("fox", "train"), (other, "test")])
    assert found == [f"{one!r} is in train, {other!r} in test"]


def test_a_copy_of_a_picture_in_another_split_is_a_leak(tmp_path: Path) -> None:
    row = {**dict.fromkeys(tables.PICTURES.names, "x"), "captions": [], "image": b"1"}
    shown: dict[bytes, tuple[str, str]] = {}
    path = tmp_path / "pictures-x.arrow"
    rows = [{**row, "id": one, "split": "train"} for one in "ab"]
    tables.write(path, tables.PICTURES, rows)
    look_for_copies(path, shown)
    tables.write(path, tables.PICTURES, [{**row, "id": "c", "split": "test"}])
    with pytest.raises(LabError, match=r"c \(test\) is the same picture as a \(train\)"):
        look_for_copies(path, shown)


def test_code_points_are_laid_bare() -> None:
    assert plain("1f44b-fe0f") == "1F44B"
    assert bare("1F44B-1F3FB-200D-2642-FE0F") == "1F44B-200D-2642"
    assert bare("1F3FB") == "1F3FB"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("flag: France", "flag of France"),
        ("keycap: 1", "keycap 1"),
        ("man: red hair", "man with red hair"),
        ("man: dark skin tone, beard", "man with dark skin tone and beard"),
        ("grinning face", "grinning face"),
    ],
)
def test_labels_become_what_one_says(label: str, said: str) -> None:
    assert natural(label) == said


def test_emoji_are_found_by_the_names_of_sets() -> None:
    entry = Entry("admission tickets", (), "event", ())
    toned = Entry("waving hand with dark skin tone", (), "hand", ("dark",))
    emoji = Emoji({"1F39F": entry, "1F44B-1F3FF": toned}, {"tickets": "1F39F"})
    assert emoji.find("admissiontickets") == "1F39F"
    assert emoji.find("tickets") == "1F39F"
    assert emoji.find("waving-hand-dark-skin-tone") == "1F44B-1F3FF"
    assert emoji.find("waving-hand-dark") == "1F44B-1F3FF"
    assert emoji.find("nothing") is None
