"""The mean of all passages of a text or document, as one more row of it.

What is asked of several passages at once is near to none of them alone. The row has no words and no
place of its own, and no hit is shown by it: it makes the passages of its item surer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xxhash

from omnisearch.ingest.report import Settled
from omnisearch.schema import COLUMN, DIGEST, SEGMENT_PREFIX, WHOLE, to_dicts
from omnisearch.storage import batch, changes
from omnisearch.storage.batch import Segments
from omnisearch.storage.rows import gather, vectors
from omnisearch.storage.wholes import LEAST, PASSAGES, living

if TYPE_CHECKING:
    from omnisearch.records import Modality
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

_PAGE = "doc.page"
_ITEMS = 256  # that get theirs in one generation
_SHORTEST = 1e-3  # a mean of this length has no direction to speak of
Floats = npt.NDArray[np.float32]


def name_of(item: str) -> str:
    """Name the row of an item: there is one at most."""
    return f"{item}#{xxhash.xxh3_64_hexdigest(b'whole')}"


def joined(rows: Segments) -> Segments:
    """Add the means of those items that have passages enough; all rows of an item are there."""
    of_item: dict[str, list[int]] = {}
    heads = zip(rows.items, rows.views, rows.modalities, strict=True)
    for at, (item, view, modality) in enumerate(heads):
        if item is not None and view == "words" and modality in PASSAGES:
            of_item.setdefault(item, []).append(at)
    long = {item: places for item, places in of_item.items() if len(places) >= LEAST}
    if not long:
        return rows
    means = _means(
        list(long),
        [rows.modalities[places[0]] for places in long.values()],
        [rows.vectors[places] for places in long.values()],
        [rows.metadata[places[0]] for places in long.values()],
    )
    return replace(
        rows,
        ids=[*rows.ids, *means.ids],
        items=[*rows.items, *means.items],
        views=[*rows.views, *means.views],
        modalities=[*rows.modalities, *means.modalities],
        vectors=np.concatenate([rows.vectors, means.vectors]),
        metadata=[*rows.metadata, *means.metadata],
    )


def _means(
    items: Sequence[str],
    modalities: Sequence[Modality | None],
    passages: Sequence[Floats],
    heads: Sequence[Mapping[str, Any]],
) -> Segments:
    """Make the rows of items of their passages (n, d) each; `heads` are the first ones' columns."""
    means = [some.mean(axis=0) for some in passages]
    good = [at for at, mean in enumerate(means) if np.linalg.norm(mean) > _SHORTEST]
    return Segments(
        ids=[name_of(items[at]) for at in good],
        items=[items[at] for at in good],
        views=["words"] * len(good),
        modalities=[modalities[at] for at in good],
        vectors=np.stack([means[at] for at in good])
        if good
        else np.zeros((0, means[0].size), np.float32),
        metadata=[_shared(heads[at], len(passages[at])) for at in good],
    )


def _shared(row: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Give what a row says of its item, and of how many passages the mean is."""
    own = (_PAGE, COLUMN)
    kept = {
        name: value
        for name, value in row.items()
        if (not name.startswith(SEGMENT_PREFIX) and name not in own) or name == DIGEST
    }
    return {**kept, WHOLE: count}


def lacking(now: Generation) -> list[str]:
    """Name the items that have passages enough, and no mean of just those."""
    passages, means = Counter[str](), dict[str, int]()
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        alive = slice(start, start + part.rows)
        living = np.ones(part.rows, bool) if now.alive is None else now.alive[alive]
        names, of_row = part.items.names, part.items.item_of_row
        found, counts = np.unique(of_row[part.sides.passages & living], return_counts=True)
        passages.update(dict(zip((names[at] for at in found), counts.tolist(), strict=True)))
        if (own := part.sides.wholes) is not None:
            there = living[own.rows]
            owners = of_row[own.rows[there]].tolist()
            means.update(zip((names[at] for at in owners), own.counts[there].tolist(), strict=True))
    return [item for item, n in passages.items() if n >= LEAST and means.get(item) != n]


def settle(store: Store, *, wanted: bool, partial: bool) -> Settled:
    """Bring what stored items lack, or take out what is there; of single changes nothing lacks."""
    if not wanted:
        return Settled(removed=_drop(store))
    if partial:
        return Settled()
    items, count = lacking(store.reading()), 0
    for at in range(0, len(items), _ITEMS):
        made = _of_stored(store.reading(), items[at : at + _ITEMS])
        store.write(changes.keeping(made))
        count += len(made.ids)
    return Settled(made=count)


def _of_stored(now: Generation, items: Sequence[str]) -> Segments:
    """Make the means of vectors as they are stored."""
    places = [now.items.positions(item) for item in items]
    passages = [rows[now.sides.passages[rows]] for rows in places]
    table = gather(now, np.array([rows[0] for rows in passages], np.int64)).table
    return _means(
        items,
        [batch.MODALITIES[kind] for kind in table.column(batch.MODALITY).to_pylist()],
        [vectors(now, rows).astype(np.float32) for rows in passages],
        to_dicts(batch.user_columns(table)),
    )


def _drop(store: Store) -> int:
    now = store.reading()
    if now.wholes is None:
        return 0
    names = [now.id_at(position) for position in living(now).tolist()]
    store.write(changes.deleting(lambda _: names))
    return len(names)
