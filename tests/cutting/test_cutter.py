"""Moments are cut out of files as they are: exact samples, the right page, frames of the moment."""

from __future__ import annotations

import io
import os
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import av
import numpy as np
import pypdfium2
import pytest
from blake3 import blake3
from PIL import Image

import omnisearch as om
from tests.media.made import Shot, film, sound, tone
from tests.media.pdf import Sheet, pdf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cutter() -> Iterator[om.Cutter]:
    with om.Cutter() as one:
        yield one


def hit(path: Path, modality: Any, span: Any = None, content: bytes | None = None) -> om.Hit:
    """Write a file, and give what a query says of it."""
    if content is not None:
        path.write_bytes(content)
    found = path.read_bytes()
    item = blake3(found).hexdigest(length=16)
    uri = f"file://{quote_from_bytes(os.fsencode(path))}"
    known = {"file.bytes": len(found)}
    return om.Hit(
        f"{item}#1", item, uri, (uri,), modality, "content", span, 0.5, 0.5, {}, 0, None, known
    )


def samples(path: Path) -> tuple[np.ndarray[Any, Any], int]:
    with wave.open(str(path)) as file:
        found = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return found.reshape(-1, file.getnchannels()), file.getframerate()


def greys(path: Path) -> list[tuple[float, float]]:
    """List when each frame is shown, and how bright it is on the right."""
    with av.open(str(path)) as file:
        return [
            (round(frame.time or 0.0, 3), float(frame.to_ndarray(format="rgb24")[:, -8:].mean()))
            for frame in file.decode(video=0)
        ]


def keys(path: Path) -> list[float]:
    """List the times of the key frames."""
    with av.open(str(path)) as file:
        return [
            float(one.pts * one.time_base)
            for one in file.demux(video=0)
            if one.is_keyframe and one.pts is not None
        ]


@pytest.mark.parametrize(("codec", "kind"), [("pcm_s16le", "wav"), ("flac", "flac")])
def test_a_sound_is_cut_to_the_sample(
    tmp_path: Path, cutter: om.Cutter, codec: str, kind: str
) -> None:
    whole = np.stack([tone(6, 22_050), tone(6, 22_050, 330.0)])
    one = hit(tmp_path / f"a.{kind}", "audio", om.TimeSpan(2.0, 3.5),
              sound(whole, 22_050, codec, kind))  # fmt: skip
    made = cutter.extract(one, tmp_path / "clip.wav")
    assert made == om.Extracted(tmp_path / "clip.wav", None)
    found, rate = samples(made.path)
    assert (found.shape, rate) == ((33_075, 2), 22_050)
    wanted = whole[:, 44_100 : 44_100 + 33_075].T * 32768
    assert np.abs(found - wanted).max() <= 1
    wider = cutter.extract(one, tmp_path / "wider.wav", around_s=0.5)
    assert len(samples(wider.path)[0]) == round(2.5 * 22_050)
    edge = cutter.extract(one, tmp_path / "edge.wav", around_s=60)
    assert len(samples(edge.path)[0]) == 6 * 22_050


def test_lossy_sound_is_cut_where_it_is(tmp_path: Path, cutter: om.Cutter) -> None:
    whole = tone(8, 16_000) * (np.arange(8 * 16_000) >= 4 * 16_000)
    one = hit(tmp_path / "a.mp3", "audio", om.TimeSpan(3.5, 4.5),
              sound(whole, 16_000, "mp3", "mp3"))  # fmt: skip
    found, rate = samples(cutter.extract(one, tmp_path).path)
    loud = np.flatnonzero(np.abs(found[:, 0]) > 3000)
    assert rate == 16_000 and abs(loud[0] / rate - 0.5) < 0.06


@pytest.mark.parametrize(
    ("codec", "kind"), [("mpeg4", "mp4"), ("libvpx-vp9", "webm"), ("mpeg4", "matroska")]
)
def test_a_film_is_copied_and_begins_with_the_moment(
    tmp_path: Path, cutter: om.Cutter, codec: str, kind: str
) -> None:
    source = tmp_path / f"a.{kind}"
    source.write_bytes(film(Shot(frames=100, group=40, codec=codec, kind=kind)))
    wide, key = max((later - one, one) for one, later in pairwise([*keys(source), 10.0]))
    assert wide >= 1.0
    start_s = round(key + 0.8 * wide, 1)  # several frames behind a key frame
    one = hit(source, "video", om.TimeSpan(start_s, start_s + 2.0))
    made = cutter.extract(one, tmp_path / "clip.mp4")
    assert made.begin_s == pytest.approx(start_s)
    seen, whole = greys(made.path), dict(greys(source))
    wanted = [(time, grey) for time, grey in whole.items() if start_s <= time < start_s + 1.95]
    assert [grey for _, grey in seen[: len(wanted)]] == [grey for _, grey in wanted]
    shown = [time + start_s for time, _ in seen[: len(wanted)]]
    assert shown == pytest.approx([time for time, _ in wanted], abs=2e-3)
    assert len(seen) <= len(wanted) + 2


def test_the_sound_of_a_copied_film_is_as_long(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.mp4", "video", om.TimeSpan(4.0, 6.0),
              film(Shot(frames=100, sound_s=10.0)))  # fmt: skip
    with av.open(str(cutter.extract(one, tmp_path / "clip.mp4").path)) as file:
        heard = file.streams.audio[0]
        assert heard.duration is not None and heard.time_base is not None
        assert float(heard.duration * heard.time_base) == pytest.approx(2.0, abs=0.1)


def test_a_copy_without_a_list_of_edits_begins_earlier_and_says_so(
    tmp_path: Path, cutter: om.Cutter
) -> None:
    one = hit(tmp_path / "a.mp4", "video", om.TimeSpan(4.0, 6.0), film(Shot(frames=100, group=25)))
    made = cutter.extract(one, tmp_path / "clip.mkv")
    key = max(time for time in keys(tmp_path / "a.mp4") if time <= 4.0)
    assert made.begin_s == pytest.approx(key) and 2.0 < key
    assert made.end_s == pytest.approx(6.0, abs=0.11)  # up to a frame more
    assert len(greys(made.path)) == round(10 * (6.0 - key))
    assert greys(made.path)[0][1] == dict(greys(tmp_path / "a.mp4"))[round(key, 3)]
    old = Shot(frames=60, codec="libvpx", kind="webm", group=12)
    two = hit(tmp_path / "b.webm", "video", om.TimeSpan(3.0, 4.0), film(old))
    made = cutter.extract(two, tmp_path)
    key = max(time for time in keys(tmp_path / "b.webm") if time <= 3.0)
    assert made.path.name == "b_00m03s-00m04s.webm" and made.begin_s == pytest.approx(key)
    assert made.end_s is not None and made.begin_s is not None
    assert made.end_s - made.begin_s == pytest.approx(len(greys(made.path)) / 10, abs=0.11)
    with pytest.raises(om.errors.MediaError, match=r"vp8, which mp4 does not hold.*\.webm"):
        cutter.extract(two, tmp_path / "b.mp4")


def test_a_film_that_cannot_be_jumped_in_is_cut_all_the_same(
    tmp_path: Path, cutter: om.Cutter
) -> None:
    shot = Shot(frames=150, apart_ms=40, kind="mpegts", group=10)
    one = hit(tmp_path / "a.ts", "video", om.TimeSpan(3.0, 4.0), film(shot))
    made = cutter.extract(one, tmp_path / "clip.mkv")
    assert made.begin_s is not None and 2.5 < made.begin_s <= 3.0
    seen = greys(made.path)
    assert seen[0][1] < greys(tmp_path / "a.ts")[76][1] <= seen[-1][1]


def test_a_film_that_lies_on_its_side_still_does(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.mp4", "video", om.TimeSpan(0.0, 2.0), film(Shot(turned=90)))
    made = cutter.extract(one, tmp_path / "clip.mp4")
    with av.open(str(made.path)) as file:
        assert abs(next(file.decode(video=0)).rotation) == 90
    with Image.open(cutter.extract(one, tmp_path / "frame.png").path) as picture:
        assert picture.size == (48, 64)


def test_the_sound_and_the_middle_of_a_film(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.mp4", "video", om.TimeSpan(4.0, 6.0),
              film(Shot(frames=100, sound_s=10.0)))  # fmt: skip
    found, rate = samples(cutter.extract(one, tmp_path / "clip.wav").path)
    assert (len(found), rate) == (32_000, 16_000) and np.abs(found).max() > 10_000
    with Image.open(cutter.extract(one, tmp_path / "frame.png").path) as picture:
        assert picture.size == (64, 48)
        assert np.asarray(picture)[40, 40].tolist() == pytest.approx([127] * 3, abs=6)
    silent = hit(tmp_path / "b.mp4", "video", om.TimeSpan(0.0, 1.0), film(Shot()))
    with pytest.raises(om.errors.MediaError, match=r"b\.mp4 has no sound"):
        cutter.extract(silent, tmp_path / "b.wav")


def photo(size: tuple[int, int] = (300, 200), orientation: int | None = None) -> bytes:
    """Draw a picture with a red left half."""
    rgb = np.full((size[1], size[0], 3), 255, np.uint8)
    rgb[:, : size[0] // 2] = (255, 0, 0)
    exif, out = Image.Exif(), io.BytesIO()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(rgb).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def test_a_box_of_a_picture_is_what_a_person_sees_there(tmp_path: Path, cutter: om.Cutter) -> None:
    right = om.RegionSpan((0.5, 0.0, 0.5, 1.0))
    with Image.open(
        cutter.extract(hit(tmp_path / "a.jpg", "image", right, photo()), tmp_path / "r.png").path
    ) as found:
        assert found.size == (150, 200) and np.asarray(found)[:, 4:].min() > 240
    whole = om.RegionSpan((0.0, 0.0, 1.0, 1.0))
    one = hit(tmp_path / "b.jpg", "image", whole, photo(orientation=6))
    with Image.open(cutter.extract(one, tmp_path / "b.webp").path) as found:
        assert (found.format, found.size) == ("WEBP", (200, 300))
        assert found.convert("RGB").getpixel((100, 20))[1] < 40  # type: ignore[index]
    large = hit(tmp_path / "c.jpg", "image", right, photo((3000, 2000)))
    with Image.open(cutter.extract(large, tmp_path / "c.png").path) as found:
        assert found.size == (1500, 2000)


def test_a_page_is_alone_in_its_file(tmp_path: Path, cutter: om.Cutter) -> None:
    sheets = [Sheet((f"page number {number}",)) for number in range(1, 6)]
    one = hit(tmp_path / "a.pdf", "document", om.PageSpan(3, (0.0, 0.0, 1.0, 0.5)), pdf(*sheets))
    made = cutter.extract(one, tmp_path / "page.pdf")
    document = pypdfium2.PdfDocument(made.path)
    try:
        assert len(document) == 1
        assert document[0].get_textpage().get_text_bounded() == "page number 3"
    finally:
        document.close()
    with Image.open(cutter.extract(one, tmp_path / "box.png").path) as picture:
        assert picture.size == pytest.approx((833, 555), abs=1)
        assert np.asarray(picture).min() < 80
    gone = hit(tmp_path / "a.pdf", "document", om.PageSpan(9))
    with pytest.raises(om.errors.MediaError, match="no page 9 any more: its pages are 1 to 5"):
        cutter.extract(gone, tmp_path / "none.pdf")
    assert not (tmp_path / "none.pdf").exists()


def test_words_are_written_as_they_are(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.txt", "text", om.TextSpan(5, 9), b"before said")
    details = om.Details(one, "said\nhere", ("words",), 1, (), ())
    made = cutter.extract(details, tmp_path)
    assert made.path.name == "a_5-9.txt" and made.path.read_text() == "said\nhere\n"
    with pytest.raises(om.errors.QueryError, match="says nothing"):
        cutter.extract(one, tmp_path)


def test_nothing_is_overwritten_unasked(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    target = tmp_path / "out.png"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        cutter.extract(one, target)
    assert target.read_text() == "mine"
    cutter.extract(one, target, force=True)
    assert target.read_bytes().startswith(b"\x89PNG")
    folder = tmp_path / "out"
    folder.mkdir()
    names = [cutter.extract(one, folder).path.name for _ in range(3)]
    assert names == ["a.png", "a-2.png", "a-3.png"]
    (folder / "link.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileExistsError):
        cutter.extract(one, folder / "link.png")
    assert sorted(path.name for path in folder.iterdir()) == [
        "a-2.png",
        "a-3.png",
        "a.png",
        "link.png",
    ]
    assert (folder / "a.png").stat().st_mode & 0o111 == 0


def test_names_that_are_picked_are_tame(tmp_path: Path, cutter: om.Cutter) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for number, name in enumerate([b"-rf \x1b[31m\n.jpg", b"\xff\xfe.jpg", b"\xe6\x9d\xb1" * 80]):
        one = hit(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)), "image", None, photo())
        made = cutter.extract(one, folder).path
        assert made.parent == folder and made.name.isprintable(), number
        assert made.name[0] not in "-." and len(os.fsencode(made.name)) < 120


def test_a_file_that_has_changed_is_not_cut(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    content[-40] ^= 1
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(om.errors.MediaError, match=r"a\.jpg has changed since it was taken in"):
        cutter.extract(one, tmp_path / "b.png")
    (tmp_path / "a.jpg").unlink()
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(om.errors.MediaError, match="has changed since"):
        cutter.thumbnail(one)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(om.errors.MediaError, match=r"a\.jpg does not open"):
        cutter.thumbnail(one)


def test_another_copy_will_do(tmp_path: Path, cutter: om.Cutter) -> None:
    there = hit(tmp_path / "there.jpg", "image", None, photo())
    gone = f"file://{tmp_path}/gone.jpg"
    one = om.Hit(
        **{
            **{name: getattr(there, name) for name in om.Hit.__slots__},
            "uri": gone,
            "locations": (gone, *there.locations),
        }
    )
    picture = cutter.thumbnail(one)
    assert picture is not None and picture.size == (256, 171)


def test_thumbnails_fit_and_show_the_moment(tmp_path: Path, cutter: om.Cutter) -> None:
    right = om.RegionSpan((0.5, 0.0, 0.5, 1.0))
    found = cutter.thumbnail(hit(tmp_path / "a.jpg", "image", right, photo((3000, 2000))), 100)
    assert found is not None and found.size == (75, 100)
    assert np.asarray(found)[:, 4:].min() > 240
    shown = cutter.thumbnail(
        hit(tmp_path / "a.mp4", "video", om.TimeSpan(6.0, 8.0), film(Shot(frames=100))), 32
    )
    assert shown is not None and shown.size == (32, 24)
    assert np.asarray(shown)[20, 20].tolist() == pytest.approx([178] * 3, abs=6)
    page = cutter.thumbnail(hit(tmp_path / "a.pdf", "document", om.PageSpan(1), pdf(Sheet())), 64)
    assert page is not None and page.size == (48, 64)
    assert cutter.thumbnail(hit(tmp_path / "a.txt", "text", None, b"said")) is None
    with pytest.raises(TypeError, match="not str"):
        cutter.thumbnail("a.txt")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not str"):
        cutter.extract("a.txt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size is 0"):
        cutter.thumbnail(hit(tmp_path / "a.txt", "text"), 0)


@pytest.mark.parametrize(
    ("modality", "content"),
    [
        ("image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x02"),
        ("image", b"no picture"),
        ("video", b"\0\0\0\x18ftypisom" + bytes(1000)),
        ("document", b"%PDF-1.4\n%%EOF"),
        ("audio", b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(40)),
    ],
)
def test_hostile_files_are_refused_and_leave_nothing(
    tmp_path: Path, cutter: om.Cutter, modality: str, content: bytes
) -> None:
    span = om.PageSpan(1) if modality == "document" else om.TimeSpan(0, 1)
    one = hit(tmp_path / "bad", modality, None if modality == "image" else span, content)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(om.errors.MediaError):
        cutter.extract(one, out)
    assert not list(out.iterdir())


def test_what_cannot_be_made_is_said(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.jpg", "image", None, photo())
    with pytest.raises(om.errors.QueryError, match=r"no mp4 is made of image; give one of \.png"):
        cutter.extract(one, tmp_path / "a.mp4")
    with pytest.raises(om.errors.QueryError, match="nothing without an ending"):
        cutter.extract(one, tmp_path / "a")
    with pytest.raises(om.errors.QueryError, match="around is for sounds and films"):
        cutter.extract(one, tmp_path / "a.png", around_s=1)
    own = om.Hit("7", "7", None, (), None, "content", None, 0.5, None, {}, 0, None, {})
    with pytest.raises(om.errors.QueryError, match="a vector of your own"):
        cutter.extract(own, tmp_path)
    record = om.Hit("sku", "sku", None, (), "image", "content", None, 0.5, None, {}, 0, None, {})
    with pytest.raises(om.errors.QueryError, match="sku belongs to no file"):
        cutter.thumbnail(record)
