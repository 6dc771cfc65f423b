"""Would a vector of the whole help to find long texts? python -m benchmarks.long_texts.

Each text has six passages, each of definitions below one notion of WordNet, and each notion is in
four texts. One asks for three notions of one text, or for one notion. Scores are compared, nothing
is stored: the best passage, as the engine has it, and what a mean of all passages adds.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.lab import Lab

RESULT = Path(__file__).with_name("results") / "long-texts.json"
TEXTS, PASSAGES, NOTIONS, LINES = 100, 6, 150, 5
ASKED = 3  # notions of a text
SEED, DRAWS = 7, 2_000
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def made(lab: Lab) -> tuple[list[str], npt.NDArray[np.int64], list[list[str]]]:
    """Give the names of notions, those of each text, and its passages."""
    rng = np.random.default_rng(SEED)
    synsets = {one.offset: one for one in WordNet.load(lab).synsets()}
    below: dict[int, list[int]] = defaultdict(list)
    for one in synsets.values():
        for above in one.hypernyms:
            below[above].append(one.offset)
    fit = [at for at, found in below.items() if 12 <= len(found) <= 40 and at in synsets]
    notions = [fit[at] for at in rng.permutation(len(fit))[:NOTIONS]]
    of = np.stack([rng.permutation(NOTIONS)[:PASSAGES] for _ in range(TEXTS)])

    def line(offset: int) -> str:
        one = synsets[offset]
        return f"{_name(one.lemmas[0])}: {one.gloss.split(';')[0]}."

    def passage(notion: int) -> str:
        found = below[notions[notion]]
        return " ".join(line(found[at]) for at in rng.permutation(len(found))[:LINES])

    names = [_name(synsets[at].lemmas[0]) for at in notions]
    return names, of, [[passage(notion) for notion in one] for one in of.tolist()]


def _name(lemma: str) -> str:
    return lemma.replace("_", " ")


def scores(questions: Floats, passages: Floats) -> dict[str, Floats]:
    """Score each text (n, texts) in every way."""
    whole = passages.mean(axis=1)
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    best = np.einsum("qd,tpd->qtp", questions, passages).max(axis=2)
    mean = questions @ whole.T
    return {
        "best passage": best,
        "whole alone": mean,
        "the better of both": np.maximum(best, mean),
        "best + whole / 2": best + mean / 2,
        "best + whole": best + mean,
    }


def gains(found: Floats, right: Mask) -> dict[str, Floats]:
    """Give R@10 and nDCG@10 of each question."""
    order = np.argsort(-found, axis=1, kind="stable")[:, :10]
    hit, count = np.take_along_axis(right, order, 1), np.minimum(10, right.sum(axis=1))
    worth = 1 / np.log2(np.arange(10) + 2)
    ideal = np.cumsum(worth)[count - 1]
    return {"R@10": hit.sum(axis=1) / count, "nDCG@10": (hit * worth).sum(axis=1) / ideal}


def compared(questions: Floats, passages: Floats, right: Mask) -> dict[str, Any]:
    """Give the mean of each way, and how far it is from the best passage, with 95 % of draws."""
    rng, ways = np.random.default_rng(SEED), scores(questions, passages)
    usual, found = gains(ways["best passage"], right), dict[str, Any]()
    for way, one in ways.items():
        found[way] = {}
        for name, values in gains(one, right).items():
            apart = values - usual[name]
            means = apart[rng.integers(0, len(apart), (DRAWS, len(apart)))].mean(axis=1)
            low, high = np.percentile(means, [2.5, 97.5])
            told = [float(apart.mean()), float(low), float(high)]
            found[way][name] = [round(float(values.mean()), 3), *(round(x, 3) for x in told)]
    return found


def main() -> None:
    """Make, encode, compare, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    given = parser.parse_args()
    names, of, texts = made(Lab(given.lab))
    encoder, rng = om.Encoder.load(), np.random.default_rng(SEED)
    flat = [passage for one in texts for passage in one]
    passages = encoder.encode(flat).reshape(TEXTS, PASSAGES, -1)
    drawn = [one[rng.permutation(PASSAGES)[:ASKED]] for one in of]
    several = [", ".join(names[at] for at in one[:-1]) + f" and {names[one[-1]]}" for one in drawn]
    known = np.array([[notion in one for one in of.tolist()] for notion in range(NOTIONS)])
    there = np.flatnonzero(known.any(axis=1))
    alone = encoder.encode([names[at] for at in there.tolist()], role="query")
    found = {
        "texts": TEXTS,
        "each": "mean, difference to the best passage, and its interval of 95 %",
        "three notions": compared(
            encoder.encode(several, role="query"), passages, np.eye(TEXTS, dtype=bool)
        ),
        "one notion": compared(alone, passages, known[there]),
    }
    told = json.dumps(found, indent=1)
    print(told)
    RESULT.write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    main()
