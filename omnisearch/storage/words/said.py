"""What rows say: the texts from which postings are made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch import stored
from omnisearch.schema import SAID
from omnisearch.storage import batch
from omnisearch.storage.words.building import build, merge
from omnisearch.storage.words.postings import Postings

_ROWS = 1 << 11  # read at once: about 40 MB beside the result


def says_anything(table: pa.RecordBatch) -> bool:
    """Tell whether some row of a table has words."""
    at = table.schema.get_field_index(SAID)
    return at >= len(batch.SYSTEM) and bool(table.column(at).null_count < table.num_rows)


def texts_of(table: pa.RecordBatch) -> list[str | None]:
    """Give the words of each row; those of a segment count once, in its row of words."""
    if not says_anything(table):
        return [None] * table.num_rows
    return _texts(_said(table), _repeats(table))


def postings_of(table: pa.RecordBatch) -> Postings:
    """Index what a table says, some rows at a time."""
    said, repeats = _said(table), _repeats(table)
    firsts = range(0, table.num_rows, _ROWS)
    slices = (slice(first, first + _ROWS) for first in firsts)
    return merge([build(_texts(said[rows], repeats[rows])) for rows in slices])


def _said(table: pa.RecordBatch) -> pa.Array:
    return table.column(table.schema.get_field_index(SAID))


def _repeats(table: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Mark the rows of content that have a row of words beside them."""
    names, views = table.column(batch.SEGMENT), table.column(batch.VIEW)
    words = names.filter(pc.equal(views, batch.VIEWS.index("words")))
    twins = pc.binary_join_element_wise(names, batch.WORDS_MARK, "")
    found: npt.NDArray[np.bool_] = pc.is_in(twins, value_set=words).to_numpy(zero_copy_only=False)
    return found


def _texts(said: pa.Array, repeats: npt.NDArray[np.bool_]) -> list[str | None]:
    pairs = zip(said.to_pylist(), repeats.tolist(), strict=True)
    return [None if text is None or repeated else stored.words(text) for text, repeated in pairs]
