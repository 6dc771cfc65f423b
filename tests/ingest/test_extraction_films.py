"""Films: where shots end, which frames are given of each, and the sound beside them."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
import pytest

from omnisearch.errors import MediaError
from omnisearch.media.caps import Caps
from omnisearch.media.shots import Shots
from tests.ingest.extracting import extracted, spans
from tests.media.made import Shot, film, sound, tone

RATE = 24
SIZE = (160, 96)
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """A picture that moves to the side, by so many points a frame."""

    seed: int
    seconds: float
    moves: int = 1

    def frames(self) -> list[Picture]:
        random = np.random.default_rng(self.seed)
        wide = np.full((SIZE[1], 4 * SIZE[0], 3), random.integers(30, 220, 3), np.uint8)
        for _ in range(40):
            x, y = random.integers(0, 4 * SIZE[0]), random.integers(0, SIZE[1])
            wide[y : y + 30, x : x + 50] = random.integers(0, 255, 3)
        places = [at * self.moves for at in range(round(self.seconds * RATE))]
        return [np.roll(wide, -place, axis=1)[:, : SIZE[0]] for place in places]


def edited(
    scenes: list[Scene],
    codec: str = "mpeg4",
    group: int = 250,
    heard: npt.NDArray[np.float32] | None = None,
) -> bytes:
    """Cut scenes one behind the other, perhaps with a sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        track = None if heard is None else file.add_stream("aac", rate=16_000, layout="mono")
        stream = file.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.gop_size, stream.bit_rate = "yuv420p", group, 1_500_000
        frames = [frame for scene in scenes for frame in scene.frames()]
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if heard is not None and isinstance(track, av.AudioStream):
            fitted = av.AudioResampler("fltp", "mono", 16_000, 1024)
            whole = av.AudioFrame.from_ndarray(heard[None], "fltp", "mono")
            whole.sample_rate = 16_000
            for part in [*fitted.resample(whole), *fitted.resample(None)]:
                file.mux(track.encode(part))
            file.mux(track.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(("codec", "group"), [("mpeg4", 250), ("libx264", 250), ("libx264", 12)])
def test_shots_end_where_the_picture_changes(codec: str, group: int) -> None:
    random = np.random.default_rng(7)
    scenes = [
        Scene(seed, float(random.uniform(1.5, 6)), int(random.integers(0, 6))) for seed in range(25)
    ]
    wanted = np.cumsum([round(scene.seconds * RATE) / RATE for scene in scenes])[:-1]
    found = [shot.end_s for shot in Shots(edited(scenes, codec, group=group))][:-1]
    near = [end for end in wanted if min(abs(end - one) for one in found) <= 1 / RATE + 1e-6]
    true = [one for one in found if min(abs(end - one) for end in wanted) <= 1 / RATE + 1e-6]
    assert len(near) == len(wanted)  # 24 of 24 are found
    assert len(true) == len(found)  # and nothing else


@dataclass(frozen=True)
class Night(Scene):
    """A scene so dark that noise is half of what is seen."""

    def frames(self) -> list[Picture]:
        random = np.random.default_rng(self.seed)
        dark = (
            frame * 0.12 + 10 + random.normal(0, 4, frame.shape) for frame in Scene.frames(self)
        )
        return [frame.clip(0, 255).astype(np.uint8) for frame in dark]


@pytest.mark.slow
def test_most_shots_are_found_at_night() -> None:
    random = np.random.default_rng(11)
    scenes: list[Scene] = [
        Night(seed, float(random.uniform(1.5, 6)), int(random.integers(0, 8))) for seed in range(12)
    ]
    wanted = np.cumsum([round(scene.seconds * RATE) / RATE for scene in scenes])[:-1]
    found = [shot.end_s for shot in Shots(edited(scenes, "libx264"))][:-1]
    near = [end for end in wanted if min(abs(end - one) for one in found) <= 1 / RATE + 1e-6]
    assert len(near) >= 6 and len(found) - len(near) <= 3, (near, found)


def test_what_moves_fast_or_flashes_is_one_shot() -> None:
    fast = Scene(1, 8, moves=14)
    assert len(list(Shots(edited([fast])))) == 1
    frames = edited([Scene(2, 0.5), Scene(3, 0.4), Scene(2, 0.5), Scene(3, 0.4)])
    assert len(list(Shots(frames))) <= 2  # changes within a second go together


def test_frames_of_a_shot_are_its_own_and_in_order() -> None:
    scenes = [Scene(4, 3), Scene(5, 2.5), Scene(6, 7)]
    item, segments, _ = extracted(edited(scenes), "trip-to-the-sea.mp4")
    assert item.fields["modality"] == "video" and item.fields["named"] == "trip to the sea"
    assert spans(segments) == [
        {"start_s": 0.0, "end_s": 3.0},
        {"start_s": 3.0, "end_s": 5.5},
        {"start_s": 5.5, "end_s": 12.5},
    ]
    for scene, one in zip(scenes, segments, strict=True):
        frames = one.arrays["frames"]
        assert frames.shape == (8, SIZE[1], SIZE[0], 3) and frames.dtype == np.uint8
        given = np.array(scene.frames()).astype(int)
        near = [int(np.abs(given - frame).mean((1, 2, 3)).argmin()) for frame in frames]
        wanted = (np.arange(8) + 0.5) * len(given) / 8
        assert np.abs(near - wanted).max() <= len(given) / 16 + 1
        assert isinstance(one.fields["look"], int)


def test_a_long_shot_is_cut_in_equal_parts_of_ten_seconds_at_most() -> None:
    found = extracted(film(Shot(frames=250, group=25, kind="matroska")), "a.mkv")[1]
    assert [span["end_s"] for span in spans(found)] == [8.333, 16.667, 25.0]


def test_a_long_shot_is_cut_where_nobody_speaks() -> None:
    heard = tone(18.0, 16_000)
    heard[round(7.7 * 16_000) : round(8.3 * 16_000)] = 0
    _, segments, _ = extracted(edited([Scene(8, 18)], heard=heard), "talk.mp4")
    assert [span["end_s"] for span in spans(segments)] == pytest.approx([8.0, 18.0], abs=0.15)
    steady = extracted(edited([Scene(8, 18)], heard=tone(18.0, 16_000)), "hum.mp4")[1]
    assert [span["end_s"] for span in spans(steady)] == [9.0, 18.0]


def test_facts_and_the_sound_of_the_same_time() -> None:
    content = film(replace(Shot(frames=160), sound_s=16.0))
    item, segments, end = extracted(content, "a.mp4")
    assert item.fields["columns"] == {
        "video.seconds": pytest.approx(16.0, abs=0.1),
        "video.width": 64,
        "video.height": 48,
        "video.rate": 10.0,
    }
    assert [one.arrays["sound"].shape for one in segments] == [(128_000,), (128_000,)]
    heard = np.concatenate([one.arrays["sound"] for one in segments])
    assert np.abs(np.fft.rfft(heard)).argmax() / 16.0 == pytest.approx(440, abs=1)
    assert end.fields["columns"] == {"video.seconds": 16.0}


def test_sound_goes_on_under_the_last_picture_and_silence_is_no_sound() -> None:
    found = extracted(film(replace(Shot(frames=30), sound_s=25.0)), "a.mp4")[1]
    assert [span["end_s"] for span in spans(found)] == pytest.approx(
        [3.0, 13.0, 23.0, 25.0], abs=0.1
    )
    assert (found[-1].arrays["frames"] == found[0].arrays["frames"][-1]).all()
    assert "sound" not in extracted(film(Shot()), "a.mp4")[1][0].arrays


def test_width_and_height_are_those_that_are_shown() -> None:
    _, segments, end = extracted(film(replace(Shot(), turned=90)), "a.mp4")
    assert segments[0].arrays["frames"].shape == (8, 64, 48, 3)
    assert end.fields["columns"]["video.width"] == 48


def test_a_container_without_pictures_is_a_sound() -> None:
    content = sound(tone(3.0, 16_000), 16_000, "aac", "mp4")
    item, segments, _ = extracted(content, "talk.mp4")
    assert item.fields["modality"] == "audio" and "sound" in segments[0].arrays


def test_a_film_is_read_up_to_the_cap() -> None:
    _, segments, end = extracted(film(Shot(frames=300)), "a.mp4", Caps(hours=12 / 3600))
    assert spans(segments)[-1]["end_s"] == 12.0 and end.fields["truncated"]


def test_times_that_cannot_be_do_no_harm() -> None:
    apart = film(Shot(times_ms=[0, 100, 200, 40_000, 40_100, 900_000]))
    _, segments, end = extracted(apart, "a.mp4", Caps(hours=0.1))
    assert len(segments) < 10 and end.fields["truncated"]
    rate = film(Shot(kind="avi"))
    at = rate.index(b"vids") + 20
    _, segments, _ = extracted(rate[:at] + struct.pack("<II", 1, 10**9) + rate[at + 8 :], "a.avi")
    assert len(segments) == 1
    dense = film(Shot(times_ms=range(300), kind="matroska"))
    assert len(extracted(dense, "a.mkv")[1]) == 1


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_film_that_is_cut_off_is_stored_as_far_as_it_goes(kept: float) -> None:
    content = film(Shot(frames=300, kind="matroska"))
    _, segments, _ = extracted(content[: round(kept * len(content))], "a.mkv")
    last = spans(segments)[-1]["end_s"]
    assert 0.5 * kept * 30 < last <= 1.3 * kept * 30


def test_a_film_with_nothing_in_it_fails() -> None:
    head = film(Shot(frames=10, kind="matroska"))
    with pytest.raises(MediaError, match=r"^a\.mkv"):
        extracted(head[:450], "a.mkv")
