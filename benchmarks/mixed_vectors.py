"""The held-out index over all modalities as vectors: `python -m benchmarks.mixed_vectors --help`.

Rows are those of `omnisearch/training/exam/mixed.py`. Questions are that exam's for pictures and
sounds, one for each subject of the texts, up to three wordings for each film and page.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reader import SHIPPED, Reader
from omnisearch.encoder.calibration.calibrator import questions
from omnisearch.training.exam.mixed import TEXTS, about
from omnisearch.training.exam.sets import Asked
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs, same

WORDINGS = 3  # of each film and page; there are few of them
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """Rows of one modality, the questions for them, and perhaps which rows are right."""

    rows: NDArray[np.float32]
    concepts: Sequence[str]
    texts: Sequence[str]
    asked: Sequence[str]  # the concept of each question
    right: Bits | None = None


def pictures(lab: Lab, reader: Reader, split: str) -> Kind:
    """Read the frozen set of pictures."""
    frozen = Asked.load(lab, f"pictures-{split}")
    asked = [frozen.concepts[row.argmax()] for row in frozen.relevant]
    rows = reader.media("image", frozen.gallery)
    return Kind(rows, frozen.concepts, frozen.texts, asked, frozen.relevant)


def media(lab: Lab, reader: Reader, split: str, kind: str) -> Kind:
    """Read sounds, films or pages."""
    pairs = corpus.load(lab, kind, split)
    texts, asked = (
        wordings(pairs, pairs.wanted(), 1)
        if kind == "audio"
        else wordings(pairs, np.arange(len(pairs)), WORDINGS)
    )
    return Kind(reader.media(kind, pairs.candidate), pairs.concepts, texts, asked)


def passages(lab: Lab, reader: Reader, split: str) -> Kind:
    """Read passages."""
    pairs = corpus.load(lab, "text", split).sample(TEXTS)
    assert pairs.candidate.texts is not None
    rows = reader.texts([wordings[0] for wordings in pairs.candidate.texts])
    return Kind(rows, pairs.concepts, *wordings(pairs, pairs.wanted(), 1))


def wordings(pairs: Pairs, rows: NDArray[np.int64], most: int) -> tuple[list[str], list[str]]:
    """Give different wordings of the queries of rows, and their concepts."""
    assert pairs.query.texts is not None
    found: dict[str, str] = {}
    for row in rows:
        for text in list(dict.fromkeys(pairs.query.texts[row]))[:most]:
            found.setdefault(text, pairs.concepts[row])
    return list(found), list(found.values())


def write(lab: Lab, reader: Reader, split: str, path: Path) -> None:
    """Encode everything and keep it as one file."""
    kinds = {"text": passages(lab, reader, split), "image": pictures(lab, reader, split)}
    kinds |= {kind: media(lab, reader, split, kind) for kind in ("audio", "video", "document")}
    concepts = [name for one in kinds.values() for name in one.concepts]
    asked = [name for one in kinds.values() for name in one.asked]
    row_kinds = np.repeat([*kinds], [len(one.rows) for one in kinds.values()])
    asked_kinds = np.repeat([*kinds], [len(one.asked) for one in kinds.values()])
    equal = same(asked, concepts)
    right = equal & (asked_kinds[:, None] == row_kinds[None])
    frozen = kinds["image"].right
    assert frozen is not None
    right[np.ix_(asked_kinds == "image", row_kinds == "image")] = frozen
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        encoder=np.array(reader.fingerprint),
        rows=np.concatenate([one.rows for one in kinds.values()]),
        row_kinds=row_kinds,
        row_concepts=np.array(concepts),
        asked=np.concatenate([reader.texts(one.texts) for one in kinds.values()]),
        asked_kinds=asked_kinds,
        asked_concepts=np.array(asked),
        right=np.packbits(right, axis=1),
        about=np.packbits(about(asked, concepts) | equal | right, axis=1),
        questions=reader.texts(questions()),
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed_vectors", description=__doc__)
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="folder of an export")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--out", type=Path, help="benchmarks/data/mixed-SPLIT.npz")
    given = parser.parse_args()
    out = given.out or Path("benchmarks/data") / f"mixed-{given.split}.npz"
    lab = Lab(given.lab)
    write(lab, Reader.load(lab, given.weights), given.split, out)
    print(out)


if __name__ == "__main__":
    main()
