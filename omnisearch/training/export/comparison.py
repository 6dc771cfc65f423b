"""What an export finds from the encoded bytes on, beside what torch finds from cached features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training import plans
from omnisearch.training.export.exported import Exported
from omnisearch.training.export.shipped import Shipped
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus, media
from omnisearch.training.lessons.pairs import Pairs, Rows, same
from omnisearch.training.measures import of_scores, without_ranks
from omnisearch.training.towers.audio import clip

ROWS = {"text": 1000, "image": 1000, "audio": 1000, "video": 250, "document": 300}
_BATCH = 16
Floats = npt.NDArray[np.float32]


def measure(lab: Lab, options: Options, exported: Exported, split: str) -> dict[str, Any]:
    """Ask texts for texts and media, in torch and through the exported graphs."""
    shipped, found = Shipped(lab, options), {}
    for kind in corpus.KINDS:
        limit = plans.plan(options).test_rows if options.tiny else ROWS[kind]
        pairs = corpus.load(lab, kind, split).sample(limit)
        found[kind] = _both(lab, shipped, exported, pairs)
    return {"split": split, "kinds": found}


def _both(lab: Lab, shipped: Shipped, exported: Exported, pairs: Pairs) -> dict[str, Any]:
    rows = pairs.wanted()
    asked = [pairs.concepts[row] for row in rows]
    relevant = same(asked, pairs.concepts)
    whole = shipped.parts(pairs.candidate)
    weights = exported.model["weights"].get(pairs.name, {})
    before = shipped.parts(pairs.query, rows).fused, whole.together(weights)
    after = exported.texts(_first(pairs.query.texts, rows)), _encode(lab, exported, pairs)
    full, small = (without_ranks(of_scores(*one, relevant)) for one in (before, after))
    cosine = (before[1] * after[1]).sum(1)
    return {
        "int8": small,
        "float32": full,
        "lost_r10": round(full["r10"] - small["r10"], 2),
        "cosine": round(float(cosine.mean()), 5),
        "least_cosine": round(float(cosine.min()), 5),
    }


def _first(texts: Sequence[Sequence[str]] | None, rows: Rows) -> list[str]:
    assert texts is not None
    return [texts[row][0] for row in rows]


def _encode(lab: Lab, exported: Exported, pairs: Pairs) -> Floats:
    """Encode the candidates from their bytes."""
    side, kind = pairs.candidate, pairs.name
    texts = None if side.texts is None else [one[0] for one in side.texts]
    if side.places is None:
        assert texts is not None
        return exported.texts(texts)
    parts = []
    for at, some in _batches(media.content(lab, kind, side.places)):
        words = None if texts is None else texts[at : at + len(some)]
        parts.append(read(exported, kind, some, words))
    return np.concatenate(parts)


def read(exported: Exported, kind: str, some: Sequence[Any], texts: Sequence[str] | None) -> Floats:
    """Encode some media of a kind, perhaps read with texts."""
    if kind == "audio":
        return exported.media(kind, exported.sounds(np.stack([clip(one) for one in some])))
    if kind != "video":
        return exported.media(kind, exported.pictures(media.decoded(some)), texts)
    films = [
        exported.pictures(media.decoded(film), range(1, len(film) + 1)).film() for film in some
    ]
    return np.concatenate([exported.media(kind, one) for one in films])


def _batches(items: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for at in range(0, len(items), _BATCH):
        yield at, items[at : at + _BATCH]
