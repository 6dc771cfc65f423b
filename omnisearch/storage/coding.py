"""The codebook of a space: trained once there are rows enough, and what follows when it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from omnisearch.storage import files, layout
from omnisearch.storage.files import Written
from omnisearch.storage.generation import Generation
from omnisearch.storage.manifest import ShardEntry
from omnisearch.storage.shard import Coder, Place, Shard, write_codes
from omnisearch_indexes import Codebook, Kind, Metric, Piece, merge_codes

TRAINING_ROWS = 10_000  # as good as 60,000, and below them exact search is quick


@dataclass(frozen=True, slots=True)
class CodedShards:
    """The sealed shards, all with codes of one codebook; `written` where it is a new one."""

    coder: Coder | None
    written: Written | None
    entries: list[ShardEntry]


def ensure_codes(place: Place, now: Generation, *, retrain: bool = False) -> CodedShards:
    """Train when there are rows enough and no codebook, or when asked to and it pays."""
    coder, entries = now.sealed.coder, list(now.sealed.manifest.shards)
    kind = cast(Kind, place.settings.index)
    if kind == "flat" or now.live < TRAINING_ROWS:
        return CodedShards(coder, None, entries)
    if coder is not None and not (retrain and coder.codebook.wants_retraining(now.live, kind)):
        return CodedShards(coder, None, entries)
    pieces = [Piece(part.vectors, None, part.touch) for part in now.parts]
    metric = cast(Metric, place.settings.metric)
    if coder is None:
        book = Codebook.train(pieces, metric, kind=kind, rows_total=now.live)
    else:  # the old codes stay valid, they are only grouped anew
        book = coder.codebook.relisted(pieces, kind=kind, rows_total=now.live)
    made = Coder(layout.new_ulid(), book)
    path = place.root / layout.CODEBOOKS / f"{made.name}.faiss"
    written = files.write_file(path, [book.to_bytes()])
    files.sync_folder(path.parent)
    listed = zip(now.sealed.shards, entries, strict=True)
    recoded = [_recode(place, shard, entry, made) for shard, entry in listed]
    return CodedShards(made, written, recoded)


def _recode(place: Place, shard: Shard, entry: ShardEntry, coder: Coder) -> ShardEntry:
    book = coder.codebook
    if shard.codes is not None:
        return write_codes(place, entry, merge_codes([(shard.codes, None)], book), coder)
    shard.touch(None)
    return write_codes(place, entry, book.encode(shard.vectors), coder)
