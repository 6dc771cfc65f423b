"""The columns of the corpus, and how its Arrow files are written and read.

A file is written in batches under a temporary name and then given its own, so what exists is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa

from omnisearch.training import stored
from omnisearch.training.lab import whole

Row = Mapping[str, object]

_TEXTS = pa.list_(pa.string())
_BYTES = pa.binary()


def _schema(required: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]) -> pa.Schema:
    fields = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    return pa.schema([*fields, *(pa.field(name, kind) for name, kind in optional.items())])


_PICTURE = {
    "id": pa.string(),  # source/name
    "concept": pa.string(),
    "kind": pa.string(),  # emoji clipart icon mono scene page frame
    "source": pa.string(),
    "title": pa.string(),
    "captions": _TEXTS,  # the most natural first
    "image": pa.binary(),  # PNG or lossless WebP, 256 x 256 RGB
    "split": pa.string(),
    "licence": pa.string(),
    "attributes": pa.string(),  # JSON, or empty
}
PICTURES = _schema(_PICTURE, {"style": pa.string()})
PAGES = _schema(
    {
        **_PICTURE,
        "words": pa.string(),
        "layout": pa.string(),
        "queries_layout": _TEXTS,
        "queries_words": _TEXTS,
    },
    {"style": pa.string()},
)
SOUNDS = _schema(
    {
        "id": pa.string(),
        "concept": pa.string(),
        "kind": pa.string(),  # instrument drum effect procedural speech
        "source": pa.string(),
        "title": pa.string(),
        "captions": _TEXTS,
        "pcm": _BYTES,  # int16 mono 16 kHz
        "split": pa.string(),
        "licence": pa.string(),
    },
    {"transcript": pa.string(), "voice": pa.string()},
)
VIDEOS = _schema(
    {
        "id": pa.string(),
        "concept": pa.string(),
        "captions": _TEXTS,
        "twin": _TEXTS,  # captions that are wrong in their order only
        "frames": pa.list_(_BYTES),  # 8 JPEG of 224 x 224
        "split": pa.string(),
        "licence": pa.string(),
    },
    {"pcm": _BYTES},
)
TEXTS = _schema(
    {
        "id": pa.string(),
        "query": pa.string(),
        "passage": pa.string(),
        "kind": pa.string(),  # gloss synonym hypernym debian manual readme
        "split": pa.string(),
        "licence": pa.string(),
    },
    {"concept": pa.string()},
)
CONCEPTS = _schema(
    {"concept": pa.string(), "titles": _TEXTS, "codepoints": _TEXTS, "split": pa.string()},
    {"synset": pa.string()},
)
TRIPLETS = _schema(
    {
        "id": pa.string(),
        "source_picture": pa.string(),
        "instruction": pa.string(),
        "target_picture": pa.string(),
        "family": pa.string(),
        "split": pa.string(),
    },
    {},
)


def write(path: Path, schema: pa.Schema, rows: Iterable[Row], batch: int = 512) -> int:
    """Write rows to a new file, whole or not at all; gives their number."""
    count = 0
    with (
        whole(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        for some in _batches(rows, batch):
            writer.write_batch(_whole(pa.RecordBatch.from_pylist(some, schema=schema), path))
            count += len(some)
    return count


def _whole(batch: pa.RecordBatch, path: Path) -> pa.RecordBatch:
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if column.null_count and not field.nullable:
            raise ValueError(f"a row of {path.name} has no {field.name}")
    return batch


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while some := list(islice(remaining, size)):
        yield some


def read(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a file, or some of its columns, without copying what is not looked at."""
    with _opened(path) as file:
        table = file.read_all()
    return table if columns is None else table.select(columns)


@contextmanager
def _opened(path: Path) -> Iterator[pa.ipc.RecordBatchFileReader]:
    try:
        with pa.memory_map(str(path)) as source:
            yield pa.ipc.open_file(source)
    except FileNotFoundError as error:
        raise stored.missing(path) from error
    except pa.ArrowInvalid as error:
        raise stored.damaged(path, error) from error


def count(path: Path) -> int:
    """Count the rows of a file."""
    with _opened(path) as file:
        return sum(file.get_batch(number).num_rows for number in range(file.num_record_batches))
