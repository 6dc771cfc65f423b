"""What was taken in finds itself: whole or a piece, made smaller, recompressed, turned."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from omnisearch.media import audio
from tests.media import made

CORPUS = Path(__file__).parents[2] / "examples" / "corpus"
PHOTOS = ("IMG_2041.jpg", "IMG_2042.jpg", "IMG_2043.jpg", "IMG_2048.jpg")
SOUNDS = ("music/piano.mp3", "music/violin.flac", "music/harp.ogg", "recordings/REC_0002.ogg")
FILMS = ("films/ball.mp4", "films/rocket.webm", "films/train.webm")
RATE = 16_000
TURNED = 0x0112  # the tag of EXIF that says how a picture is held


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known") / "files"
    folder.mkdir()
    names = (*(f"photos/{name}" for name in PHOTOS), *SOUNDS, *FILMS, "papers/bees-leaflet.pdf")
    for name in names:
        shutil.copy(CORPUS / name, folder / Path(name).name)
    sounds = [audio.read(CORPUS / name, RATE).samples for name in reversed(SOUNDS)]
    (folder / "recording.wav").write_bytes(made.sound(np.concatenate(sounds), RATE))
    (folder / "note.txt").write_text("Bees dance to tell each other where the flowers are.")
    return folder


@pytest.fixture(scope="module")
def col(folder: Path) -> Iterator[om.Collection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
        with om.open(folder.parent / "collection", encoder=om.Encoder.load()) as opened:
            assert opened.ingest(folder).complete
            yield opened


def found(hits: om.Hits) -> list[str]:
    return [os.path.basename(hit.uri or "") for hit in hits]  # noqa: PTH119


def jpeg(picture: Image.Image, quality: int = 90, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def turned(picture: Image.Image) -> bytes:
    """Lay a picture on its side, and tell by EXIF how it is to be held."""
    exif = Image.Exif()
    exif[TURNED] = 6
    return jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)


def changed(picture: Image.Image, how: str) -> Any:
    match how:
        case "smaller":
            return jpeg(picture.resize((picture.width // 3, picture.height // 3)))
        case "recompressed":
            return jpeg(picture, quality=25)
        case "turned":
            return turned(picture)
    return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_finds_itself(col: om.Collection, folder: Path, name: str) -> None:
    hits = col.query(image=folder / name, k=3)
    assert found(hits)[0] == name
    score = hits[0].score
    assert score is not None and score > 0.999
    assert hits.remarks == ()


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("how", ["smaller", "recompressed", "turned", "as an array"])
def test_a_changed_photo_finds_the_first(
    col: om.Collection, folder: Path, name: str, how: str
) -> None:
    with Image.open(folder / name) as picture:
        picture.load()
    hits = col.query(om.Image(changed(picture, how)), k=3)
    assert found(hits)[0] == name
    score = hits[0].score
    assert score is not None and score > 0.9


def test_a_box_of_a_photo_asks_for_what_is_in_it(col: om.Collection, folder: Path) -> None:
    half = col.query(om.Image(folder / PHOTOS[0], box=(0.1, 0.1, 0.8, 0.8)), k=1)
    assert found(half) == [PHOTOS[0]]
    with Image.open(folder / PHOTOS[0]) as picture:
        wide, high = picture.size
        cut = picture.convert("RGB").crop((0, 0, round(wide * 0.5), round(high * 0.5)))
    corner = col.query(om.Image(folder / PHOTOS[0], box=(0, 0, 0.5, 0.5)), k=1)
    same = col.query(om.Image(np.asarray(cut)), k=1)
    assert corner[0].score == pytest.approx(same[0].score, abs=0.02)


@pytest.mark.parametrize("name", [Path(name).name for name in SOUNDS])
def test_a_sound_finds_itself_and_the_recording_that_it_is_in(
    col: om.Collection, folder: Path, name: str
) -> None:
    hits = col.query(audio=str(folder / name), k=3, modality="audio")
    assert found(hits)[0] == name
    assert "recording.wav" in found(hits)


def test_a_clip_finds_the_recording_that_it_was_cut_from(col: om.Collection, folder: Path) -> None:
    whole = audio.read(folder / "recording.wav", RATE).samples
    start_s = len(audio.read(folder / "REC_0002.ogg", RATE).samples) / RATE + 0.5
    piece = whole[round(start_s * RATE) : round((start_s + 4) * RATE)]
    clip = made.sound(piece, RATE, "aac", "mp4")
    hits = col.query(om.Audio(clip), k=2, modality="audio")
    assert set(found(hits)) == {"recording.wav", "harp.ogg"}
    (span,) = [hit.span for hit in hits if (hit.uri or "").endswith("recording.wav")]
    assert isinstance(span, om.TimeSpan)
    assert span.start_s < start_s + 4 and start_s < span.end_s
    part = om.Audio(folder / "recording.wav", from_s=start_s, to_s=start_s + 4)
    assert found(col.query(part, k=2, modality="audio")) == found(hits)


def test_a_long_piece_finds_its_recording_before_what_one_window_is(
    col: om.Collection, folder: Path
) -> None:
    whole = audio.read(folder / "recording.wav", RATE).samples
    piece = whole[2 * RATE : -2 * RATE]
    assert len(piece) > 15 * RATE
    hits = col.query(om.Audio(made.sound(piece, RATE, "aac", "mp4")), k=3, modality="audio")
    assert found(hits)[0] == "recording.wav"


@pytest.mark.parametrize("name", [Path(name).name for name in FILMS])
def test_a_film_finds_itself(col: om.Collection, folder: Path, name: str) -> None:
    assert found(col.query(video=folder / name, k=2))[0] == name
    piece = col.query(om.Video(folder / name, from_s=0.5, to_s=2), k=2, modality="video")
    assert found(piece)[0] == name


def test_a_page_and_a_text_find_themselves(col: om.Collection, folder: Path) -> None:
    assert found(col.query(document=folder / "bees-leaflet.pdf", k=1)) == ["bees-leaflet.pdf"]
    note = col.query(document=folder / "note.txt", k=1)
    assert found(note) == ["note.txt"]
    assert note.remarks == ()


@pytest.mark.parametrize(
    ("flag", "name", "remark"),
    [
        ("image", "harp.ogg", "harp.ogg is a sound, not a picture: asked as what it is"),
        ("audio", PHOTOS[0], f"{PHOTOS[0]} is a picture, not a sound: asked as what it is"),
        ("video", "harp.ogg", "harp.ogg is a sound, not a film: asked as what it is"),
        ("document", PHOTOS[0], f"{PHOTOS[0]} is a picture, not a PDF: asked as what it is"),
        ("image", "note.txt", "note.txt is a text, not a picture: asked as what it is"),
    ],
)
def test_a_file_of_another_kind_is_understood_and_said(
    col: om.Collection, folder: Path, flag: str, name: str, remark: str
) -> None:
    hits = col.query(**{flag: folder / name}, k=1)  # type: ignore[arg-type]
    assert found(hits) == [name]
    assert [one.rpartition("/")[2] for one in hits.remarks] == [remark]


def test_the_sound_of_a_film_is_a_sound(col: om.Collection, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(made.film(made.Shot(sound_s=3.0)))
    hits = col.query(audio=film, k=1, modality="audio")
    assert (len(hits), hits.remarks) == (1, ())


def test_the_sound_beside_a_film_is_decoded_in_the_sandbox(
    col: om.Collection, folder: Path
) -> None:
    film = om.Video([np.zeros((48, 64, 3), np.uint8)] * 8, sound=folder / "harp.ogg")
    assert len(col.query(film, k=1)) == 1
    with pytest.raises(om.errors.MediaError, match="has no sound"):
        col.query(om.Video(folder / "ball.mp4", sound=folder / PHOTOS[0]))


def test_stored_hits_ask_and_are_left_out(col: om.Collection) -> None:
    first = col.query("a cat", k=1, modality="image")[0]
    others = col.query(like=first.id, k=20, modality="image")
    assert len(others) == len(PHOTOS) - 1
    assert first.item not in {hit.item for hit in others}


def test_a_passage_is_like_others_by_the_id_of_its_hit(col: om.Collection) -> None:
    (note,) = col.query(text="bees and flowers", k=1, modality="text")
    hits = col.search(like=note.id, k=50)
    assert hits and note.id not in {hit.id for hit in hits}


def test_a_question_in_words_loads_nothing_that_decodes(col: om.Collection, folder: Path) -> None:
    code = (
        "import sys, omnisearch as om\n"
        f"with om.open({str(col.path)!r}, create=False, mode='r') as col: col.query('bees')\n"
        "print(sorted({'PIL', 'av', 'pypdfium2', 'omnisearch.decoding'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_long_sound_says_how_much_of_it_is_asked_with(col: om.Collection, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 700 * RATE).astype(np.float32)
    (tmp_path / "long.wav").write_bytes(made.sound(noise, RATE))
    hits = col.query(audio=tmp_path / "long.wav", k=1)
    (remark,) = hits.remarks
    assert re.search(r"long.wav is long: its first 6\d\d s is what is asked with", remark)
