import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from omnisearch.training.data import scenes, tables
from omnisearch.training.data.grounds import ground
from omnisearch.training.data.made import once, seeded
from omnisearch.training.data.splits import split_of_all
from omnisearch.training.data.sprites import HUES, Bank, cut, main_hue, outside, usable
from omnisearch.training.data.wording import a, listed, plural, some
from omnisearch.training.lab import Lab
from tests.training.shapes import INKS, drawn, made
from tests.training.shapes import bank as make_bank


@pytest.fixture(scope="module")
def bank() -> Bank:
    return make_bank()


def middle_hue(image: Image.Image) -> float:
    hues = np.asarray(image.convert("RGB").convert("HSV"))[..., 0]
    return float(hues[image.height // 2, image.width // 2]) * 360 / 256


def opened(row: Any) -> npt.NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(row["image"])).convert("RGB")).astype(np.int64)


def test_a_white_ground_is_cut_away_but_white_inside_stays() -> None:
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).ellipse((40, 40, 216, 216), outline="black", width=16)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    alpha = np.asarray(cut("ring", "ring", stream.getvalue()).image.getchannel("A"))
    assert alpha[0, 0] == 0
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255


def test_the_ground_is_found_around_corners() -> None:
    ground_ = np.ones((9, 9), bool)
    ground_[2, 1:8] = ground_[2:8, 7] = ground_[7, 2:8] = False  # a hook, open on the left
    assert outside(ground_)[4, 4]
    ground_[2:8, 1] = False
    assert not outside(ground_)[4, 4]


@pytest.mark.parametrize(("name", "hue"), [("red", 0), ("green", 123), ("blue", 233)])
def test_the_main_hue_is_found(name: str, hue: int) -> None:
    found = cut("ball", "ball", drawn("ball", INKS[name])).hue
    assert found is not None
    assert abs((found - hue + 180) % 360 - 180) < 10


def test_grey_and_many_coloured_things_have_no_main_hue() -> None:
    grey = np.full((500, 3), 128, np.uint8)
    assert main_hue(grey) is None
    mixed = np.repeat(np.array(list(INKS.values()), np.uint8), 200, axis=0)
    assert main_hue(mixed) is None


@pytest.mark.parametrize("colour", HUES)
def test_a_thing_takes_the_colour_it_is_given(colour: str) -> None:
    sprite = cut("ball", "ball", drawn("ball", INKS["blue"]))
    hue = middle_hue(sprite.coloured(colour))
    assert abs((hue - HUES[colour] + 180) % 360 - 180) < 12


def test_titles_that_read_badly_are_left_out() -> None:
    assert usable("fire engine", "")
    assert not usable("trousers", "") and not usable("keycap 3", "") and not usable("ai", "")
    assert not usable("hand", json.dumps({"tone": "dark"}))
    assert not usable("mouse", json.dumps({"grey": True}))


def test_names_take_articles_and_plurals() -> None:
    assert (a("owl"), a("unicorn"), plural("box"), plural("butterfly")) == (
        "an owl",
        "a unicorn",
        "boxes",
        "butterflies",
    )
    assert plural("snow leopard") == "snow leopards" and plural("fireman") == "firemen"
    assert some("wolf", 3) == "three wolves" and some("wolf", 1) == "a wolf"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_rows_hold_captions_twins_and_a_picture(bank: Bank) -> None:
    rows = made(scenes.scenes(bank, 0, 80))
    seen = set()
    for row in rows:
        assert opened(row).shape == (256, 256, 3)
        more = json.loads(row["attributes"])
        assert row["captions"][:2] == [f"{row['title']} {more['ground']}".strip(), row["title"]]
        assert row["split"] == split_of_all(more["objects"])
        for family, twins in more["twins"].items():
            seen.add(family)
            assert twins and not set(twins) & set(row["captions"])
            assert all(len(set(t.split()) ^ set(row["title"].split())) <= 6 for t in twins)
    assert seen == {"count", "colour", "side"}
    assert {row["split"] for row in rows} >= {"train", "test"}


def test_scenes_depend_on_the_seed_alone(bank: Bank) -> None:
    first, again, other = (made(scenes.scenes(bank, seed, 4)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_the_thing_on_the_left_is_on_the_left(bank: Bank) -> None:
    tries = (scenes._sided(bank, seeded(number), "train") for number in range(40))
    scene = next(one for one in tries if "to the left of" in one.captions[0])
    left, right = scene.things
    assert left.x < right.x
    assert scene.captions[0] == f"{a(left.words)} to the left of {a(right.words)}"
    assert f"{a(right.words)} to the left of {a(left.words)}" in scene.twins["side"]


def test_as_many_are_drawn_as_the_caption_says(bank: Bank) -> None:
    for seed in range(20):
        scene = scenes._counted(bank, seeded(seed), "train")
        name = scene.things[0].words
        count = sum(thing.words == name for thing in scene.things)
        assert scene.captions[0].startswith(some(name, count))
        places = [(thing.x, thing.y) for thing in scene.things]
        apart = min(
            abs(x - u) + abs(y - v) for n, (x, y) in enumerate(places) for u, v in places[:n]
        )
        assert apart > 0.2


def test_the_colours_are_those_of_the_caption(bank: Bank) -> None:
    scene = scenes._coloured(bank, seeded(1), "train")
    for thing in scene.things:
        colour = thing.words.split()[0]
        hue = middle_hue(thing.image)
        assert abs((hue - HUES[colour] + 180) % 360 - 180) < 12


def test_grounds_are_named_unless_white() -> None:
    for seed in range(40):
        image, words = ground(seeded(seed), 64)
        assert image.size == (64, 64)
        white = np.asarray(image).min() == 255
        assert white == (words == "")


def test_a_finished_file_is_left_and_a_broken_one_never_appears(tmp_path: Path, bank: Bank) -> None:
    lab = Lab(tmp_path)

    def broken() -> Iterator[tables.Row]:
        yield from scenes.scenes(bank, 0, 2)
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        once(lab, scenes.STEM, tables.PICTURES, 3, broken)
    assert list(lab.data.iterdir()) == []
    count = once(lab, scenes.STEM, tables.PICTURES, 3, lambda: scenes.scenes(bank, 0, 3))
    assert count == 3 == once(lab, scenes.STEM, tables.PICTURES, 3, broken)


def test_no_caption_is_told_by_its_words_alone(bank: Bank) -> None:
    """Both ways of saying it are true as often; counts that are wrong here are right there."""
    sided = [scenes._sided(bank, seeded(number), "train") for number in range(200)]
    for one, other in (("to the left of", "to the right of"), ("above", "below")):
        told = [one in scene.captions[0] for scene in sided if {one, other} & _words(scene)]
        assert 0.3 < sum(told) / len(told) < 0.7
    counted = [scenes._counted(bank, seeded(number), "train") for number in range(100)]
    right = {scene.captions[0].split()[0] for scene in counted}
    wrong = {text.split()[0] for scene in counted for text in scene.twins["count"]}
    assert wrong <= right


def _words(scene: scenes.Scene) -> set[str]:
    known = ("to the left of", "to the right of", "above", "below")
    return {word for word in known if word in scene.captions[0]}
