"""Pictures and pages without words: what is printed there is read, where the extra `ocr` is."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from omnisearch.encoder.ocr import Reader, installed
from omnisearch.errors import MissingExtraError
from omnisearch.ingest.drafts import Draft, Segment, is_part, segment_id
from omnisearch.ingest.extraction.placed import placed
from omnisearch.media.lines import Box, Line
from omnisearch.records import PageSpan, RegionSpan

_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")  # parts a word at the end of a line
_READ = ("image", "document")


def partly(version: int) -> int:
    """Give the version that an item has which was cut without reading what its pages show."""
    return -version


class Scans:
    """Reads what is printed in segments that say nothing; from any thread."""

    def __init__(self, version: int, *, wanted: bool) -> None:
        self._version, self._wanted, self._installed = version, wanted, installed()
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._lacking: str | None = None  # why nothing can be read
        self._unread = 0

    @property
    def ready(self) -> bool:
        """Tell whether print can be read, as far as that is known without trying."""
        return self._wanted and self._installed and self._lacking is None

    def read(
        self, draft: Draft, segment: Segment, image: npt.NDArray[Any] | None
    ) -> tuple[Segment, list[Segment]]:
        """Give a segment with the words of its page, and the passages that are printed there.

        A picture is still one of what it shows: its words are those of its passages only.
        """
        if image is None or segment.words or segment.modality not in _READ:
            return segment, []
        if is_part(segment.span):
            return segment, []  # read with the whole
        reader = self._opened() if self._wanted else None
        if reader is None:
            draft.wordless = True
            if segment.modality == "document":
                self._count()
            return segment, []
        lines = reader.read(image)
        if not lines:
            return segment, []
        found = list(self._passages(draft.item, segment, lines))
        if segment.modality == "document":
            return replace(segment, words=_joined("\n".join(line.words for line in lines))), found
        return segment, found

    def _count(self) -> None:
        with self._lock:
            self._unread += 1

    def warnings(self) -> list[str]:
        """Say what was not read, and how it can be."""
        if self._lacking is None or not self._unread:
            return []
        pages = "1 page has" if self._unread == 1 else f"{self._unread:,} pages have"
        again = "the next ingest then reads them"
        return [f"{pages} no words that can be extracted. {self._lacking}; {again}"]

    def _opened(self) -> Reader | None:
        with self._lock:
            if self._reader is None and self._lacking is None:
                try:
                    self._reader = Reader()
                except MissingExtraError as error:
                    self._lacking = str(error)
            return self._reader

    def _passages(self, item: str, segment: Segment, lines: Sequence[Line]) -> Iterator[Segment]:
        seen = Counter[Box]()
        for words, box in placed(lines):
            span = _span(segment, box)
            name = segment_id(item, span, self._version, again=seen[box])
            seen[box] += 1
            yield Segment(name, segment.modality, span, _joined(words))


def _span(segment: Segment, box: Box) -> dict[str, Any]:
    if segment.span is not None and "page" in segment.span:
        return PageSpan(segment.span["page"], _within(segment.span.get("box"), box)).as_json()
    return RegionSpan(box).as_json()


def _within(outer: Sequence[float] | None, inner: Box) -> Box:
    """Give a box of a picture as one of the page that the picture has a box on."""
    if outer is None:
        return inner
    left, top, width, height = outer
    x, y, w, h = inner
    return left + x * width, top + y * height, w * width, h * height


def _joined(words: str) -> str:
    """Make one line of several; words that a hyphen parts there are made whole."""
    return " ".join(_HYPHEN.sub("", words).split())
