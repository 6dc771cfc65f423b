"""`extract` as a person uses it: the moment of a hit becomes a file."""

import json
import stat
import wave
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.place import Place
from tests.cli.test_show import asked

pytestmark = pytest.mark.slow


def made(place: Place, *arguments: str) -> Path:
    done = place.run("extract", *arguments)
    assert done.returncode == 0, done.stderr
    return place.home / str(json.loads(done.stdout)["path"])


@pytest.fixture
def folder(library: Place, tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_a_page(library: Place, folder: Path) -> None:
    asked(library, "oil the chain", "--modality", "document", "-k", "1")
    page = made(library, "1", "-o", f"{folder}/page.pdf")
    assert page == folder / "page.pdf" and page.read_bytes().startswith(b"%PDF")
    with Image.open(made(library, "1", "-o", f"{folder}/page.png")) as picture:
        assert picture.width > 500
    words = made(library, "1", "-o", f"{folder}/page.txt")
    assert words.read_text() == "Oil the chain in spring.\n"


def test_a_film_and_its_sound(library: Place, folder: Path) -> None:
    hit = asked(library, "it grows brighter", "--modality", "video", "-k", "1")[0]
    seconds = hit["span"]["end_s"] - hit["span"]["start_s"]
    with wave.open(str(made(library, "1", "-o", f"{folder}/clip.wav"))) as sound:
        assert sound.getnframes() == pytest.approx(seconds * 16_000, abs=1_100)
    clip = made(library, hit["id"], "-o", str(folder))
    assert clip.parent == folder and clip.name.startswith("dusk_") and clip.suffix == ".mp4"
    again = made(library, hit["id"], "-o", f"{folder}/")
    assert again.stem == f"{clip.stem}-2"
    wide = made(library, hit["id"], "-o", f"{folder}/wide.wav", "--around", "1")
    with wave.open(str(wide)) as sound:
        assert sound.getnframes() <= round((seconds + 2) * 16_000) + 1_100


def test_nothing_is_overwritten_without_force(library: Place, folder: Path) -> None:
    asked(library, "a lake", "--modality", "image", "-k", "1")
    target = folder / "lake.png"
    target.write_text("mine")
    done = library.run("extract", "1", "-o", str(target))
    assert done.returncode == 2 and target.read_text() == "mine"
    assert f"{target} is there already: --force overwrites it" in done.stderr
    assert made(library, "1", "-o", str(target), "--force").read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(target.stat().st_mode) & 0o111 == 0
    assert list(folder.iterdir()) == [target]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-o", "{folder}/lake.mp4"], "no mp4 is made of image; give one of .png"),
        (["-o", "{folder}/none/lake.png"], "none/lake.png is not there: make it first"),
        (["--around", "2"], "around is for sounds and films"),
        (["--around", "-1"], "--around"),
    ],
)
def test_what_cannot_be(library: Place, folder: Path, arguments: list[str], told: str) -> None:
    asked(library, "a lake", "--modality", "image", "-k", "1")
    done = library.run("extract", "1", *(one.format(folder=folder) for one in arguments))
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert not list(folder.iterdir())


def test_words_of_a_file_that_is_gone_or_has_changed(place: Place) -> None:
    file = place.home / "note.txt"
    file.write_text("The moon goes round the earth.")
    place.run("ingest", "note.txt")
    hit = asked(place, "moon", "-k", "1")[0]
    assert json.loads(place.run("show", "1").stdout)["file_states"] == ["there"]
    for state, told in (("changed", "the file has changed"), ("gone", "the file is gone")):
        file.write_text("Something else.") if state == "changed" else file.unlink()
        assert json.loads(place.run("show", "1").stdout)["file_states"] == [state]
        done = place.run("extract", hit["id"])
        assert f"{told} since it was taken in: these are the words that it had then" in done.stderr
        words = place.home / json.loads(done.stdout)["path"]
        assert words.read_text() == "The moon goes round the earth.\n"
    table = place.run("show", "1", "--no-json").stdout
    assert "note.txt  (it is gone since it was taken in)" in table
    done = place.run("extract", "1", "-o", "moon.wav")
    assert done.returncode == 2 and "no wav is made of text" in done.stderr


def test_on_a_terminal_the_path_is_printed(library: Place, folder: Path) -> None:
    asked(library, "a lake", "--modality", "image", "-k", "1")
    code, text = library.on_terminal("extract", "1", "-o", f"{folder}/x.png")
    assert (code, text) == (0, f"{folder}/x.png\n")
