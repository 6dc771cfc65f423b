"""What reranking costs: judging, and having the tokens of candidates again or having kept them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from omnisearch.training.export.exported import Exported
from omnisearch.training.lab import Lab
from omnisearch.training.lessons.pairs import Pairs
from omnisearch.training.reranking import readings
from omnisearch.training.reranking.readings import Readings
from omnisearch.training.reranking.reranker import Reranker

MOST_MS = 300.0  # of one thread, for all candidates of a question
KINDS = ("text", "image", "audio")
_TIMES = 5


def measure(
    lab: Lab, graphs: Exported, pairs: Mapping[str, Pairs], model: Reranker, depth: int
) -> dict[str, Any]:
    """Time `depth` candidates of each kind, in milliseconds of processor time.

    `again` reads media and words once more, beyond decoding files; `kept` reads tokens from a file.
    """
    query = readings.texts(graphs, ["a red car beside a house"], readings.WORDS)
    found: dict[str, Any] = {"judge": {}, "again": {}, "kept": {}, "bytes": {}}
    for kind in KINDS:
        some = pairs[kind].sample(depth)
        again, read = readings.prepared(lab, graphs, some)
        found["again"][kind] = _ms(again)
        found["kept"][kind] = _kept(read)
        found["bytes"][kind] = round(read.tokens.nbytes / len(read))
        found["judge"][kind] = _ms(partial(_judge, model, query, read))
    found["ms"] = max(
        found["judge"][kind] + min(found["again"][kind], found["kept"][kind]) for kind in KINDS
    )
    return found


@torch.no_grad()
def _judge(model: Reranker, query: Readings, read: Readings) -> None:
    tokens = torch.from_numpy(read.tokens[None].astype(np.float32))
    words = torch.from_numpy(query.tokens.astype(np.float32))
    there, vectors = torch.from_numpy(query.origins >= 0), torch.from_numpy(query.vectors)
    model(words, there, vectors, tokens, torch.from_numpy(read.origins[None]))


def _kept(read: Readings) -> float:
    """Time reading tokens that were kept in a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.npz"
        read.save(path)
        return _ms(lambda: Readings.load(path))


def _ms(run: Callable[[], object]) -> float:
    """Give the median of a few runs, after one that is not counted."""
    run()
    spent = []
    for _ in range(_TIMES):
        begun = time.process_time()
        run()
        spent.append(time.process_time() - begun)
    return round(1000 * float(np.median(spent)), 1)
