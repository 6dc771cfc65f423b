import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from omnisearch.training.data import tables
from omnisearch.training.data.splits import split_of
from omnisearch.training.lab import Lab, Options
from omnisearch.training.stages import run

SIZES = {
    "pictures-tiny": 200,
    "sounds-tiny": 120,
    "videos-tiny": 40,
    "pages-tiny": 40,
    "texts-tiny": 300,
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    assert run("data", lab, Options(tiny=True))
    return lab


@pytest.mark.parametrize("name", SIZES)
def test_tables_have_their_size_and_unique_ids(lab: Lab, name: str) -> None:
    ids = tables.read(lab.data / f"{name}.arrow", ["id"])["id"].to_pylist()
    assert len(ids) == len(set(ids)) == SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_splits_are_those_of_the_concept_and_all_occur(lab: Lab, name: str) -> None:
    rows = tables.read(lab.data / f"{name}.arrow", ["concept", "split"]).to_pylist()
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    assert all(row["split"] == split_of(row["concept"]) for row in rows)


def test_pictures_decode_and_differ(lab: Lab) -> None:
    images = tables.read(lab.data / "pictures-tiny.arrow", ["image"])["image"].to_pylist()
    decoded = [Image.open(io.BytesIO(image)) for image in images]
    assert {(image.size, image.mode) for image in decoded} == {((256, 256), "RGB")}
    assert len({hashlib.sha256(image).digest() for image in images}) == 200


def test_videos_have_eight_frames(lab: Lab) -> None:
    rows = tables.read(lab.data / "videos-tiny.arrow", ["frames", "captions", "twin"]).to_pylist()
    assert {len(row["frames"]) for row in rows} == {8}
    assert Image.open(io.BytesIO(rows[0]["frames"][0])).size == (224, 224)
    assert all(row["captions"] != row["twin"] for row in rows)


def test_triplets_name_pictures(lab: Lab) -> None:
    ids = set(tables.read(lab.data / "pictures-tiny.arrow", ["id"])["id"].to_pylist())
    rows = tables.read(lab.data / "triplets.arrow").to_pylist()
    assert {row["source_picture"] for row in rows} | {row["target_picture"] for row in rows} <= ids


def test_it_is_the_same_each_time(lab: Lab, tmp_path: Path) -> None:
    again = Lab(tmp_path)
    run("data", again, Options(tiny=True, seed=3))
    for path in sorted(lab.data.glob("*.arrow")):
        assert path.read_bytes() == (again.data / path.name).read_bytes(), path.name
