"""Every text of the corpus, and the vector that frozen MiniLM gives it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.training import stored
from omnisearch.training.data import tables
from omnisearch.training.lab import Lab, LabError

# columns of text, by how the names of their files begin
_COLUMNS = {
    "pictures": ("title", "captions"),
    "pages": ("title", "captions", "queries_layout", "queries_words"),
    "sounds": ("title", "captions", "transcript"),
    "videos": ("captions", "twin"),
    "texts": ("query",),  # passages are read by the specialist of text alone
    "triplets": ("instruction",),
}
SCHEMA = pa.schema([pa.field("text", pa.string(), nullable=False)])


def every(lab: Lab, split: str | None = None) -> list[str]:
    """List each text once, in the order of the files; of one split, or of all."""
    found: dict[str, None] = {}
    for kind, columns in _COLUMNS.items():
        for path in sorted(lab.data.glob(f"{kind}*.arrow")):
            table = tables.read(path)
            if split is not None:
                table = table.select([*columns, "split"])
                table = table.filter(pc.equal(table["split"], split))
            for column in columns:
                found.update(dict.fromkeys(_flat(table[column])))
            if kind == "pictures" and split is None:
                found.update(dict.fromkeys(_twins(table["attributes"])))
    return list(found)


def _flat(column: pa.ChunkedArray) -> Iterator[str]:
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = values.chunk(0)
    if pa.types.is_list(values.type):
        values = values.flatten()
    yield from (text for text in values.unique().to_pylist() if text)


def _twins(column: pa.ChunkedArray) -> Iterator[str]:
    for value in column.to_pylist():
        if value and '"twins"' in value:
            for texts in json.loads(value)["twins"].values():
                yield from texts


class Texts:
    """The vectors of all texts, from the cache that the stage `features` made."""

    def __init__(self, lab: Lab) -> None:
        path = lab.features / "texts.arrow"
        texts = tables.read(path, ["text"])["text"].to_pylist()
        self.all: npt.NDArray[np.float16] = stored.array(lab.features / "texts.npy")
        if len(self.all) != len(texts):
            fault = f"{len(self.all):,} vectors of {len(texts):,} texts"
            raise stored.damaged(lab.features / "texts.npy", fault)
        self._rows = {text: row for row, text in enumerate(texts)}

    def rows(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Give the rows of texts in `all`."""
        try:
            return np.array([self._rows[text] for text in texts], dtype=np.int64)
        except KeyError as error:
            remedy = "repeat the stage features"
            raise LabError(f"{error.args[0]!r} is not among the cached texts: {remedy}") from error

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Give unit vectors (n, width)."""
        found = self.all[self.rows(texts)].astype(np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    def means(self, several: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
        """Give the unit vector of the mean of several texts each; the last counts half."""
        found = []
        for texts in several:
            vectors = self.vectors(texts)
            vectors[-1] *= 0.5
            found.append(vectors.sum(0) / np.linalg.norm(vectors.sum(0)))
        return np.stack(found)
