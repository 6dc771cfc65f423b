"""Moments of sounds and films are cut as they are: exact samples, frames of the moment."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from tests.cutting.hits import hit
from tests.media.made import Shot, film, sound, tone

pytestmark = pytest.mark.slow


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
