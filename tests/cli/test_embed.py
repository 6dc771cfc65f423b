"""Words and files as vectors, from a terminal and in a pipe."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisearch.encoder import canaries
from tests.cli.place import Place


@pytest.fixture
def things(place: Place) -> Path:
    """A picture, a text, a page and a broken picture in the home folder."""
    home = place.home
    Image.new("RGB", (60, 40), (200, 30, 40)).save(home / "red.png")
    (home / "note.txt").write_text("a red rectangle", "utf-8")
    page = canaries.inputs()["document"].parts[0]
    (home / "page.pdf").write_bytes(page.source)  # type: ignore[union-attr,arg-type]
    (home / "broken.png").write_bytes((home / "red.png").read_bytes()[:60])
    (home / "noise.bin").write_bytes(zlib.compress(bytes(range(256)) * 9))
    return home


def test_the_first_example_writes_a_vector(place: Place) -> None:
    done = place.run("embed", "--text", "a red bicycle", "--out", "v.npy")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "vectors": 1,
        "dim": 384,
        "file": str(place.home / "v.npy"),
    }
    vectors = np.load(place.home / "v.npy")
    assert vectors.shape == (1, 384) and vectors.dtype == np.float32
    assert abs(float(np.linalg.norm(vectors[0])) - 1) < 1e-6


def test_every_line_of_a_pipe_is_a_vector(place: Place, things: Path) -> None:
    done = place.run("embed", "--text", "rain", "red.png", "note.txt", "page.pdf")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["name"], one["modality"]) for one in lines] == [
        ("rain", "text"),
        ("red.png", "image"),
        ("note.txt", "text"),
        ("page.pdf", "document"),
    ]
    vectors = np.array([one["vector"] for one in lines])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[1] @ vectors[2] > vectors[1] @ vectors[0]


def test_a_bad_file_is_named_and_the_others_go_on(place: Place, things: Path) -> None:
    done = place.run("embed", "broken.png", "note.txt", "absent.jpg", "noise.bin")
    assert done.returncode == 3
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["note.txt"]
    faults = done.stderr.splitlines()
    assert len(faults) == 3 and all(line.startswith("omnisearch: ") for line in faults)
    assert "absent.jpg does not open" in done.stderr and "broken.png: damaged" in done.stderr
    assert "noise.bin is of no kind that is known: convert it, or leave it out" in done.stderr
    assert place.run("embed", "absent.jpg").returncode == 2


def test_nothing_is_written_where_one_is_bad(place: Place, things: Path) -> None:
    done = place.run("embed", "note.txt", "broken.png", "--out", "v.npy")
    assert done.returncode == 2 and not (place.home / "v.npy").exists()
    assert "broken.png: damaged" in done.stderr and "(nothing was written)" in done.stderr
    assert not list(place.home.glob("*.partial"))


def test_parts_can_be_read_together(place: Place, things: Path) -> None:
    done = place.run("embed", "--joint", "--text", "in blue", "red.png")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["modality"] == "text+image"
    assert json.loads(line)["name"] == "in blue + red.png"


def test_a_terminal_shows_a_table(place: Place, things: Path) -> None:
    code, shown = place.on_terminal("embed", "note.txt", NO_COLOR="1")
    header, row = shown.splitlines()
    assert code == 0 and header.split() == ["modality", "name", "vector"]
    assert row.startswith("text      note.txt  ") and row.endswith("… (384 numbers)")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, 'give --text "some words", or files'),
        (("--text", ""), 2, "the text is empty"),
        (("--text", "a", "--dim", "128"), 2, "dim is 128: omni-mini was made for 384"),
        (("--text", "a", "--out", "v.txt"), 2, "name a file that ends in .npy"),
        (("--text", "a", "--encoder", "omni-maxi"), 2, "there is no encoder 'omni-maxi'"),
        (("--text", "a", "--out", "no/such/v.npy"), 4, "cannot write no/such/v.npy"),
        (("--text", "a", "--target", "smell"), 2, "'smell' is not one of"),
    ],
)
def test_what_cannot_be_done_says_why(
    place: Place, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = place.run("embed", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_encoder_is_a_setting(place: Place) -> None:
    done = place.run("embed", "--text", "a", OMNISEARCH_ENCODER="omni-maxi")
    assert done.returncode == 2 and "omni-maxi" in done.stderr


def test_encoders_are_listed_and_shown(place: Place) -> None:
    listed = place.run("encoders", HF_HOME=str(place.home))
    assert listed.returncode == 0, listed.stderr
    (one,) = (json.loads(line) for line in listed.stdout.splitlines())
    shown = json.loads(place.run("encoders", "show", "omni-mini").stdout)
    assert shown == one
    assert one["name"] == "omni-mini" and one["dim"] == 384 and one["dims"] == [384]
    assert one["modalities"] == ["text", "image", "audio", "video", "document"]
    assert 0 < one["bytes"] < 92e6 and "Apache-2.0" in one["licence"]
    assert Path(one["where"]).is_dir() and len(one["fingerprint"]) == 32
    code, table = place.on_terminal("encoders", HF_HOME=str(place.home), NO_COLOR="1")
    assert code == 0 and table.splitlines()[0].split()[:4] == ["size", "dim", "name", "modalities"]
    assert place.run("encoders", "list", "omni-mini").returncode == 2


def test_speeds_are_measured_for_each_modality(place: Place) -> None:
    done = place.run("encoders", "bench", "--seconds", "0.05")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["modality"] for one in lines] == ["text", "image", "audio", "video", "document"]
    for one in lines:
        assert one["per_s"] == pytest.approx(one["items"] / one["seconds"], rel=0.01)
        assert one["items"] > 0 and one["item"]
