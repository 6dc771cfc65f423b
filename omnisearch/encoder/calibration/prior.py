"""What ships with an encoder: how much a near hit is worth, learnt where right answers are known.

A map from cosine to probability holds for the gallery that it was learnt from. What carries over is
how many wrong rows one expects to be as near: rows times share of wrong pairs. Over minus the
logarithm of that, the surprise, the log odds of all maps are nearly one straight line, the same for
every modality asked with words: one line serves them, so a list over all modalities is fair.
Questions that are pictures, sounds, films or pages have a line for each modality, as high as their
maps say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.background import Background
from omnisearch.encoder.parts import MODALITIES, Modality
from omnisearch.errors import EncoderFilesError

Numbers = npt.NDArray[np.float64]
Pair = tuple[Modality, Modality]  # of the question, of the answer

_SURE = 1e-4  # no map is surer than this, either way: its ends rest on few hits
_FEW = 50  # questions whose line counts as much as the common one


@dataclass(frozen=True, slots=True)
class Knots:
    """A map: the surprise of cosines, the log odds that a hit is right, what each is worth."""

    surprise: Numbers  # -log of the wrong rows that are expected to be as near
    odds: Numbers
    weight: Numbers
    questions: int


@dataclass(frozen=True)
class Prior:
    """Log odds = height + slope x surprise; heights and backgrounds of what was learnt."""

    height: float
    slope: float
    heights: Mapping[Pair, float]
    backgrounds: Mapping[Pair, Background]

    @classmethod
    def load(cls, record: Mapping[str, Any]) -> Prior:
        """Read `calibration` of an encoder's `model.json`."""
        try:
            return _learn(record)
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise EncoderFilesError(
                f"the calibration of the encoder cannot be read ({error!r}): install the encoder "
                "again, or make it anew with `omnisearch train calibrate` and `export`"
            ) from error

    def odds(self, pair: Pair, surprise: Numbers) -> Numbers:
        """Give the log odds of hits."""
        return np.asarray(self.heights.get(pair, self.height) + self.slope * surprise)

    def foreign(self) -> Prior:
        """Give what holds for other encoders too: the common line."""
        return Prior(self.height, self.slope, {}, {})


@cache
def shipped() -> Prior:
    """Read the prior of omni-mini; for models of the hub take its `foreign()` part."""
    model = resources.files("omnisearch").joinpath("weights/omni-mini/model.json")
    return Prior.load(json.loads(model.read_text("utf-8"))["calibration"])


def _learn(record: Mapping[str, Any]) -> Prior:
    backgrounds = {_pair(name): _background(record, name) for name in record["pairs"]}
    knots = {_pair(n): _knots(p, backgrounds[_pair(n)], n) for n, p in record["pairs"].items()}
    words = [one for (query, _), one in knots.items() if query == "text"]
    height, slope = _line(words)
    heights = {}
    for pair, one in knots.items():
        if pair[0] != "text":
            own = np.average(one.odds - slope * one.surprise, weights=one.weight)
            trust = one.questions / (one.questions + _FEW)
            heights[pair] = height + trust * (float(own) - height)
    return Prior(height, slope, heights, backgrounds)


def _pair(name: str) -> Pair:
    query, target = name.split(" ")
    if query not in MODALITIES or target not in MODALITIES:
        raise ValueError(f"{name!r} does not name two modalities")
    return query, target


def _background(record: Mapping[str, Any], name: str) -> Background:
    """Read what wrong pairs are like; words are asked for anything, not for this modality alone."""
    wrong, (query, target) = record["pairs"][name]["wrong"], _pair(name)
    mean = wrong["mean"]
    if query == "text":
        asked, found = record["means"]["query"][query], record["means"]["target"][target]
        mean = np.dot(np.asarray(asked, np.float64), np.asarray(found, np.float64))
    if not np.isfinite([mean, wrong["deviation"]]).all() or wrong["deviation"] <= 0:
        raise ValueError(f"{name}: the cosines of wrong pairs have no deviation")
    return Background.normal(float(mean), float(wrong["deviation"]))


def _knots(found: Mapping[str, Any], background: Background, name: str) -> Knots:
    """Turn a map of a gallery into odds over surprise."""
    cosine = np.asarray(found["map"]["cosine"], np.float64)
    share = np.asarray(found["map"]["probability"], np.float64)
    if not len(cosine) or cosine.shape != share.shape or not np.isfinite([cosine, share]).all():
        raise ValueError(f"{name}: the map is empty or no map")
    if (np.diff(cosine) < 0).any() or (np.diff(share) < 0).any() or share[-1] > 1 or share[0] < 0:
        raise ValueError(f"{name}: the map does not rise from 0 to 1")
    share = np.clip(share, _SURE, 1 - _SURE)
    surprise = background.rarity(cosine) - math.log(int(found["figures"]["gallery"]))
    odds = np.log(share / (1 - share))
    return Knots(surprise, odds, share * (1 - share), int(found["figures"]["queries"]))


def _line(maps: list[Knots]) -> tuple[float, float]:
    """Lay one line through maps, each of the same weight; sure knots say little about the odds."""
    surprise = np.concatenate([one.surprise for one in maps])
    odds = np.concatenate([one.odds for one in maps])
    weight = np.concatenate([one.weight / one.weight.sum() for one in maps])
    wide = np.stack([np.ones_like(surprise), surprise], axis=1)
    height, slope = np.linalg.solve((wide * weight[:, None]).T @ wide, wide.T @ (weight * odds))
    if slope <= 0:
        raise ValueError("the maps fall")
    return float(height), float(slope)
