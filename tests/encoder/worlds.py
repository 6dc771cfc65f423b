"""A small world with a gap between modalities: things are seen, heard and read, and asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisearch.encoder.calibration.calibrator import Calibrator, Target
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import Modality
from omnisearch.records import View

DIM = 48
Floats = NDArray[np.float32]
# where a modality's vectors lie, and how clearly a thing shows in them
GAPS: dict[Modality, tuple[int, float, float]] = {
    "text": (0, 0.3, 1.0),
    "image": (1, 0.8, 0.7),
    "audio": (2, 1.2, 0.7),
}


def unit(rows: NDArray[np.floating]) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def drawn(count: int, *seed: int) -> NDArray[np.float64]:
    """Draw rows that are nothing along the axes of the gaps."""
    rows: NDArray[np.float64] = np.random.default_rng(seed).normal(0, DIM**-0.5, (count, DIM))
    rows[:, : len(GAPS)] = 0
    return rows


def things(count: int, seed: int = 0) -> Floats:
    return unit(drawn(count, seed))


def shown(modality: Modality, some: Floats, seed: int = 0) -> Floats:
    """Show things in a modality: moved, and with noise."""
    axis, gap, clear = GAPS[modality]
    noise = drawn(len(some), 7, seed, axis)
    return unit(clear * some + noise + gap * np.eye(DIM, dtype=np.float32)[axis])


def asked(some: Floats, seed: int = 0) -> Floats:
    """Ask for things in words."""
    return unit(some + 0.3 * drawn(len(some), 8, seed) + 0.3 * np.eye(DIM, dtype=np.float32)[0])


def view(modality: Modality) -> View:
    return "words" if modality == "text" else "content"


def sampled(vectors: dict[Modality, Floats]) -> dict[Target, Sample]:
    found: dict[Target, Sample] = {}
    for modality, rows in vectors.items():
        sample = Sample(DIM)
        sample.add(rows)
        found[modality, view(modality)] = sample
    return found


def pair(mean: float, deviation: float, sure: float = 0.9, questions: int = 400) -> dict[str, Any]:
    """Give a map of a gallery of 400 rows, from doubtful at two deviations to sure at six."""
    places = np.linspace(2, 6, 9)
    shares = 0.001 * (sure / 0.001) ** np.linspace(0, 1, 9)
    return {
        "wrong": {"mean": mean, "deviation": deviation},
        "map": {"cosine": (mean + deviation * places).tolist(), "probability": shares.tolist()},
        "figures": {"queries": questions, "gallery": 400, "right": 0.1},
    }


def record() -> dict[str, Any]:
    """Give what stands under `calibration` in a model.json."""
    names = [f"{query} {target}" for query in GAPS for target in GAPS]
    pairs = {name: pair(0.05, 0.14) for name in names}
    pairs["audio image"] = pair(0.05, 0.14, sure=0.01)
    means = {kind: np.full(DIM, 0.03).tolist() for kind in GAPS}
    return {"means": {"query": {"text": means["text"]}, "target": means}, "pairs": pairs}


def calibrator(vectors: dict[Modality, Floats], seed: int = 0) -> Calibrator:
    """Learn from a collection, asked with words for things that it does not hold."""
    words = asked(things(240, seed=99 + seed), seed=99)
    return Calibrator(Prior.load(record())).refine(sampled(vectors), words)
