import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from omnisearch.training.data import raster, tables, variants


def row(colour: str, title: str = "ball") -> dict[str, object]:
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).ellipse((28, 28, 228, 228), fill=colour)
    fixed = dict.fromkeys(tables.PICTURES.names, "x")
    about = {"id": "noto/ball", "title": title, "concept": title, "split": "test"}
    return {**fixed, **about, "captions": [title], "image": raster.encode(image)}


def pixels(made: tables.Row) -> np.ndarray:
    image = made["image"]
    assert isinstance(image, bytes)
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(int)


@pytest.mark.parametrize("number", variants.NUMBERS)
def test_several_of_a_thing_are_drawn_apart(number: int) -> None:
    whole = (pixels(row("#d00"))[..., 1] < 128).sum()
    made = variants._several(row("#d00"), number)
    ink = (pixels(made)[..., 1] < 128).sum() / whole
    assert ink == pytest.approx(number * variants._SIZES[number] ** 2, rel=0.05)
    assert made["title"] == f"{variants.NUMBERS[number]} balls"


def test_a_silhouette_takes_a_colour() -> None:
    made = variants._tinted(row("black"), "red")
    assert tuple(pixels(made)[128, 128]) == variants.COLOURS["red"]
    assert tuple(pixels(made)[2, 2]) == (255, 255, 255)
    assert (made["title"], made["captions"]) == ("red ball", ["red ball", "a ball in red"])


def test_a_variant_keeps_the_split_and_tells_what_it_was_made_from() -> None:
    made = variants._several(row("#d00"), 2)
    assert (made["kind"], made["source"], made["split"]) == ("scene", "variants", "test")
    assert (made["id"], made["licence"]) == ("variants/noto-ball-2", "made-here")
    assert json.loads(str(made["attributes"])) == {
        "number": "2",
        "of": "noto/ball",
        "subject": "ball",
    }


@pytest.mark.parametrize(
    ("title", "attributes", "expected"),
    [
        ("wolf", {"subgroup": "animal-mammal"}, True),
        ("wolf face", {"subgroup": "animal-mammal"}, False),
        ("glasses", {"subgroup": "clothing"}, False),
        ("wolf", {"subgroup": "face-smiling"}, False),
        ("hand", {"subgroup": "tool", "tone": "dark"}, False),
    ],
)
def test_things_that_can_be_counted(title: str, attributes: dict[str, str], expected: bool) -> None:
    about = {"title": title, "attributes": json.dumps(attributes)}
    assert variants._is_countable(about) is expected
