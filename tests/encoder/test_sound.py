"""Log-mel beside the training's, windows of long sounds, and the towers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.sound import SoundTower
from omnisearch.encoder.spectrum import Spectrum
from omnisearch.training.export.exported import Exported
from tests.encoder.conftest import SHIPPED_FOLDER

RATE = 16_000


@pytest.fixture(scope="module")
def files() -> ModelFiles:
    assert SHIPPED_FOLDER is not None
    return ModelFiles(SHIPPED_FOLDER)


@pytest.fixture(scope="module")
def tower(files: ModelFiles) -> SoundTower:
    return SoundTower(files)


def noise(length: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


@pytest.mark.parametrize("length", [64_000, 63_900, 63_801, 63_700, 30_000, 401, 200, 1, 0])
def test_the_spectrum_is_that_of_the_training(files: ModelFiles, length: int) -> None:
    """Silence behind a wave is not computed, and comes out the same."""
    audio_tower = pytest.importorskip("omnisearch.training.towers.audio")
    wave = noise(length)
    wanted = audio_tower.spectrum(np.pad(wave, (0, 64_000 - length))[None])[0]
    found = Spectrum(files)([wave], 4)[0]
    assert found.shape == (80, 400) and found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_what_is_too_long_for_a_spectrum_is_cut(files: ModelFiles) -> None:
    wave, spectrum = noise(70_000), Spectrum(files)
    np.testing.assert_array_equal(spectrum([wave], 4), spectrum([wave[:64_000]], 4))


@pytest.mark.parametrize(
    ("seconds", "windows"),
    [
        (0.5, [(0, 0.5)]),
        (4.0, [(0, 4)]),
        (4.2, [(0, 4)]),
        (5.0, [(0, 4), (1, 5)]),
        (12.0, [(0, 4), (4, 8), (8, 12)]),
        (9.0, [(0, 4), (2.5, 6.5), (5, 9)]),
    ],
)
def test_windows_cover_a_sound(
    tower: SoundTower, seconds: float, windows: list[tuple[float, float]]
) -> None:
    wave = noise(round(seconds * RATE))
    found = tower.windows(wave)
    np.testing.assert_allclose(found, windows)
    assert [len(part) for part in tower.cut(wave)] == [(e - s) * RATE for s, e in windows]


ALONE = """
import sys, time
import numpy as np
from pathlib import Path
from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.spectrum import Spectrum
spectrum = Spectrum(ModelFiles(Path(sys.argv[1])))
waves = [np.random.default_rng(0).standard_normal(64_000).astype(np.float32)] * 16
spectrum(waves, 4)
before = time.process_time() - time.thread_time(), time.thread_time()
for _ in range(4):
    spectrum(waves, 4)
others = time.process_time() - time.thread_time() - before[0]
assert others < 0.5 * (time.thread_time() - before[1]), others
"""


def test_the_spectrum_is_made_on_the_calling_thread() -> None:
    """NumPy's own threads, which no setting of ours reaches, have nothing to do."""
    environment = {name: x for name, x in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-c", ALONE, str(SHIPPED_FOLDER)]
    subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[2])


def test_windows_leave_no_gap_worth_hearing(tower: SoundTower) -> None:
    for length in np.random.default_rng(0).integers(400, 200 * RATE, 50):
        found = tower.windows(np.zeros(length, np.float32))
        assert found[0][0] == 0 and found[-1][1] == pytest.approx(length / RATE, abs=0.26)
        for (_, end), (start, _) in pairwise(found):
            assert start - end < 0.26


def test_towers_give_what_the_export_means(tower: SoundTower) -> None:
    assert SHIPPED_FOLDER is not None
    waves = [noise(64_000, seed) for seed in range(3)] + [noise(20_000, 9)]
    given = np.stack([np.pad(wave, (0, 64_000 - len(wave))) for wave in waves])
    wanted, found = Exported(SHIPPED_FOLDER).sounds(given), tower.encode(waves)
    for row, one in enumerate(found):
        np.testing.assert_allclose(one.soft, wanted.soft[row], atol=0.05)
        own, other = one.beside["locked"], wanted.beside["locked"][row]
        # a spectrum that differs in its last digit is rounded to other bytes here and there
        assert own @ other / np.linalg.norm(own) / np.linalg.norm(other) > 0.999


def test_a_window_does_not_depend_on_its_neighbours(tower: SoundTower) -> None:
    waves = [noise(64_000, seed) for seed in range(11)]
    alone, among = tower.encode(waves[7:8])[0], tower.encode(waves)[7]
    np.testing.assert_allclose(alone.soft, among.soft, atol=1e-3)
    again = tower.encode(waves[7:8])[0]
    np.testing.assert_array_equal(alone.soft, again.soft)


def test_no_waves_are_no_sounds(tower: SoundTower) -> None:
    assert tower.encode([]) == []


@pytest.mark.alone
def test_most_time_is_spent_in_the_graphs(files: ModelFiles, tower: SoundTower) -> None:
    """By the processor's clock, so that other work beside this does not count."""
    wave = noise(32 * RATE)
    mel = tower._spectrum(tower.cut(wave), 4)
    last, early = files.run("audio", ["last", "early"], mel=mel)

    def bare() -> None:
        files.run("audio", ["last", "early"], mel=mel)
        files.run("sound", ["soft", "locked"], last=last, early=early)

    def whole() -> None:
        tower.encode(tower.cut(wave))

    spent = {bare: 9.0, whole: 9.0}
    for _ in range(3):
        for work in spent:
            before = time.process_time()
            work()
            spent[work] = min(spent[work], time.process_time() - before)
    assert spent[whole] < 2 * spent[bare]


def test_only_its_own_graphs_are_opened() -> None:
    assert SHIPPED_FOLDER is not None
    files = ModelFiles(SHIPPED_FOLDER)
    SoundTower(files).encode([noise(16_000)])
    assert files.opened == {"audio", "sound"}
