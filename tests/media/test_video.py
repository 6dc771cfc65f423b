"""Films: which frames are seen when, how they lie, and what is left of broken ones."""

from __future__ import annotations

import io
from dataclasses import replace

import av
import numpy as np
import pytest

from omnisearch.errors import MediaError
from omnisearch.media import video
from omnisearch.media.video import Film
from tests.media.made import Shot, film, sound, tone

SHORT = Shot()  # 80 frames in 8 seconds
LONG = Shot(frames=600, group=25)  # a minute


def greys(found: Film) -> list[int]:
    """The grey below the red square, which tells the time."""
    return [int(frame[-4:, -4:].mean()) for frame in found.frames]


def test_eight_frames_are_the_middles_of_eighths() -> None:
    found = video.read(film(SHORT))
    assert found.times_s == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5])
    np.testing.assert_allclose(greys(found), [255 * time / 8 for time in found.times_s], atol=4)
    assert found.frames[0].shape == (48, 64, 3) and found.frames[0].dtype == np.uint8
    assert found.sound is None and not found.damaged


@pytest.mark.parametrize(
    "shot",
    [
        SHORT,
        replace(SHORT, kind="avi"),
        replace(SHORT, kind="mpegts"),
        replace(SHORT, kind="matroska", live=True),  # tells no length
        replace(SHORT, codec="libvpx", kind="webm"),
        replace(SHORT, codec="libx264", group=1000),
        replace(SHORT, codec="mjpeg", kind="mov"),
        LONG,
        replace(LONG, kind="mpegts"),
        replace(LONG, kind="matroska", live=True),
        replace(LONG, codec="libx264", group=1000),  # nothing to jump to
    ],
    ids=str,
)
def test_frames_and_times_agree_in_any_container(shot: Shot) -> None:
    found = video.read(film(shot))
    length = shot.frames * shot.apart_ms / 1000
    wanted = (np.arange(8) + 0.5) * length / 8
    # where frames are far apart, one a little earlier does as well
    early = length / 32 if length / 8 > 4 else 0
    times = np.array(found.times_s)
    assert (times <= wanted + 0.15).all() and (times >= wanted - early - 0.3).all()
    np.testing.assert_allclose(greys(found), 255 * times / length, atol=8)


def test_the_same_film_gives_the_same_frames() -> None:
    content = film(LONG)
    one, two = (video.read(content) for _ in range(2))
    assert one.times_s == two.times_s
    np.testing.assert_array_equal(one.frames, two.frames)


def test_a_frame_that_stays_is_what_is_shown() -> None:
    """At a variable rate: ten frames in the first second, then one for nine seconds, then one."""
    times = [*range(0, 1000, 100), 1000, 10_000]
    found = video.read(film(replace(SHORT, times_ms=times)))
    assert found.times_s[0] == pytest.approx(0.6, abs=0.05)
    assert found.times_s[1:] == pytest.approx([1.0] * 7)
    assert found.frames[2] is found.frames[3]


@pytest.mark.parametrize(
    ("turned", "corner"), [(0, (2, 2)), (90, (-3, 2)), (180, (-3, -3)), (-90, (2, -3))]
)
def test_a_telephone_held_upright_is_seen_upright(turned: int, corner: tuple[int, int]) -> None:
    found = video.read(film(replace(SHORT, turned=turned))).frames[4]
    assert found.shape == ((64, 48, 3) if turned % 180 else (48, 64, 3))
    red = found[corner].astype(int)
    assert red[0] > 200 and red[1] < 60
    assert all(found[other][1] > 60 for other in {(2, 2), (-3, 2), (-3, -3), (2, -3)} - {corner})


def test_a_span_is_seen_and_heard() -> None:
    content = film(replace(SHORT, sound_s=8.0))
    found = video.read(content, frames=4, from_s=2.0, to_s=4.0)
    assert found.times_s == pytest.approx([2.2, 2.7, 3.2, 3.7], abs=0.06)
    assert found.sound is not None and found.sound.seconds == pytest.approx(2.0, abs=1e-3)
    assert video.read(content, sound=False).sound is None
    whole = video.read(content)
    assert whole.sound is not None and whole.sound.seconds == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_frames_come_more_than_once(count: int) -> None:
    found = video.read(film(replace(SHORT, frames=count)))
    assert len(found.frames) == len(found.times_s) == 8
    assert found.times_s == sorted(found.times_s) and found.times_s[0] == 0.0


def test_an_animation_is_a_film_on_white() -> None:
    found = video.read(film(replace(SHORT, codec="gif", kind="gif", frames=20)))
    assert len({grey // 8 for grey in greys(found)}) >= 6


def test_large_frames_are_made_smaller_and_enormous_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = film(replace(SHORT, frames=3, size=(1280, 720)))
    assert video.read(content).frames[0].shape == (288, 512, 3)
    monkeypatch.setattr("omnisearch.media.container.PIXELS", 500_000)
    with pytest.raises(MediaError, match=r"1,280 x 720 pixels, 500,000 are allowed"):
        video.read(content)


def test_colours_of_high_definition_are_right() -> None:
    """Red, coded as BT.709 says; read as if by the older rule it would be orange."""
    stream_to = io.BytesIO()
    with av.open(stream_to, "w", format="mp4") as file:
        named = "colormatrix=bt709:colorprim=bt709:transfer=bt709"
        stream = file.add_stream("libx264", 10, {"qp": "0", "x264-params": named})
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        planes = np.concatenate(
            [np.full((rows, 64), value) for rows, value in ((64, 63), (16, 102), (16, 240))]
        )
        frame = av.VideoFrame.from_ndarray(planes.astype(np.uint8), "yuv420p")
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    np.testing.assert_allclose(
        video.read(stream_to.getvalue()).frames[0][30, 30], (255, 0, 0), atol=3
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "has no bytes"),
        (b"hello world" * 99, "no sound or film that can be read"),
        (sound(tone(1.0, 16_000), 16_000), "has no moving pictures: read it as a sound"),
        (film(SHORT)[:2_000], "no sound or film that can be read"),
    ],
    ids=["none", "text", "sound", "cut"],
)
def test_what_is_no_film_is_told(content: bytes, fault: str) -> None:
    with pytest.raises(MediaError, match=fault):
        video.read(content)


def test_the_cover_of_an_album_is_no_film() -> None:
    stream_to = io.BytesIO()
    with av.open(stream_to, "w", format="mp4") as file:
        heard = file.add_stream("aac", rate=16_000, layout="mono")
        cover = file.add_stream("mjpeg", 1)
        assert isinstance(cover, av.VideoStream) and isinstance(heard, av.AudioStream)
        cover.width = cover.height = 64
        cover.pix_fmt, cover.disposition = "yuvj420p", av.stream.Disposition.attached_pic
        file.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        file.mux(cover.encode(None))
        whole = av.AudioFrame.from_ndarray(tone(1.0, 16_000)[None], "fltp", "mono")
        whole.sample_rate = 16_000
        for part in av.AudioResampler("fltp", "mono", 16_000, 1024).resample(whole):
            file.mux(heard.encode(part))
        file.mux(heard.encode(None))
    with pytest.raises(MediaError, match="has no moving pictures: read it as a sound"):
        video.read(stream_to.getvalue())


def test_a_film_of_no_frames_is_told() -> None:
    """A table of contents that promises frames, and nothing but zeros where they should be."""
    whole = bytearray(film(replace(SHORT, codec="libx264")))
    start = whole.index(b"mdat") + 4
    whole[start : whole.index(b"moov") - 4] = bytes(whole.index(b"moov") - 4 - start)
    with pytest.raises(MediaError, match="no frame from 0 s on that can be seen"):
        video.read(bytes(whole))


def test_a_span_after_the_end_is_told() -> None:
    with pytest.raises(MediaError, match="no frame from 20 s on that can be seen"):
        video.read(film(SHORT), from_s=20.0)


@pytest.mark.parametrize("kind", ["mpegts", "matroska"])
def test_of_a_film_cut_short_the_rest_is_seen(kind: str) -> None:
    content = film(replace(LONG, kind=kind))
    found = video.read(content[: len(content) // 3])
    assert len(found.frames) == 8 and 10 < found.times_s[-1] < 25
    assert found.damaged == (kind == "matroska")  # which says how long it was


def test_of_a_film_broken_in_the_middle_both_sides_are_seen() -> None:
    content = bytearray(film(LONG))
    third = len(content) // 3
    content[third : len(content) // 2] = np.random.default_rng(0).bytes(len(content) // 2 - third)
    found = video.read(bytes(content))
    times = np.array(found.times_s)
    assert len(times) == 8 and times[0] < 5 and times[-1] > 50
    ends = [0, 1, 6, 7]
    np.testing.assert_allclose(np.array(greys(found))[ends], 255 * times[ends] / 60, atol=10)


def test_a_film_whose_sound_is_broken_is_seen() -> None:
    content = bytearray(film(replace(SHORT, sound_s=8.0, kind="matroska")))
    content = bytearray(bytes(content).replace(b"A_AAC", b"A_XYZ"))
    found = video.read(bytes(content))
    assert len(found.frames) == 8 and found.sound is None


def test_random_damage_gives_a_film_or_a_media_error() -> None:
    random, told = np.random.default_rng(0), 0
    for kind in ("mp4", "matroska", "mpegts"):
        good = film(replace(SHORT, frames=12, kind=kind))
        for _ in range(20):
            bad = bytearray(good)
            for place in random.integers(0, len(bad), 10):
                bad[place] = int(random.integers(256))
            try:
                assert len(video.read(bytes(bad)).frames) == 8
            except MediaError:
                told += 1
    assert 0 < told < 60
