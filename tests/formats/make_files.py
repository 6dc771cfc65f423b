"""Make the committed collection of files: `python -m tests.formats.make_files FOLDER`.

It has what `make.py` lacks: items of several segments, their spans and words, and ledgers. Run it
once for each new format version; never for an old one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from omnisearch.locations import Root
from omnisearch.records import Modality
from omnisearch.storage import changes, coding, maintenance
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Failure, Ledger
from omnisearch.storage.origin import Origin
from omnisearch.storage.store import Store

DIM, ITEMS, SEALED = 16, 120, 100
SPACE = "toy 1 16"
CANARIES = {"text": np.linspace(-1, 1, DIM, dtype=np.float32)}
AT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
MODALITIES: tuple[Modality, ...] = ("text", "image", "audio", "video", "document")
ROOTS = (Root(0, b"/home/me/files", 5, "folder"), Root(2, b"/home/me/odd\xff.txt", 5, "file"))
FAILURE = Failure("0:broken.png", "decode", "is cut short", "ab" * 16, 9, 10**18, AT)
LEDGER = Ledger(ROOTS, frozenset({"0:drafts/left%20alone.txt"}), {FAILURE.location: FAILURE})
WORDS = "harbour lantern meadow violin glacier orchard thunder compass velvet anchor".split()


def said(n: int) -> str:
    """Give what item n says; every tenth says the same word in the same form."""
    return f"Number {n}: the {WORDS[n % 10]} and the runner's {WORDS[n // 10 % 10]}, 京都 {n % 7}"


def spans(n: int) -> list[dict[str, Any]]:
    """Give where the two segments of an item are."""
    match MODALITIES[n % 5]:
        case "text":
            return [{"start": 0, "end": 40}, {"start": 30, "end": 90}]
        case "image":
            return [{"box": [0.0, 0.0, 1.0, 1.0]}, {"box": [0.25, 0.5, 0.5, 0.25]}]
        case "document":
            return [{"page": 1, "box": None}, {"page": 2, "box": [0.1, 0.2, 0.5, 0.25]}]
        case _:
            return [{"start_s": 0.0, "end_s": 2.5}, {"start_s": 2.5, "end_s": 5.25}]


def segments(numbers: Sequence[int]) -> Segments:
    """Give each item two segments, the first with a row for what it shows and one for its words."""
    ids, items, views, metadata, vectors = [], [], [], [], []
    for n in numbers:
        drawn = np.random.default_rng(n).normal(size=(3, DIM)).astype("f4")
        marks = ("#0", "content", 0), ("#0~words", "words", 0), ("#1", "content", 1)
        for row, (mark, view, part) in enumerate(marks):
            ids.append(f"item {n}{mark}")
            items.append(f"item {n}")
            views.append(view)
            vectors.append(drawn[row] * (n + 1))
            metadata.append(
                {
                    "file.locations": [
                        f"0:sub/{n}.bin",
                        *([f"0:copy/{n}.bin"] if n % 9 == 0 else []),
                    ],
                    "file.name": f"{n}.bin",
                    "file.bytes": 1000 + n,
                    "file.modified": AT,
                    "file.extractor": 1,
                    "segment.span": spans(n)[part],
                    "segment.twin": n - (1 << 62),
                    **({"segment.words": said(n)} if part == 0 else {}),
                    "price": n / 4,
                }
            )
    modalities = [MODALITIES[n % 5] for n in numbers for _ in range(3)]
    return Segments(ids, items, views, modalities, np.array(vectors), metadata)  # type: ignore[arg-type]


def make(folder: Path) -> None:
    """Make a collection with a coded shard, tombs, a missing file, ledgers, and a log."""
    coding.TRAINING_ROWS = 200
    handle = Handle(folder, Options())
    store = handle.for_encoding(Origin(SPACE, DIM, lambda: CANARIES, "toy"))
    store.write_ledger(Ledger(ROOTS[:1]))
    store.write(changes.keeping(segments(range(SEALED))))
    maintenance.compact_whole(store)
    _change(store)
    maintenance.seal(store)
    store.write_ledger(LEDGER)
    store.write(changes.keeping(segments(range(SEALED, ITEMS))))
    store.write(changes.relocating({"item 3": {"file.missing": AT}}))
    store.write(
        changes.keeping(None, gone=[f"item 104{mark}" for mark in ("#0", "#0~words", "#1")])
    )
    handle.drop()


def _change(store: Store) -> None:
    store.write(changes.relocating({"item 2": {"file.locations": ["0:new/2.bin"]}}))
    store.write(changes.keeping(None, gone=[f"item 4{mark}" for mark in ("#0", "#0~words", "#1")]))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
