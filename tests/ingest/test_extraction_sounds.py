"""Sounds: windows at silences, and what their files tell."""

from __future__ import annotations

import io
from itertools import pairwise

import av
import numpy as np
import numpy.typing as npt
import pytest

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import sound as sounds
from omnisearch.media.caps import Caps
from tests.ingest.extracting import extracted, spans
from tests.media.made import sound, tone, wav

RATE = 16_000
Floats = npt.NDArray[np.float32]


def noise(seconds: float, loud: float = 0.3) -> Floats:
    random = np.random.default_rng(round(seconds * 1000))
    return (loud * random.standard_normal(round(seconds * RATE))).clip(-1, 1).astype(np.float32)


def file_of(*parts: Floats, codec: str = "pcm_s16le", kind: str = "wav") -> bytes:
    return sound(np.concatenate(parts), RATE, codec, kind)


def test_a_short_sound_is_one_window() -> None:
    item, segments, end = extracted(file_of(tone(3.0, RATE)), "dog-bark.wav")
    assert item.fields["modality"] == "audio" and item.fields["named"] == "dog bark"
    assert item.fields["columns"] == {"audio.seconds": 3.0}
    assert spans(segments) == [{"start_s": 0.0, "end_s": 3.0}]
    heard = segments[0].arrays["sound"]
    assert heard.dtype == np.float32 and heard.shape == (3 * RATE,)
    assert end.fields["columns"] == {"audio.seconds": 3.0}


def test_windows_end_in_pauses() -> None:
    hush = noise(0.6, 1e-4)
    content = file_of(*(part for seconds in (6, 7, 4, 8.5) for part in (noise(seconds), hush)))
    _, segments, _ = extracted(content, "talk.wav")
    ends = [span["end_s"] for span in spans(segments)][:-1]
    assert ends == pytest.approx([6.3, 13.9, 18.5], abs=0.25)
    assert all(span["end_s"] - span["start_s"] <= 10 for span in spans(segments))


def test_steady_sound_is_cut_all_the_same_and_nothing_is_lost() -> None:
    _, segments, _ = extracted(file_of(tone(47.0, RATE)), "hum.wav")
    found = spans(segments)
    assert found[0]["start_s"] == 0 and found[-1]["end_s"] == 47
    for before, after in pairwise(found):
        assert after["start_s"] == before["end_s"]
    assert all(3 <= span["end_s"] - span["start_s"] <= 10 for span in found[:-1])
    whole = np.concatenate([one.arrays["sound"] for one in segments])
    np.testing.assert_allclose(whole, tone(47.0, RATE), atol=1e-4)


def test_silence_is_left_out_unless_there_is_nothing_else() -> None:
    hush = np.zeros(60 * RATE, np.float32)
    _, segments, _ = extracted(file_of(noise(3), hush, noise(3)), "wait.wav")
    assert sum(span["end_s"] - span["start_s"] for span in spans(segments)) < 26
    assert spans(segments)[-1]["end_s"] == 66
    _, segments, end = extracted(file_of(hush), "hush.wav")
    assert len(segments) == 1 and end.fields["columns"] == {"audio.seconds": 60.0}


def test_of_hours_of_silence_some_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "_SILENCE_S", 180.0)  # of minutes, here
    hush = sound(np.zeros(1_000 * 400, np.float32), 1_000)  # 400 s
    assert len(extracted(hush, "night.wav")[1]) == 2


@pytest.mark.parametrize("pieces", [1, 3, 100])
def test_windows_do_not_depend_on_how_a_sound_comes(pieces: int) -> None:
    whole = np.concatenate([noise(6), noise(1, 1e-4), noise(9), noise(0.5, 1e-4), noise(20)])
    found = [(start, len(w)) for start, w in sounds.windows(np.array_split(whole, pieces))]
    assert found == [(start, len(w)) for start, w in sounds.windows([whole])]


def test_a_sound_is_read_up_to_the_cap() -> None:
    caps = Caps(hours=12 / 3600)
    _, segments, end = extracted(file_of(noise(30)), "long.wav", caps)
    assert spans(segments)[-1]["end_s"] == 12 and end.fields["truncated"]
    assert end.fields["columns"] == {}


@pytest.mark.parametrize(
    ("codec", "kind", "rate"),
    [("flac", "flac", 44_100), ("mp3", "mp3", 44_100), ("libopus", "ogg", 48_000)],
)
def test_tags_become_columns(codec: str, kind: str, rate: int) -> None:
    out = io.BytesIO()
    tags = {"title": "Blue  Danube", "artist": "Strauss", "album": "Waltzes", "date": "1867-02-15"}
    with av.open(out, "w", format=kind) as file:
        file.metadata.update(tags)
        stream = file.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        context = stream.codec_context
        fitted = av.AudioResampler(context.format, "mono", rate, context.frame_size or None)
        frame = av.AudioFrame.from_ndarray(tone(2.0, rate)[None], "fltp", "mono")
        frame.sample_rate = rate
        for part in [*fitted.resample(frame), *fitted.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    item, _, _ = extracted(out.getvalue(), f"track.{kind}")
    columns = item.fields["columns"]
    assert columns["audio.seconds"] == pytest.approx(2.0, abs=0.1)
    assert {name: columns[f"audio.{name}"] for name in ("title", "artist", "album", "year")} == {
        "title": "Blue Danube",
        "artist": "Strauss",
        "album": "Waltzes",
        "year": 1867,
    }


@pytest.mark.parametrize(
    "content",
    [
        wav(b"", RATE),
        wav(bytes(100), RATE),
        wav(bytes(8_000), 4_000_000_000),
        wav(bytes(60_000 * 20), RATE, channels=30_000),
        wav(bytes(200 * 2_000), RATE, channels=100),
        wav(np.full(RATE, np.nan, np.float32).tobytes(), RATE, 3, 32),
        wav(np.full(RATE, np.inf, np.float32).tobytes(), RATE, 3, 32),
        wav(np.full(RATE, 1e30, np.float32).tobytes(), RATE, 3, 32),
        b"RIFF\xff\xff\xff\xffWAVE",
        b"fLaC" + bytes(100),
        b"OggS" + bytes(200),
        b"ID3\4\0\0\0\0\0\x7f" + bytes(500),
    ],
)
def test_what_is_no_sound_fails_with_a_reason(content: bytes) -> None:
    with pytest.raises(MediaError, match=r"^a\.wav"):
        extracted(content, "a.wav")


def test_a_sound_that_is_cut_off_is_stored_as_far_as_it_goes() -> None:
    content = file_of(noise(20), codec="flac", kind="flac")
    _, segments, _ = extracted(content[: len(content) // 2], "a.flac")
    assert 8 < spans(segments)[-1]["end_s"] < 12


def test_a_sound_before_a_void_is_stored_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "_VOID_BYTES", 4 << 20)
    content = file_of(noise(1.5), codec="libmp3lame", kind="mp3") + bytes(16 << 20)
    _, segments, end = extracted(content, "a.mp3")
    assert [1.5 <= one["end_s"] < 1.7 for one in spans(segments)] == [True]
    assert end.fields["truncated"] and 1.5 <= end.fields["columns"]["audio.seconds"] < 1.7
