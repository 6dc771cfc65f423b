"""Sound from files, bytes and samples, and every way in which it can be wrong."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from omnisearch.errors import MediaError
from omnisearch.media import audio
from tests.media.made import Shot, film, sound, tone, wav

RATE = 16_000


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference in the middle, the ends aside, where filters ring."""
    length = min(len(found), len(wanted))
    return float(np.abs(found[:length] - wanted[:length])[800:-800].max())


@pytest.mark.parametrize(
    ("codec", "kind", "rate"),
    [
        ("pcm_s16le", "wav", 44_100),
        ("pcm_f32le", "wav", 8_000),
        ("flac", "flac", 96_000),
        ("alac", "mov", 22_050),
    ],
)
def test_exact_files_sound_as_they_were_written(codec: str, kind: str, rate: int) -> None:
    found = audio.read(sound(tone(2.0, rate), rate, codec, kind))
    assert found.rate == RATE and found.samples.dtype == np.float32
    assert found.seconds == pytest.approx(2.0, abs=1e-3)
    assert not found.truncated and not found.damaged
    assert off(found.samples, tone(2.0, RATE)) < 0.001


@pytest.mark.parametrize(
    ("codec", "kind", "rate"),
    [
        ("libmp3lame", "mp3", 44_100),
        ("aac", "mp4", 48_000),
        ("aac", "mpegts", 44_100),
        ("libopus", "ogg", 48_000),
        ("libopus", "matroska", 48_000),
    ],
)
def test_lossy_files_sound_nearly_so(codec: str, kind: str, rate: int) -> None:
    """Up to the delay that an encoder adds."""
    found = audio.read(sound(tone(2.0, rate), rate, codec, kind))
    assert found.seconds == pytest.approx(2.0, abs=0.1)
    wanted = tone(2.0, RATE)[4_000:24_000]
    parts = [found.samples[4_000 + lag : 24_000 + lag] for lag in range(1200)]
    assert max(np.corrcoef(part, wanted)[0, 1] for part in parts) > 0.99


def test_what_needs_no_resampling_keeps_its_samples() -> None:
    numbers = (np.arange(20_000) % 2_000 - 1_000).astype("<i2")
    found = audio.read(wav(numbers.tobytes(), RATE))
    np.testing.assert_array_equal(found.samples, numbers.astype(np.float32) / 32768)


def test_resampling_keeps_the_band_and_removes_what_would_fold_back() -> None:
    low, high = (audio.read((tone(2.0, 48_000, pitch), 48_000)).samples for pitch in (6e3, 9e3))
    assert off(low, tone(2.0, RATE, 6e3)) < 0.001
    assert np.abs(high[800:-800]).max() < 0.001


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_averaged(channels: int) -> None:
    given = np.stack([tone(1.0, RATE) * (number == 0) for number in range(channels)])
    from_file = audio.read(sound(given, RATE)).samples
    from_samples = [audio.read((one, RATE)).samples for one in (given, given.T)]
    for found in (from_file, *from_samples):
        np.testing.assert_allclose(found, tone(1.0, RATE) / channels, atol=1e-4)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i2", "i4", "u1", ">i2"])
def test_samples_of_any_type_have_the_same_scale(kind: str) -> None:
    wanted = tone(0.5, RATE)
    bits = 8 * np.dtype(kind).itemsize
    full = 1.0 if "f" in kind else 2.0 ** (bits - 1)
    given = (wanted * full * 0.999 + (full if "u" in kind else 0)).astype(kind)
    found = audio.read((given, RATE)).samples
    np.testing.assert_allclose(found, wanted, atol=0.01 if bits == 8 else 0.001)


@pytest.mark.parametrize(
    ("codec", "kind"),
    [("pcm_s16le", "wav"), ("libmp3lame", "mp3"), ("aac", "mp4"), ("flac", "flac")],
)
def test_a_span_is_the_same_as_that_span_of_the_whole(codec: str, kind: str) -> None:
    random = np.random.default_rng(0)
    content = sound((0.1 * random.standard_normal(6 * RATE)).astype("f"), RATE, codec, kind)
    whole = audio.read(content).samples
    part = audio.read(content, from_s=3.5, to_s=4.25)
    assert part.seconds == pytest.approx(0.75, abs=1e-3) and not part.truncated
    assert off(part.samples, whole[56_000:68_000]) < 1e-4
    from_samples = audio.read((whole, RATE), from_s=3.5, to_s=4.25)
    np.testing.assert_array_equal(from_samples.samples, whole[56_000:68_000])


def test_what_is_longer_than_allowed_is_cut_and_says_so() -> None:
    content = sound(tone(3.0, 44_100), 44_100)
    for source in (content, (tone(3.0, 44_100), 44_100)):
        found = audio.read(source, longest_s=1.0)
        assert found.seconds == pytest.approx(1.0, abs=1e-3) and found.truncated
        later = audio.read(source, from_s=2.0, longest_s=1.0)
        assert later.seconds == pytest.approx(1.0, abs=1e-3) and not later.truncated
        asked = audio.read(source, to_s=0.5, longest_s=1.0)
        assert asked.seconds == pytest.approx(0.5, abs=1e-3) and not asked.truncated


def test_ten_hours_are_read_up_to_the_limit(tmp_path: Path) -> None:
    """The file has holes and takes no room; a header of its own length is not believed either."""
    path = tmp_path / "long.wav"
    head = wav(b"", 8_000, bits=8)
    with path.open("wb") as file:
        file.write(head[:-4] + (10 * 3600 * 8_000).to_bytes(4, "little"))
        file.truncate(len(head) + 10 * 3600 * 8_000)
    found = audio.read(path, rate=8_000, longest_s=30.0)
    assert (found.seconds, found.truncated) == (30.0, True)
    late = audio.read(path, rate=8_000, from_s=9 * 3600, longest_s=30.0)
    assert (late.seconds, late.truncated) == (30.0, True)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (b"", "the file given has no bytes"),
        (b"hello world" * 99, "no sound or film that can be read.*convert"),
        (b"#EXTM3U\n#EXTINF:5,\nfile:///etc/hosts\n", "no sound or film that can be read"),
        (b"ffconcat version 1.0\nfile '/etc/hosts'\n", "no sound or film that can be read"),
        (wav(bytes(200), 4_000_000_000 % 2**32), "rate of|no sound or film"),
        (wav(bytes(200), 10), "a rate of 10 samples a second: whole numbers from 1,000 to 768,000"),
        (wav(b"", RATE), "0.000 s of sound from 0 s on"),
        (wav(bytes(320), RATE), "0.010 s of sound from 0 s on, and at least 0.025 s"),
        (film(Shot(frames=5)), "has no sound"),
    ],
    ids=["none", "text", "playlist", "list", "4 GHz", "10 Hz", "0 s", "10 ms", "film"],
)
def test_what_is_no_sound_is_told(source: bytes, fault: str) -> None:
    with pytest.raises(MediaError, match=fault):
        audio.read(source)


@pytest.mark.parametrize(
    ("samples", "rate", "fault"),
    [
        (np.zeros(0), RATE, "0.000 s of sound"),
        (np.zeros(160), RATE, "0.010 s of sound"),
        (np.zeros(RATE), 4_000_000_000, "a rate of 4000000000 samples a second"),
        (np.zeros(RATE), 0, "a rate of 0"),
        (np.zeros(RATE), -8_000, "a rate of -8000"),
        (np.zeros(RATE), float("nan"), "a rate of nan"),
        (np.zeros(RATE), 8_000.5, "a rate of 8000.5"),
        (np.full(RATE, np.nan), RATE, "no finite numbers.*put 0 there"),
        (np.full(RATE, 1e300), RATE, "no finite numbers"),
        (np.full(RATE, 3000.0), RATE, "samples up to 3000, and full scale is 1"),
        (np.zeros((100, 100)), RATE, r"has shape \(100, 100\)"),
        (np.zeros((2, 2, 2)), RATE, r"has shape \(2, 2, 2\)"),
        (np.zeros(()), RATE, r"has shape \(\)"),
        (np.zeros(RATE, complex), RATE, "samples of complex128"),
        (np.array(["a"] * RATE), RATE, "samples of <U1"),
    ],
)
def test_samples_that_are_none_are_told(samples: np.ndarray, rate: int, fault: str) -> None:
    with pytest.raises(MediaError, match=fault):
        audio.read((samples, rate))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_file_of_floats_with_one_that_is_none_is_told(bad: float) -> None:
    samples = tone(9.0, RATE)
    samples[100_000] = bad
    content = wav(samples.astype("<f4").tobytes(), RATE, kind=3, bits=32)
    with pytest.raises(MediaError, match="the file given has samples that are no finite numbers"):
        audio.read(content)
    assert audio.read(content, to_s=5.0).seconds == 5.0


def test_paths_that_are_no_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    os.mkfifo(tmp_path / "pipe.wav")
    for name, fault in (
        ("none.wav", "does not open"),
        ("empty.wav", "is empty"),
        ("pipe.wav", "is no regular file"),
        ("", "is a folder"),
        ("\0.wav", "does not open"),
    ):
        with pytest.raises(MediaError, match=fault):
            audio.read(tmp_path / name)


def test_a_name_is_never_taken_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sound(tone(1.0, RATE), RATE)
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a.wav", "data:x", "%03d.wav", "-i.wav", "http:x"):
        Path(name).write_bytes(content)
        assert audio.read(name).seconds == 1.0


def test_a_file_cut_or_damaged_in_the_middle_gives_what_is_left() -> None:
    content = sound(tone(4.0, 44_100), 44_100, "libmp3lame", "mp3")
    assert 1.5 < audio.read(content[: len(content) // 2]).seconds < 2.5
    random = np.random.default_rng(0)
    bad = bytearray(content)
    bad[len(bad) // 2 : len(bad) * 5 // 8] = random.bytes(len(bad) * 5 // 8 - len(bad) // 2)
    found = audio.read(bytes(bad))
    assert found.damaged and 3.0 < found.seconds < 4.5


def test_random_damage_gives_sound_or_a_media_error() -> None:
    random, told = np.random.default_rng(0), 0
    for codec, kind in (
        ("pcm_s16le", "wav"),
        ("libmp3lame", "mp3"),
        ("aac", "mp4"),
        ("flac", "flac"),
    ):
        good = sound(tone(0.5, RATE), RATE, codec, kind)
        for _ in range(25):
            bad = bytearray(good)
            for place in random.integers(0, min(len(bad), 400), 6):
                bad[place] = int(random.integers(256))
            try:
                assert np.isfinite(audio.read(bytes(bad), longest_s=5.0).samples).all()
            except MediaError:
                told += 1
    assert told > 5


def test_names_in_no_known_letters_disturb_nothing() -> None:
    info = b"INFOINAM" + (4).to_bytes(4, "little") + b"\xff\xfe\x80\x00"
    whole = bytearray(wav(bytes(32_000), RATE) + b"LIST" + len(info).to_bytes(4, "little") + info)
    whole[4:8] = (len(whole) - 8).to_bytes(4, "little")
    assert audio.read(bytes(whole)).seconds == 1.0


def test_a_film_is_heard() -> None:
    found = audio.read(film(Shot(frames=20, sound_s=2.0)))
    assert found.seconds == pytest.approx(2.0, abs=0.15)
    assert 0.45 < np.percentile(np.abs(found.samples), 90) < 0.55


def test_integers_are_of_the_scale_that_they_fill() -> None:
    wave = (np.sin(np.arange(16_000) / 9) * 9_830).astype(np.int16)
    kept = audio.read((wave, 16_000)).samples
    for given in (wave.tolist(), wave.astype(np.int32), wave.astype(np.int64)):
        assert np.array_equal(audio.read((given, 16_000)).samples, kept)
    wide = audio.read((wave.astype(np.int64) << 16, 16_000)).samples
    assert np.array_equal(wide, kept)
    with pytest.raises(MediaError, match="32 bits are the most"):
        audio.read((wave.astype(np.int64) << 40, 16_000))
