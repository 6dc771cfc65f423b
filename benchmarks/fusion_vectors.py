"""Vectors and words of held-out questions and rows: `python -m benchmarks.fusion_vectors --help`.

Text sets are those of `omnisearch/training/exam/texts.py`. The mixed index is that of
`benchmarks.mixed_vectors`, with what its rows say: passages, the words of pages, and a caption for
each picture, sound and film that no question repeats where there is one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mixed_index import KINDS, Floats
from benchmarks.mixed_vectors import WORDINGS, wordings
from benchmarks.reader import SHIPPED, Reader
from omnisearch.encoder.calibration.calibrator import questions
from omnisearch.training.exam import texts
from omnisearch.training.exam.mixed import TEXTS
from omnisearch.training.exam.sets import Asked
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus

Said = tuple[list[str], list[str]]  # what rows say, what is asked


def text_sets(lab: Lab, split: str, reader: Reader) -> Iterator[tuple[str, Any, Floats]]:
    """Give the texts and vectors of each set, under the names that `benchmarks.fusion` reads."""
    for one in texts.sets(lab, split):
        vectors = {"asked": reader.texts(one.queries), "rows": reader.texts(one.passages)}
        told = {
            "asked": list(one.queries),
            "rows": list(one.passages),
            "concepts": list(one.concepts),
            "subjects": list(one.subjects),
        }
        for key, found in vectors.items():
            yield f"{one.name}/{key}", told, found


def said(lab: Lab, split: str) -> Said:
    """Give what each row of the mixed index says or might say, and its questions as words."""
    rows: list[str] = []
    asked: list[str] = []
    captions: dict[int, Sequence[str]] = {}
    for kind in KINDS:
        if kind == "image":
            frozen = Asked.load(lab, f"pictures-{split}")
            columns = corpus.Columns(lab, "image", split, ["id", "captions"])
            every = dict(zip(columns["id"], columns.lists("captions"), strict=True))
            own = [every.get(name, []) for name in frozen.frozen.gallery]
            asked += frozen.texts
        else:
            pairs = corpus.load(lab, kind, split)
            pairs = pairs.sample(TEXTS) if kind == "text" else pairs
            assert pairs.query.texts is not None
            own = [list(given) for given in pairs.query.texts]
            once = kind in ("text", "audio")
            wanted = pairs.wanted() if once else np.arange(len(pairs))
            asked += wordings(pairs, wanted, 1 if once else WORDINGS)[0]
            if pairs.candidate.texts is not None:
                rows += [text[0] for text in pairs.candidate.texts]
                continue
        captions |= dict(enumerate(own, len(rows)))
        rows += [""] * len(own)
    repeated = set(asked)
    for row, given in captions.items():
        fresh = [text for text in given if text not in repeated]
        rows[row] = max(fresh or given, key=len, default="")
    return rows, asked


def write(reader: Reader, split: str, mixed: Path, out: Path) -> None:
    """Encode what has no vectors yet, and keep all as `out`.npz and `out`.json."""
    told: dict[str, Any] = {}
    vectors: dict[str, Floats] = {}
    rows, asked = said(reader.lab, split)
    with np.load(mixed, allow_pickle=False) as index:
        is_text, indexed = index["row_kinds"] == "text", index["rows"]
        has_answer = index["right"].any(axis=1)  # others are not asked
        if str(index["encoder"]) != reader.fingerprint:
            raise SystemExit(f"{mixed} is of other weights")
        if (len(index["asked"]), len(indexed)) != (len(asked), len(rows)):
            raise SystemExit(f"{mixed} is of another laboratory or split")
    speaking = [row for row, text in enumerate(rows) if text and not is_text[row]]
    found = np.full(indexed.shape, np.nan, np.float32)
    found[is_text] = indexed[is_text]
    found[speaking] = reader.texts([rows[row] for row in speaking])
    kept = [text for text, has in zip(asked, has_answer.tolist(), strict=True) if has]
    told["mixed"], vectors["mixed/words"] = {"rows": rows, "asked": kept}, found
    vectors["questions"] = reader.texts(questions())
    for key, texts_of, encoded in text_sets(reader.lab, split, reader):
        told[key.split("/")[0]], vectors[key] = texts_of, encoded
    np.savez(out.with_suffix(".npz"), **vectors)  # type: ignore[arg-type]
    out.with_suffix(".json").write_text(json.dumps(told), "utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fusion_vectors")
    parser.add_argument("mixed", type=Path, help="what benchmarks.mixed_vectors wrote")
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="folder of an export")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--out", type=Path, help="benchmarks/data/fusion-SPLIT")
    given = parser.parse_args()
    out = given.out or Path("benchmarks/data") / f"fusion-{given.split}"
    write(Reader.load(Lab(given.lab), given.weights), given.split, given.mixed, out)
    print(out)


if __name__ == "__main__":
    main()
