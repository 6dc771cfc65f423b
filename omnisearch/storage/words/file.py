"""words.bin: postings as bytes. Every section follows from the counts in the header.

The caller compared the checksum; what the arrays say is checked here and where they are used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.storage.words import tokens
from omnisearch.storage.words.postings import Indices, Postings, Stems, Table, Whole, sizes

# magic, version, bytes of a length, a count and a place, 0; rows, terms, postings, occurrences,
# bytes of terms, stems, bytes of stems
_HEADER = struct.Struct("<8sIBBBB7Q")
_MAGIC = b"OMNIWORD"
_ALIGN = 64
_MOST_ROWS = (1 << 31) - 1


def encode(postings: Postings) -> Iterator[bytes | memoryview]:
    """Write words.bin in parts."""
    one = postings
    widths = [array.itemsize for array in (one.lengths, one.counts, one.places)]
    texts = len(one.terms.text), len(one.stems.table), len(one.stems.table.text)
    counts = len(one.lengths), len(one.terms), len(one.rows), len(one.places), *texts
    header = _HEADER.pack(_MAGIC, tokens.VERSION, *widths, 0, *counts)
    yield header + bytes(-len(header) % _ALIGN)
    for array in _arrays(one):
        yield np.ascontiguousarray(array).data.cast("B") if len(array) else b""
        yield bytes(-array.nbytes % _ALIGN)


def _arrays(one: Postings) -> list[npt.NDArray[Any]]:
    terms, stems = one.terms, one.stems
    return [
        one.lengths,
        terms.offsets,
        terms.text,
        one.starts,
        one.rows,
        one.counts,
        one.firsts,
        one.places,
        stems.table.offsets,
        stems.table.text,
        stems.starts,
        stems.terms,
    ]


def open_words(data: memoryview, rows: int) -> Postings:
    """Lay arrays over words.bin; what does not fit together is a ValueError."""
    whole = np.frombuffer(data, np.uint8)
    try:
        magic, version, *widths, zero, found, terms, posted, occurring, text, stems, stem_text = (
            _HEADER.unpack_from(data)
        )
    except struct.error as error:
        raise ValueError(f"words.bin is too short ({error})") from error
    if magic != _MAGIC or version != tokens.VERSION or zero:
        raise ValueError(f"words.bin has magic {magic!r}, version {version}")
    if found != rows or rows > _MOST_ROWS or not set(widths) <= {1, 2, 4}:
        raise ValueError(f"words.bin has {found} rows, not {rows}, in numbers of {widths} bytes")
    lengths, counts, places = (f"<u{width}" for width in widths)
    sections = [
        (lengths, rows),
        ("<u8", terms + 1),
        ("<u1", text),
        ("<u8", terms + 1),
        ("<u4", posted),
        (counts, posted),
        ("<u8", terms + 1),
        (places, occurring),
        ("<u8", stems + 1),
        ("<u1", stem_text),
        ("<u8", stems + 1),
        ("<u4", terms),
    ]
    return _checked(_laid_over(whole, sections))


def _laid_over(whole: npt.NDArray[np.uint8], sections: list[tuple[str, int]]) -> list[Whole]:
    at = _HEADER.size + -_HEADER.size % _ALIGN
    arrays = []
    for kind, length in sections:
        end = at + np.dtype(kind).itemsize * length
        if end > len(whole):
            raise ValueError("words.bin ends before its last section")
        arrays.append(whole[at:end].view(kind))
        at = end + -end % _ALIGN
    if at != len(whole):
        raise ValueError(f"words.bin has {len(whole)} bytes, its header says {at}")
    return arrays


def _checked(arrays: list[Whole]) -> Postings:
    """Refuse runs that do not follow each other up to the end of what they point into."""
    lengths, offsets, text, starts, rows, counts, firsts, places, *of_stems = arrays
    stem_offsets, stem_text, stem_starts, stem_terms = of_stems
    runs = [
        (offsets, len(text)),
        (starts, len(rows)),
        (firsts, len(places)),
        (stem_offsets, len(stem_text)),
        (stem_starts, len(stem_terms)),
    ]
    for ends, last in runs:
        if int(ends[0]) or int(ends[-1]) != last or bool((ends[1:] < ends[:-1]).any()):
            raise ValueError("words.bin has runs that do not follow each other")
    if not _counts_fit(sizes(firsts), starts, counts):
        raise ValueError("words.bin has other positions than its rows need")
    table, stemmed = Table(offsets, text), Table(stem_offsets, stem_text)
    stems = Stems(stemmed, stem_starts, stem_terms)
    return Postings(lengths, table, starts, rows, counts, firsts, places, stems)


def _counts_fit(spans: Indices, starts: Whole, counts: Whole) -> bool:
    """Tell whether the rows of each term have as many positions as the term has."""
    if not len(spans):
        return not len(counts)
    if bool((sizes(starts) == 0).any()):  # a term of no row
        return False
    return bool(
        (np.add.reduceat(counts, starts[:-1].astype(np.int64), dtype=np.int64) == spans).all()
    )
