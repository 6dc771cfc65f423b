"""What an export finds from the encoded bytes on, beside what torch finds from cached features.

The stage `export` measures it on validation. The stage `release` touches the test split, once for
each release, and writes its figures into the model card.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnisearch.training import card, corpus, extraction, plans
from omnisearch.training.audio_tower import clip
from omnisearch.training.data import tables
from omnisearch.training.exam import baseline
from omnisearch.training.exam.run import measure as examined
from omnisearch.training.export_folder import place
from omnisearch.training.exported import Exported
from omnisearch.training.lab import Lab, Options, write_bytes
from omnisearch.training.measures import of_scores, without_ranks
from omnisearch.training.pairs import Pairs, Rows, same
from omnisearch.training.shipped import Shipped

ROWS = {"text": 1000, "image": 1000, "audio": 1000, "video": 250, "document": 300}
_COLUMNS = {"image": "image", "audio": "pcm", "video": "frames", "document": "image"}
_BATCH = 16
Floats = npt.NDArray[np.float32]


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Measure the export on the test split and write the card anew."""
    folder = place(lab, options)
    figures = measure(lab, options, Exported(folder), "test")
    figures["exam"] = examined(lab, options, Shipped(lab, options), "test")
    figures["baseline"] = baseline.measure(lab, options, "test")
    write_bytes(folder / "MODEL_CARD.md", card.page(lab, options, folder, figures).encode())
    return figures


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
    for at, some in _batches(content(lab, kind, side.places)):
        words = None if texts is None else texts[at : at + len(some)]
        parts.append(_media(exported, kind, some, words))
    return np.concatenate(parts)


def _media(
    exported: Exported, kind: str, some: Sequence[Any], texts: Sequence[str] | None
) -> Floats:
    if kind == "audio":
        return exported.media(kind, exported.sounds(np.stack([clip(one) for one in some])))
    if kind != "video":
        return exported.media(kind, exported.pictures(_pixels(some)), texts)
    films = [exported.pictures(_pixels(film), range(1, len(film) + 1)).film() for film in some]
    return np.concatenate([exported.media(kind, one) for one in films])


def content(lab: Lab, kind: str, places: Rows) -> list[Any]:
    """Read the encoded bytes of rows, whose places run through all files of their kind."""
    found: dict[int, Any] = {}
    first, column = 0, _COLUMNS[kind]
    for stem in corpus.Columns(lab, kind, "train", []).stems:
        table = tables.read(lab.data / f"{stem}.arrow", [column])
        own = places[(places >= first) & (places < first + len(table))]
        values = [table[column][int(row)].as_py() for row in own - first]
        found |= dict(zip(own.tolist(), values, strict=True))
        first += len(table)
    return [found[int(place)] for place in places]


def sample(lab: Lab, kind: str, count: int) -> list[Any]:
    """Read a few items of the validation split, to compare graphs on."""
    side = corpus.load(lab, kind, "validation").sample(count).candidate
    assert side.places is not None
    return content(lab, kind, side.places)


def _batches(items: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for at in range(0, len(items), _BATCH):
        yield at, items[at : at + _BATCH]


def _pixels(encoded: Sequence[bytes]) -> Floats:
    opened = (Image.open(io.BytesIO(one)).convert("RGB") for one in encoded)
    return np.stack([extraction.pixels(one) for one in opened])


def pixels(lab: Lab, count: int) -> Floats:
    """Give a few pictures of the validation split as the tower reads them."""
    return _pixels(sample(lab, "image", count))


def waves(lab: Lab, count: int) -> Floats:
    """Give a few sounds of the validation split."""
    return np.stack([clip(one) for one in sample(lab, "audio", count)])
