"""Where a recording sounds and where it pauses, by loudness alone; and where it may be cut.

What is loud is judged against its surroundings, so a whisper in a quiet room counts as much as a
call in a noisy street. Steady noise has no pauses: all of it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Span = tuple[int, int]  # samples


@dataclass(frozen=True, slots=True)
class Pauses:
    """What counts as a pause."""

    frame_s: float = 0.02  # a syllable has several
    around_s: float = 30.0  # loudness is judged against this much
    below_db: float = 30.0  # under the loudest: the end of a word is that quiet
    share: float = 0.35  # of the way from the quietest to the loudest
    silent_db: float = -65.0  # of full scale: nobody speaks so low
    margin_s: float = 0.2  # kept on both sides: consonants are quiet
    shortest_s: float = 0.4  # of a pause; between words there are shorter ones
    apart_s: float = 1.0  # a longer one parts what is written down at once
    click_s: float = 0.06  # what is loud for less is nobody's word


PAUSES = Pauses()


def stretches(wave: Floats, rate: int, pauses: Pauses = PAUSES) -> list[Span]:
    """Give what lies between pauses, in order; nothing where all is silent."""
    frame = round(pauses.frame_s * rate)
    level = loudness(wave, frame)
    around = round(pauses.around_s / pauses.frame_s)
    parts = [_loud(part, pauses) for part in _parts(level, around)]
    loud = np.concatenate(parts) if parts else np.zeros(0, bool)
    edges = np.flatnonzero(np.diff(loud, prepend=False, append=False)).reshape(-1, 2)
    least, gap = pauses.click_s / pauses.frame_s, pauses.shortest_s / pauses.frame_s
    margin = round(pauses.margin_s * rate)
    found: list[list[int]] = []
    for start, end in _joined(edges, gap):
        if loud[start:end].sum() >= least:
            found.append([max(0, start * frame - margin), min(len(wave), end * frame + margin)])
    return [(start, end) for start, end in found]


def cut(wave: Floats, rate: int, span: Span, longest: int, pauses: Pauses = PAUSES) -> list[Span]:
    """Cut a span into parts of at most so many samples, a second or more, where it is quietest."""
    start, end = span
    found: list[Span] = []
    frame = round(pauses.frame_s * rate)
    while end - start > longest:
        count = -(-(end - start) // longest)
        first, last = start + (end - start) // (2 * count), start + longest
        smooth = np.convolve(loudness(wave[first:last], frame), np.ones(5) / 5, "same")
        place = first + int(smooth[2:-2].argmin() + 2) * frame + frame // 2
        found.append((start, place))
        start = place
    return [*found, (start, end)]


def loudness(wave: Floats, frame: int) -> npt.NDArray[np.float64]:
    """Give the loudness of frames in decibels of full scale; a last part of one is left out."""
    whole = wave[: len(wave) // frame * frame].reshape(-1, frame)
    power = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / frame
    return np.asarray(10 * np.log10(power + 1e-12))


def _parts(level: npt.NDArray[np.float64], around: int) -> Iterator[npt.NDArray[np.float64]]:
    """Cut in parts of about the same length, a rest added to the last."""
    count = max(1, len(level) // around)
    yield from np.array_split(level, count)


def _loud(level: npt.NDArray[np.float64], pauses: Pauses) -> npt.NDArray[np.bool_]:
    if not len(level):
        return np.zeros(0, bool)
    low, high = np.percentile(level, [10, 97])
    bound = max(high - pauses.below_db, low + pauses.share * (high - low), pauses.silent_db)
    return np.asarray(level >= bound)


def _joined(edges: npt.NDArray[np.intp], gap: float) -> list[list[int]]:
    """Join neighbours that are less than a pause apart."""
    found: list[list[int]] = []
    for start, end in edges.tolist():
        if found and start - found[-1][1] < gap:
            found[-1][1] = end
        else:
            found.append([start, end])
    return found
