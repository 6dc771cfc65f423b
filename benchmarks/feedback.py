"""How much do `more` and `less` count? `python -m benchmarks.feedback --lab lab`.

Words ask for pictures of which four at least are right. Whoever asked points at the first right hit
(more) and at the first wrong one (less), or says in words what the wrong one is (not); what is
counted is the share of the other right ones among the next ten.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import omnisearch as om
from benchmarks.composition import pictures
from omnisearch.training.data.queries import Query, QuerySet
from omnisearch.training.lab import Lab

Floats = npt.NDArray[np.float32]
_LEAST = 4  # right pictures
MORE = (0.0, 0.25, 0.5, 1.0, 2.0)
LESS = (0.0, 0.125, 0.25, 0.5, 1.0)
NOT = (0.125, 0.25, 0.5, 1.0)
_K = 10


@dataclass(frozen=True)
class World:
    """Vectors of pictures, of what they show in words, and their names."""

    gallery: Floats
    said: Floats
    names: Sequence[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/feedback.json"))
    options = parser.parse_args()
    if not (options.lab / "data" / "queries").is_dir():
        print(f"no laboratory at {options.lab}: run `omnisearch train data`", file=sys.stderr)
        return 2
    lab, encoder = Lab(options.lab), om.Encoder.load()
    frozen = QuerySet.load(lab, "pictures-validation")
    names = list(frozen.gallery)
    shown = pictures(lab, names)
    gallery = np.array([encoder.encode([shown[name]])[0] for name in names])
    queries = [query for query in frozen.queries if len(query.relevant) >= _LEAST]
    asked = encoder.encode([om.Text(query.text or "") for query in queries], role="query")
    world = World(gallery, said(lab, encoder, names), names)
    shares = {
        f"more {more:g}, less {less:g}": _share(asked, world, queries, (more, less, 0.0))
        for more in MORE
        for less in LESS
    }
    shares |= {f"not {part:g}": _share(asked, world, queries, (0.0, 0.0, part)) for part in NOT}
    told = {"encoder": str(encoder.space), "questions": len(queries), "gallery": len(names)}
    options.out.write_text(json.dumps({**told, "recall_at_10": shares}, indent=1) + "\n", "utf-8")
    print(json.dumps(shares, indent=1))
    return 0


def said(lab: Lab, encoder: om.Encoder, names: Sequence[str]) -> Floats:
    """Encode what each picture shows, in words."""
    wanted, concepts = pa.array(names, pa.string()), dict[str, str]()
    for path in sorted(lab.data.glob("pictures-*.arrow")):
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all().select(["id", "concept"])
            some = table.filter(pc.is_in(table["id"], wanted)).to_pydict()
            concepts |= dict(zip(some["id"], some["concept"], strict=True))
    return encoder.encode([om.Text(concepts[name]) for name in names], role="query")


def _share(
    asked: Floats,
    world: World,
    queries: Sequence[Query],
    weights: tuple[float, float, float],
) -> float:
    """Give the mean share of the other right pictures that are found, in percent."""
    places, found = {name: at for at, name in enumerate(world.names)}, list[float]()
    gallery = world.gallery
    for vector, query in zip(asked, queries, strict=True):
        right = {places[name] for name in query.relevant}
        order = np.argsort(-(gallery @ vector), kind="stable").tolist()
        liked = next(at for at in order if at in right)
        disliked = next(at for at in order if at not in right)
        moved = vector + weights[0] * gallery[liked] - weights[1] * gallery[disliked]
        moved = moved - weights[2] * world.said[disliked]
        again = np.argsort(-(gallery @ moved), kind="stable").tolist()
        left = [at for at in again if at not in (liked, disliked)][:_K]
        found.append(len(right & {*left}) / min(_K, len(right) - 1))
    return round(100 * float(np.mean(found)), 2)


if __name__ == "__main__":
    sys.exit(main())
