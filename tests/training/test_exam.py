"""What the shipped encoder is held against."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training import measures, stages, stored
from omnisearch.training.data import queries, tables
from omnisearch.training.exam import baseline, films, folder, mixed, photos, pictures, stage, texts
from omnisearch.training.export import card
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.lessons import twins
from omnisearch.training.lessons.twins import Twin


def test_captions_of_photographs_are_the_frozen_ones() -> None:
    right, others = photos.captions()  # raises if a byte changed
    assert len(right) >= 25 and len(right) + len(others) >= 200
    assert len({*right.values(), *others}) == len(right) + len(others)


def test_a_photograph_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(LabError, match=r"not installed: pip install scikit-image$"):
        photos.content("skimage/data/nowhere.png")


def test_photographs_are_found_among_photographs_and_captions_among_all() -> None:
    seen = np.eye(4, dtype=np.float32)[:2]
    others = np.tile(seen[0], (10, 1))  # as near to the first photograph as its caption
    found = photos.both_ways(seen, seen, others)
    assert found["caption to photo"]["r1"] == 100
    assert found["caption to photo"]["gallery"] == 2
    back = found["photo to caption"]
    assert back["gallery"] == 12 and back["r1"] == back["r10"] == 50
    assert back["mrr"] == pytest.approx((1 / 11 + 1) / 2, abs=1e-4)


def rows(*numbers: list[float]) -> np.ndarray:
    found = np.array(numbers, dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def test_another_kind_of_the_same_thing_is_neither_right_nor_wrong() -> None:
    emoji, icon, other = [1.0, 0.0], [0.9, 0.4], [0.5, 1.0]
    relevant = np.array([[True, True, False]])
    found = pictures.by_kind(
        rows(emoji), rows(emoji, icon, other), relevant, ["emoji", "icon", "emoji"]
    )
    assert set(found) == {"all", "emoji", "emoji among its kind", "icon", "icon among its kind"}
    assert found["icon"]["r1"] == 100 and found["icon"]["gallery"] == 3
    assert found["icon among its kind"]["gallery"] == 1


def test_the_wrong_kind_stands_before_the_right_one_in_a_mixed_index() -> None:
    sound, picture, film, rain = [0.8, 0.6], [1.0, 0.0], [0.95, 0.3], [0.99, 0.1]
    index = mixed.Index(
        rows(sound, picture, film, rain),
        ["dog", "dog", "cat+dog", "rain"],
        ["audio", "image", "video", "audio"],
    )
    found = index.find(rows([1.0, 0.0]), ["dog"], "audio")
    assert found["mrr"] == 0.5  # behind the rain alone: dogs of other kinds do not count
    assert found["gallery"] == 4


def test_mixtures_are_about_their_parts() -> None:
    told = mixed.about(["dog", "cat+dog"], ["dog", "cat+dog", "hotdog"])
    assert told.tolist() == [[True, True, False], [False, True, False]]


def test_twins_of_one_film_count_once() -> None:
    seen = {0: [1.0, 0.0], 1: [0.0, 1.0]}
    words = {"up": [1.0, 0.1], "down": [0.1, 1.0]}
    up, down = Twin("order", "up", "down"), Twin("order", "down", "up")
    found = measures.told_apart(
        [(0, up), (0, up), (0, down), (1, up)],
        lambda wanted: rows(*(seen[int(row)] for row in wanted)),
        lambda texts: rows(*(words[text] for text in texts)),
    )["order"]
    assert found["accuracy"] == pytest.approx(100 * (2 / 3 + 0) / 2, abs=0.01)
    assert (found["queries"], found["pairs"], found["accuracy_chance"]) == (2, 4, 50)


def test_who_sees_nothing_tells_nothing_apart() -> None:
    """Twins that are each other's captions: a constant gets one right for each it gets wrong."""
    pairs = [(0, Twin("side", "up", "down")), (1, Twin("side", "down", "up"))]
    found = measures.told_apart(
        pairs,
        lambda wanted: rows(*([0.3, 1.0] for _ in wanted)),
        lambda texts: rows(*({"up": [1.0, 0.0], "down": [0.0, 1.0]}[text] for text in texts)),
    )
    assert found["side"]["accuracy"] == 50


def test_a_film_is_asked_once_for_each_caption_and_gains_over_its_frames() -> None:
    query = rows([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    film, frames = query, rows([0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0])
    found = films.any_order(
        query, {"film": film, "mean": frames}, ["a", "b", "c"], ["one", "one", "two"]
    )
    assert found["any order, film"]["queries"] == 2
    assert found["any order, film"]["r1"] == 100
    assert found["any order, mean"]["r1"] == 0  # all alike: a tie is no success
    assert found["any order, gained"]["r1"] == 100


def test_a_gain_is_that_of_the_same_questions() -> None:
    ours, theirs = {"queries": 4, "ranks": [1, 1, 2, 11]}, {"queries": 4, "ranks": [1, 2, 2, 1]}
    gained = measures.difference(ours, theirs)
    assert (gained["r1"], gained["r10"]) == (0, -25)
    assert gained["r1_error"] == pytest.approx(100 * np.std([0, 1, 0, -1], ddof=1) / 2, abs=0.01)


def test_a_mean_of_sets_keeps_errors_and_chance() -> None:
    several = [
        {"accuracy": 80.0, "accuracy_error": 3.0, "accuracy_chance": 50.0, "queries": 10},
        {"accuracy": 60.0, "accuracy_error": 4.0, "accuracy_chance": 50.0, "queries": 20},
    ]
    assert measures.mean(several) == {
        "accuracy": 70,
        "accuracy_error": 2.5,
        "accuracy_chance": 50,
        "queries": 30,
    }


def test_seeds_are_averaged_and_kept_beside() -> None:
    seeds = [{"all": {"r10": r10, "r10_error": 2.0, "queries": 5}} for r10 in (40.0, 50.0)]
    assert baseline.over_seeds(seeds) == {
        "all": {"r10": 45, "r10_error": 2, "queries": 5, "seeds": 2, "r10_of_seeds": [40, 50]}
    }


def test_sets_outside_the_splits_are_asked_in_two_parts(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    asked = [
        {"id": str(n), "query": f"q{n}", "passage": f"p{n}", "concept": str(n)} for n in range(8)
    ]
    head = {"kind": "debian", "split": "test", "licence": "MIT"}
    path = lab.data / "evaluation" / "texts-debian.arrow"
    tables.write(path, tables.TEXTS, [{**row, **head} for row in asked])
    own = {"id": "own", "query": "q", "passage": "p", "concept": "own", "kind": "other"}
    every = [{**own, "id": split, "split": split, "licence": "MIT"} for split in texts.SPLITS]
    tables.write(lab.data / "texts-tiny.arrow", tables.TEXTS, every)
    validation, test = (next(texts.sets(lab, split)) for split in queries.SPLITS)
    assert (len(validation.queries), len(test.queries)) == (2, 6)
    assert not {*validation.queries} & {*test.queries}
    assert len(validation.passages) == len(test.passages) == 8


def test_the_stages_examine_a_tiny_encoder(shippable: Lab, tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab")
    shutil.copytree(shippable.root, lab.root)
    tiny = Options(tiny=True, variant="a")
    assert stages.run("exam", lab, tiny) and stages.run("baseline", lab, tiny)
    found, plain = stored.figures(lab, "exam-a0"), stored.figures(lab, "baseline")
    assert found["split"] == plain["split"] == "validation"
    assert {"pictures", "mixed", "texts", "films", "composed", "pages"} <= {
        name for name, part in found.items() if part
    }
    assert not found["photos"]  # of the test split alone
    for name in baseline.PARTS:
        for row, figures in found[name].items():
            assert plain[name][row]["queries"] == figures["queries"]
            assert plain[name][row]["r10_chance"] == figures["r10_chance"]


def test_a_part_is_asked_anew_when_the_encoder_is_another(shippable: Lab, tmp_path: Path) -> None:
    lab, asked = Lab(tmp_path / "lab"), []
    shutil.copytree(shippable.root, lab.root)
    tiny = Options(tiny=True, variant="a")
    path = tmp_path / "toy.json"

    def part() -> dict[str, measures.Figures]:
        asked.append("toy")
        return {"row": {"r10": 1.0}}

    for _ in range(2):
        assert stage.kept(path, stage.origin(lab, tiny), part) == {"row": {"r10": 1.0}}
    assert len(asked) == 1
    learnt = lab.models / "calibrate-a0" / "calibration.json"
    learnt.write_text(learnt.read_text("utf-8") + "\n", "utf-8")
    stage.kept(path, stage.origin(lab, tiny), part)
    assert len(asked) == 2


def test_the_card_has_a_table_for_each_part() -> None:
    row = {"r10": 61.24, "r10_error": 2.04, "r10_chance": 0.7692, "queries": 1549, "gallery": 1300}
    told = {"accuracy": 77.0, "accuracy_error": 3.0, "accuracy_chance": 50.0, "queries": 80}
    found = {
        "split": "test",
        "pictures": {"all": row, "gained": {"r10": 1.5, "r10_error": 0.5, "queries": 1549}},
        "scenes": {"count": told},
        "photos": {},
    }
    page = card.exam(found, {"pictures": {"all": {**row, "r10": 50.0}}})
    assert "| all | 61.2 ± 2.0 | 0.769 | 1,549 | 1,300 | 50.0 ± 2.0 |" in page
    assert "| gained | 1.5 ± 0.5 |  | 1,549 |  |  |" in page
    assert "| count | 77.0 ± 3.0 | 50 | 80 |  |" in page
    assert "Photos" not in page
    assert "train exam" in card.exam({}, {})


def test_every_question_over_the_folder_is_shown_with_its_failures() -> None:
    found = {"a cat": {"rank": 2, "gallery": 9, "right": ["b.png"], "found": ["a.png", "b.png"]}}
    shown = card.folder_of(found)
    assert "| a cat | 2 | a.png<br>**b.png** |" in shown
    assert "of 9" in shown


def test_the_folders_questions_have_right_answers_by_name() -> None:
    names = ["photos/chelsea.png", "photos/coffee.png"]
    assert folder.matching(["photos/c?elsea.*"], names) == ["photos/chelsea.png"]
    text = resources.files("omnisearch.training.exam").joinpath("folder.json").read_text("utf-8")
    questions = json.loads(text)
    assert len({one["text"] for one in questions}) == 20
    assert all(one["right"] for one in questions)


def test_a_word_that_is_never_true_tells_nothing() -> None:
    above = [(row, Twin("side", f"{row} above x", f"{row} below x")) for row in range(2)]
    swapped = (2, Twin("side", "a above b", "b above a"))
    left = [(row, Twin("side", f"{row} left x", f"{row} right x")) for row in range(3, 6)]
    right = [(6, Twin("side", "6 right x", "6 left x"))]
    kept = twins.balanced([*above, swapped, *left, *right])
    assert swapped in kept and right[0] in kept
    assert len(kept) == 3 and sum(one in kept for one in left) == 1
    constant = {"above": 1.0, "left": 1.0}

    def texts(some: Sequence[str]) -> np.ndarray:
        return np.array([[sum(constant.get(word, 0) for word in text.split())] for text in some])

    def blind(wanted: np.ndarray) -> np.ndarray:
        return np.ones((len(wanted), 1))

    assert measures.told_apart([*above, *left, *right], blind, texts)["side"]["accuracy"] > 80
    assert measures.told_apart(kept, blind, texts)["side"]["accuracy"] == 50
