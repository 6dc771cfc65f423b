from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw

import omnisearch as om

COLOURS = ("red", "green", "blue")
SHAPES = {"circle": "ellipse", "square": "rectangle"}
NOTES = {
    "harbour": "The harbour is quiet in winter, and the boats lie ashore.",
    "boats": "Boats of the harbour are painted in spring by their owners.",
    "storm": "A storm broke the moorings in the harbour; the ferry stayed away.",
    "ferry": "The ferry leaves the moorings at noon, except on Sundays.",
    "bread": "Knead the dough for bread, and bake it until the crust is brown.",
    "cake": "Beautiful cakes of lemon and almonds are baked in a tin.",
    "garden": "In the garden grow beans, onions and a beautiful rose.",
    "rose": "The rose by the wall flowers twice, in June and in autumn.",
    "lease": "The lease ends in May; error code E4711 is in the appendix.",
    "names": "Müller and Łukasz signed, "
    "and \u041f\u0435\u0442\u0440\u043e\u0432\u0430 as a witness.",
}


def picture(colour: str, shape: str) -> Image.Image:
    found = Image.new("RGB", (224, 224), "white")
    getattr(ImageDraw.Draw(found), SHAPES[shape])((40, 40, 184, 184), fill=colour)
    return found


@pytest.fixture(scope="session")
def col(tmp_path_factory: pytest.TempPathFactory) -> Iterator[om.Collection]:
    """Give notes and pictures of shapes, which no test may change."""
    with om.open(tmp_path_factory.mktemp("rewriting") / "c") as found:
        found.add([om.Item(name, text=text) for name, text in NOTES.items()])
        found.add(
            [
                om.Item(f"{colour}-{shape}", image=picture(colour, shape))
                for colour in COLOURS
                for shape in SHAPES
            ]
        )
        yield found
