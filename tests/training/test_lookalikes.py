"""What is nearly the same in two splits is counted, and what it is worth."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import corpus
from omnisearch.training.data import lookalikes, tables
from omnisearch.training.data.queries import Query, QuerySet
from omnisearch.training.lab import Lab

TITLES = {
    ("keyframe", "test"),
    ("key frame", "train"),
    ("Keyframes", "train"),
    ("clock alarm", "train"),
    ("alarm clock", "validation"),
    ("glass box", "train"),
    ("boxes", "test"),
    ("class", "train"),
    ("bus", "test"),
}


def test_names_of_two_splits_are_counted_by_each_fold() -> None:
    assert lookalikes.shared(TITLES) == {"plural": 1, "spelling": 1, "order": 1}
    assert lookalikes.shared([]) == {"plural": 0, "spelling": 0, "order": 0}


@pytest.mark.parametrize(
    ("asked", "taught", "way"),
    [
        ("hands up", "hand up", "plural"),
        ("peaches", "peach", "plural"),
        ("berry", "Berries", "plural"),
        ("paint-brush", "paintbrush", "spelling"),
        ("full moon", "moon, full", "order"),
    ],
)
def test_questions_are_known_by_one_fold(asked: str, taught: str, way: str) -> None:
    found = lookalikes.known([asked, "something else"], [taught, "fox"])
    assert found == {"plural": set(), "spelling": set(), "order": set()} | {way: {asked}}


@pytest.mark.parametrize(("one", "other"), [("glas", "glass"), ("bu", "bus"), ("axi", "axis")])
def test_endings_that_are_no_plural_stay(one: str, other: str) -> None:
    assert not any(lookalikes.known([one], [other]).values())


def drawn(right: int, red: int) -> bytes:
    picture = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(picture).rectangle((8, 8, right, 56), fill=(red, 30, 30))
    sink = io.BytesIO()
    picture.save(sink, "PNG")
    return sink.getvalue()


def rows() -> Iterator[dict[str, object]]:
    """Yield a train picture, one that is nearly the same, and others."""
    for name, title, split, red, kind in (
        ("a", "red box", "train", 200, "icon"),
        ("b", "box red", "test", 203, "icon"),
        ("c", "window", "test", 200, "emoji"),
        ("d", "a scene", "test", 200, "scene"),
        ("e", "bottle", "validation", 200, "mono"),
    ):
        yield {
            **dict.fromkeys(tables.PICTURES.names, "x"),
            "id": name,
            "title": title,
            "concept": title,
            "split": split,
            "kind": kind,
            "attributes": "",
            "captions": [title, "The Window"] if split == "train" else [title],
            "image": drawn(40 if name in "abd" else 20, red),
        }


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path, quiet=True)
    tables.write(made.data / "pictures-x.arrow", tables.PICTURES, rows())
    groups = {"b": "icon", "c": "emoji"}
    asked = [Query(f"q {title}", title, None, [name], [], [groups[name]])
             for title, name in (("box red", "b"), ("window", "c"))]  # fmt: skip
    QuerySet(asked, groups).save(made, "pictures-test")
    QuerySet([], {"e": "mono"}).save(made, "pictures-validation")
    return made


def test_pictures_that_look_like_one_of_train_are_found(lab: Lab) -> None:
    found = lookalikes.pictures(lab)
    assert found == {
        "test": lookalikes.Held(2, {"b"}),
        "validation": lookalikes.Held(1, set()),
    }


def test_the_nearest_is_found_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "_MANY", 2)
    some = np.array([[0, 0], [10, 20], [255, 255]], np.uint8)
    others = np.array([[10, 10], [255, 250]], np.uint8)
    assert lookalikes.nearest(some, others).tolist() == pytest.approx([100, 50, 12.5], abs=0.01)


def test_questions_that_train_says_word_for_word_are_found(lab: Lab) -> None:
    texts = {**dict.fromkeys(tables.TEXTS.names, "x"), "query": "Bottles", "passage": "a jar"}
    given = [{**texts, "split": "train"}, {**texts, "split": "test", "passage": "lamp"}]
    tables.write(lab.data / "texts-x.arrow", tables.TEXTS, given)
    asked = ["window", "jar", "lamp", "bottle", "red"]
    assert lookalikes.told(lab, asked) == {"window", "jar"}


def test_questions_are_left_out_by_what_train_has_of_them(lab: Lab) -> None:
    asked = QuerySet.load(lab, "pictures-test")
    left = corpus.touched(lab, asked, sorted(lookalikes.titles(lab)), {"b"})
    box, window = {"q box red"}, {"q window"}
    assert left == {
        "plural": set(),
        "spelling": set(),
        "order": box,
        "title": box,
        "text": window,
        "picture": box,
        "any": box | window,
    }
    found = corpus.worth(asked, {**left, "any": box}, np.array([1, 11]))
    halves = {part: (one["queries"], one["r1"], one["r10"]) for part, one in found.items()}
    assert halves == {
        "all": (2, 50.0, 50.0),
        "without title": (1, 0.0, 0.0),
        "without any": (1, 0.0, 0.0),
        "only any": (1, 100.0, 100.0),
    }


def test_what_ships_is_asked_from_the_bytes_on(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "corpus.json"
    monkeypatch.setattr("sys.argv", ["corpus", "--lab", str(lab.root), "--out", str(out)])
    assert corpus.main() == 0
    found = json.loads(out.read_text("utf-8"))
    assert found["colour"]["all"] == {"pictures": 3, "concepts": 3, "concepts not grey": 3}
    assert found["titles"] == {"all": 4, "plural": 0, "spelling": 0, "order": 1}
    assert found["pictures"]["test"] == {"all": 2, "near": 1}
    assert found["questions"]["test"]["any"] == 2
    assert found["worth"]["all"]["queries"] == found["worth"]["only any"]["queries"] == 2


def test_a_laboratory_without_questions_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["corpus", "--lab", str(tmp_path)])
    assert corpus.main() == 2
    assert "run `omnisearch train data`" in capsys.readouterr().err
