"""How the evidence of a segment's views and of the question's words becomes one odds.

All numbers were fitted on the validation split of `benchmarks/fusion.py`; docs/query.md has what
they come to on the test split. What a segment lacks says nothing against it: media without words
lose no place by having none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import probability
from omnisearch.records import Modality

Floats = npt.NDArray[np.float32]
Modalities = Sequence[Modality | None]
Kinds = npt.NDArray[np.integer[Any]]

# Words alone, of a text or a passage: height, part of its cosine's odds, of what it says
_READ = (-0.8, 0.9, 12.0)
# Both views of a medium: a caption often says part of what is asked, and how it looks tells then
_BOTH = (-1.0, 0.6, 0.8, 8.0)
_DEAF = 1.0  # log odds that words which say something else take from how a segment looks, at most
_BLIND = -8.0  # below this, how it looks takes no more from what it says
_UNASKED = 0.05  # of the words, squared: what right answers say, where words do not ask
_SAID = (-4.5, 15.0)  # words that were found without any vector
# Log odds that surer hits of a kind take from the next, at most, and how many it takes for half of
# that. Bounded: two hits that are alike are seldom both meant, of twenty more than one may be.
_RIVALS = (1.25, 0.3)
# Pictures that a picture read with words is nearest to are surer than the cosines of pictures say:
# on validation the first said 25 in 100, and 61 were right. As a line over those log odds; what
# other media come to with words was not measured.
JOINT: Mapping[Modality, tuple[float, float]] = {"image": (2.0, 1.3)}
_PLENTY = "document"  # of pages that are about a thing each is right, however many
DEEP = 1000  # ranks that count: as many candidates of each list are taken, so k changes none
_RANKS = 60  # of reciprocal rank fusion (Cormack et al. 2009): how little the first ranks differ


@dataclass(frozen=True)
class Evidence:
    """What speaks for each of n segments; NaN where a segment has no such view."""

    content: Floats  # (n,) log odds of how it looks or sounds
    words: Floats  # (n,) log odds of the vector of what it says
    bm25: Floats  # (n,) 0 where none of the question's words is said
    most: float  # what BM25 comes to where all of the question's words are said without end
    modalities: Modalities | None = None  # (n,) of a question in words; None: a medium asks
    whole: Floats | None = None  # (n,) log odds gained by what a text says as a whole


def fuse(found: Evidence) -> Floats:
    """Give the log odds (n,) that each segment is right."""
    # Squared: some of a question's words stand anywhere by chance, nearly all of them do not
    told = np.square(np.clip(found.bm25 / np.float32(found.most or 1.0), 0, 1))
    nearest = np.fmax(found.content, found.words) + _BOTH[3] * told
    if found.modalities is not None:
        nearest = _of_words(found, told, found.modalities)
    lone = _SAID[0] + _SAID[1] * told
    gained = 0.0 if found.whole is None else found.whole
    return np.asarray(np.where(np.isnan(nearest), lone, nearest) + gained, np.float32)


def _of_words(found: Evidence, told: Floats, modalities: Modalities) -> Floats:
    """Judge what words ask for; `told` is how much of them each segment says."""
    names = np.array(modalities, object)
    seen, read = found.content, found.words
    said = told if found.most else np.full_like(told, _UNASKED)
    alone = _READ[0] + _READ[1] * read + _READ[2] * said
    together = _BOTH[0] + _BOTH[1] * np.maximum(seen, _BLIND) + _BOTH[2] * read + _BOTH[3] * said
    both = np.maximum(seen - _DEAF, together)
    both = np.where(names == "document", np.maximum(seen, alone), both)  # a page is its words
    return np.where(np.isnan(read), seen + _BOTH[3] * told, np.where(np.isnan(seen), alone, both))


def bound(found: Evidence) -> Floats:
    """Give what no segment is above whose views are no nearer than these, whichever it has."""
    none = np.full_like(found.content, np.nan)
    unread = np.where(np.isnan(found.content), -np.inf, fuse(replace(found, words=none)))
    unseen = np.where(np.isnan(found.words), -np.inf, fuse(replace(found, content=none)))
    return np.asarray(np.maximum.reduce([fuse(found), unread, unseen]), np.float32)


def among(
    odds: Floats,
    modalities: Modalities,
    items: Sequence[str] | None = None,
    joint: Modality | None = None,
) -> Floats:
    """Give the log odds of hits (n,), best first, in the light of those above them.

    Each was judged as if it were alone. What surer hits of its kind leave to a hit is less, so that
    a family of look-alikes is not as sure of all its members; the order stays. Moments of one of
    the `items` (n,), if they are given, leave each other what they have. `joint` is the modality of
    a medium that asks together with words, one of `JOINT`.
    """
    names = np.array(modalities, object)
    if joint:
        height, slope = JOINT[joint]
        odds = np.where(names == joint, height + slope * odds, odds)
    sure = probability(odds).astype(np.float64)
    owner = np.arange(len(odds))
    if items is not None:
        _, firsts, of = np.unique(np.array(items, object), return_index=True, return_inverse=True)
        owner = firsts[of]
    first = owner == np.arange(len(odds))
    found = odds.astype(np.float64)
    here = names == np.array(list(dict.fromkeys(modalities)), object)[:, None]  # (modalities, n)
    own = np.where(here[:, owner], sure[owner], 0)
    above = np.maximum(np.cumsum(np.where(first & here, sure, 0), axis=1) - own, 0)
    taken = np.where(here & (names != _PLENTY), above / (above + _RIVALS[1]), 0)
    found -= _RIVALS[0] * taken.sum(axis=0)
    return np.asarray(np.minimum.accumulate(found), np.float32)


def least_alone(odds: float, joint: Modality | None) -> float:
    """Give the log odds below which no hit is so sure among others."""
    if joint is None:
        return odds
    height, slope = JOINT[joint]
    return min(odds, (odds - height) / slope)


def by_ranks(found: Evidence, kinds: Kinds, deep: int = DEEP) -> Floats:
    """Give each segment the mean of its reciprocal ranks: an order, of which no odds are known.

    Ranks are counted among segments of its kind (n,), and the mean is over the lists that it could
    be in, for else whatever has words would be before all that only looks or sounds right. Ranks
    count down to `deep`, which are the same however many candidates there are besides.
    """
    said = np.where(found.bm25 > 0, found.bm25, np.nan)
    said[np.argsort(-said, kind="stable")[deep:]] = np.nan
    total, lists = np.zeros((2, len(said)), np.float32)
    for scores in (found.content, found.words, said):
        for kind in np.unique(kinds):
            own = np.flatnonzero((kinds == kind) & ~np.isnan(scores))
            own = own[np.argsort(-scores[own], kind="stable")][:deep]
            total[own] += 1 / (_RANKS + 1 + np.arange(len(own), dtype=np.float32))
    speaks = ~np.isnan(found.words) | (found.bm25 > 0)
    lists += ~np.isnan(found.content)
    lists += ~np.isnan(found.words)
    lists += speaks & (found.most > 0)
    return np.asarray(total / np.maximum(lists, 1), np.float32)
