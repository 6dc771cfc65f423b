"""How parts make one question: `python -m benchmarks.composition --lab lab`.

A picture and words that say how another one differs ("in blue", "two of them"), over a gallery of
pictures that none of training has seen. The questions are encoded from the bytes of files, as users
are asked them; what is chosen is chosen on the validation half.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

import omnisearch as om
from omnisearch.evaluation.retrieval import ranks
from omnisearch.training.data.queries import QuerySet
from omnisearch.training.exam.sets import marks
from omnisearch.training.lab import Lab

Floats = npt.NDArray[np.float32]
_RRF = 60.0
_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the words in a weighted sum


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--questions", type=int, default=600, help="of each half")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/composition.json"))
    options = parser.parse_args()
    if not (options.lab / "data" / "queries").is_dir():
        print(f"no laboratory at {options.lab}: run `omnisearch train data`", file=sys.stderr)
        return 2
    lab, encoder = Lab(options.lab), om.Encoder.load()
    found = {
        split: measure(encoder, lab, split, options.questions) for split in ("validation", "test")
    }
    told = {"encoder": str(encoder.space), **found}
    options.out.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    for split, ways in found.items():
        print(split)
        for name, one in ways.items():
            print(f"  {name:24} R@1 {one['r1']:5.1f}  R@10 {one['r10']:5.1f}")
    return 0


def measure(encoder: om.Encoder, lab: Lab, split: str, most: int) -> dict[str, dict[str, Any]]:
    """Ask the questions of one half in every way."""
    frozen = QuerySet.load(lab, f"composed-{split}")
    rows = np.random.default_rng(0).permutation(len(frozen.queries))[:most]
    queries = [frozen.queries[row] for row in sorted(rows.tolist())]
    names = list(frozen.gallery)
    asked = [query.picture or "" for query in queries]
    shown = pictures(lab, {*names, *asked})
    own = {name: encoder.encode([part], role="query")[0] for name, part in shown.items()}
    gallery = np.array([own[name] for name in names])
    texts = [om.Text(query.text or "") for query in queries]
    alone = {
        "picture alone": np.array([own[name] for name in asked]),
        "words alone": encoder.encode(texts, role="query"),
    }
    pairs = [om.Row(shown[name], text) for name, text in zip(asked, texts, strict=True)]
    joint = np.array([encoder.encode([pair], role="query")[0] for pair in pairs])
    right = marks([query.relevant for query in queries], names)
    left_out = marks([query.exclude for query in queries], names)
    ways = {**alone, "joint": joint, **_sums(alone)}
    scores = {name: query @ gallery.T for name, query in ways.items()}
    scores["rank"] = sum(_reciprocal(scores[name], left_out) for name in alone)
    return {name: _told(one, right, left_out) for name, one in scores.items()}


def _sums(alone: Mapping[str, Floats]) -> dict[str, Floats]:
    picture, words = alone["picture alone"], alone["words alone"]
    return {f"sum, words {part:.1f}": (1 - part) * picture + part * words for part in _SHARES}


def _reciprocal(scores: Floats, left_out: npt.NDArray[np.bool_]) -> Floats:
    """Give the reciprocal of each rank, plus a constant, as `combine="rank"` adds them."""
    order = np.argsort(np.argsort(-np.where(left_out, -np.inf, scores), axis=1), axis=1)
    return np.asarray(1 / (_RRF + 1 + order), np.float32)


def _told(
    scores: Floats, right: npt.NDArray[np.bool_], left_out: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    found = ranks(scores, np.eye(scores.shape[1], dtype=np.float32), right, left_out)
    shares = {f"r{k}": round(100 * float((found <= k).mean()), 2) for k in (1, 5, 10)}
    error = 100 * float(np.std(found <= 10)) / np.sqrt(len(found))
    return {"questions": len(found), "gallery": scores.shape[1], **shares, "error": round(error, 2)}


def pictures(lab: Lab, names: Iterable[str]) -> dict[str, om.Image]:
    """Read pictures of a laboratory by their ids."""
    wanted, found = pa.array(sorted(names), pa.string()), {}
    for path in sorted(lab.data.glob("pictures-*.arrow")):
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all().select(["id", "image"])
            some = table.filter(pc.is_in(table["id"], wanted))
            for name, content in zip(
                some["id"].to_pylist(), some["image"].to_pylist(), strict=True
            ):
                found[name] = om.Image(np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")))
    missing = {*wanted.to_pylist()} - found.keys()
    if missing:
        raise SystemExit(f"{len(missing)} pictures are missing, such as {min(missing)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
