"""What is the corpus, and what do its splits let through? `python -m benchmarks.corpus --lab LAB`.

Concepts in colour are counted, and the titles, captions and pictures that are nearly the same in
train and in a held-out split. Then the shipped encoder is asked the frozen questions of the test
split, from the bytes of the pictures on: all, and those to which nothing in train comes near.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import gauges
from omnisearch.evaluation import retrieval
from omnisearch.training.data import lookalikes, tables
from omnisearch.training.data.concepts import named
from omnisearch.training.data.queries import SPLITS, QuerySet
from omnisearch.training.lab import Lab, LabError

SHIPPED = Path(__file__).parents[1] / "omnisearch" / "weights" / "omni-mini"
OUT = Path(__file__).parent / "results" / "corpus.json"
PROTOTYPE = ("fluent-emoji-3d", "noto", "twemoji", "openclipart")  # what it used in colour
_BATCH = 16
Left = Mapping[str, Set[str]]  # what is left out → the ids of questions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    try:
        found = measured(Lab(options.lab, quiet=True), SHIPPED)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    result = {"machine": gauges.machine(), **found}
    options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", "utf-8")
    print(json.dumps(result["worth"], indent=1))
    return 0


def measured(lab: Lab, encoder: Path) -> dict[str, Any]:
    """Count what is there and what is let through; ask an exported encoder with and without it."""
    asked = {split: QuerySet.load(lab, f"pictures-{split}") for split in SPLITS}
    titles, alike = sorted(lookalikes.titles(lab)), lookalikes.pictures(lab)
    left = {split: touched(lab, asked[split], titles, alike[split].near) for split in SPLITS}
    return {
        "colour": {"all": coloured(lab), "prototype": coloured(lab, PROTOTYPE)},
        "titles": {"all": len(titles), **lookalikes.shared(titles)},
        "pictures": {name: {"all": one.all, "near": len(one.near)} for name, one in alike.items()},
        "questions": {split: _counted(asked[split], one) for split, one in left.items()},
        "worth": worth(asked["test"], left["test"], ranks(lab, asked["test"], encoder)),
    }


def _counted(asked: QuerySet, left: Left) -> dict[str, int]:
    return {"all": len(asked.queries), **{way: len(some) for way, some in left.items()}}


def coloured(lab: Lab, sources: Collection[str] = ()) -> dict[str, int]:
    """Count pictures in colour and their concepts, of some sources or of all."""
    rows = [
        row
        for path in lab.data.glob("pictures-*.arrow")
        if not sources or path.stem.removeprefix("pictures-") in sources
        for row in named(path)
        if row["kind"] != "mono"
    ]
    some = {row["concept"] for row in rows if '"grey"' not in row["attributes"]}
    concepts = {row["concept"] for row in rows}
    return {"pictures": len(rows), "concepts": len(concepts), "concepts not grey": len(some)}


def touched(
    lab: Lab, asked: QuerySet, titles: Sequence[tuple[str, str]], alike: Set[str]
) -> dict[str, set[str]]:
    """Give the questions that something of train comes near to, by how, and all of them."""
    ids = {query.text: query.id for query in asked.queries if query.text}
    taught = [title for title, split in titles if split == "train"]
    ways = lookalikes.known(ids, taught)
    found = {way: {ids[text] for text in texts} for way, texts in ways.items()}
    found["title"] = set().union(*found.values())
    found["text"] = {ids[text] for text in lookalikes.told(lab, ids)}
    found["picture"] = {one.id for one in asked.queries if alike & {*one.relevant}}
    return {**found, "any": found["title"] | found["text"] | found["picture"]}


def worth(asked: QuerySet, left: Left, found: retrieval.Ranks) -> dict[str, dict[str, float]]:
    """Give what is found of all questions, and of some; the gallery stays whole."""
    names = [query.id for query in asked.queries]
    parts: dict[str, Set[str]] = {"all": {*names}}
    parts |= {f"without {way}": {*names} - left[way] for way in ("title", "any")}
    parts["only any"] = left["any"]
    return {
        part: _recalls(found[[name in some for name in names]])
        for part, some in parts.items()
        if some
    }


def _recalls(found: retrieval.Ranks) -> dict[str, float]:
    figures: dict[str, float] = {"queries": len(found)}
    for k in (1, 10):
        figures[f"r{k}"] = round(100 * retrieval.recall_at(found, k), 2)
        error = 100 * retrieval.standard_error(found <= k) if len(found) > 1 else 0.0
        figures[f"r{k}_error"] = round(error, 2)
    return figures


def ranks(lab: Lab, asked: QuerySet, encoder: Path) -> retrieval.Ranks:
    """Ask an exported encoder: the rank of the first right picture of each question."""
    from omnisearch.training.exam.sets import marks
    from omnisearch.training.export.comparison import read
    from omnisearch.training.export.exported import Exported

    exported, names = Exported(encoder), list(asked.gallery)
    encoded = dict(_encoded(lab, asked.gallery))
    seen = [
        read(exported, "image", [encoded[name] for name in names[at : at + _BATCH]], None)
        for at in range(0, len(names), _BATCH)
    ]
    texts = exported.texts([query.text or "" for query in asked.queries])
    relevant = marks([query.relevant for query in asked.queries], names)
    return retrieval.ranks(texts, np.concatenate(seen), relevant)


def _encoded(lab: Lab, wanted: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(lab.data.glob("pictures-*.arrow")):
        for row in tables.read(path, ["id", "image"]).to_pylist():
            if row["id"] in wanted:
                yield row["id"], row["image"]


if __name__ == "__main__":
    sys.exit(main())
