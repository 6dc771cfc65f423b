"""Segments to vectors, on threads of their own, beside the decoders.

Each segment is encoded alone. On one thread that costs what batches cost, and its vector then never
depends on what else was waiting: a run that was killed and started again gives the same vectors.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.http import HttpModel
from omnisearch.encoder.omni_mini import OmniMini
from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.encoder.protocol import Transcriber
from omnisearch.errors import EncodingError, MediaError, OmnisearchError, PartError
from omnisearch.ingest.drafts import Draft, Row, Segment
from omnisearch.ingest.queues import Budget, Lane
from omnisearch.records import View

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.scans import Scans

Arrays = Mapping[str, npt.NDArray[Any]]
RATE = 16_000  # of the sounds that decoders give
ENCODE = "encode"  # the stage, as failures tell it
_WORDS: View = "words"
# whatever else goes wrong would go wrong with every file: a server, a file of the encoder
_FAULTS_OF_A_FILE = (PartError, MediaError, EncodingError, MemoryError)


@dataclass(frozen=True, slots=True)
class Task:
    """A segment, what is seen and heard of it, and the bytes that it holds until it is encoded."""

    draft: Draft
    place: int
    segment: Segment
    views: tuple[View, ...]
    arrays: Arrays
    bytes: int


class Encoding:
    """Takes tasks until there are no more; any number of threads may run it."""

    def __init__(
        self,
        encoder: Callable[[], Encoder],
        lane: Lane[Task],
        budget: Budget,
        finished: Callable[[Draft], None],
        scans: Scans | None = None,
    ) -> None:
        self._encoder, self._lane = encoder, lane
        self._budget, self._finished, self._scans = budget, finished, scans
        self.segments = 0
        self._one_by_one = threading.Lock()

    def run(self) -> None:
        """Encode until the lane is over."""
        while (task := self._lane.get()) is not None:
            self.do(task)

    def do(self, task: Task) -> None:
        """Encode one segment, and finish its item where it was the last."""
        rows: list[Row] = []
        begun = time.monotonic()
        try:
            if task.draft.fault is None:
                rows = self._rows(task)
        except _FAULTS_OF_A_FILE as error:
            task.draft.fail(ENCODE, str(error) or "there was not enough memory for it")
        finally:
            self._budget.give(task.bytes)
            task.draft.took(time.monotonic() - begun)
        self.segments += bool(rows)
        if task.draft.put(task.place, rows):
            self._finished(task.draft)

    def _rows(self, task: Task) -> list[Row]:
        encoder = self._encoder()
        if isinstance(encoder.model, OmniMini | HttpModel):
            return self._encoded(encoder, task)
        with self._one_by_one:  # nobody promises that models of the hub may be shared by threads
            return self._encoded(encoder, task)

    def _encoded(self, encoder: Encoder, task: Task) -> list[Row]:
        segment, views = task.segment, task.views
        if "sound" in task.arrays and isinstance(encoder.model, Transcriber):
            said = _said(encoder, task.arrays["sound"])
            if said:
                segment, views = replace(segment, words=said), ("content", "words")
        passages: list[Segment] = []
        if self._scans is not None:
            segment, passages = self._scans.read(task.draft, segment, task.arrays.get("image"))
        wanted = [(segment, view) for view in views] + [(one, _WORDS) for one in passages]
        rows = []
        for one, view in wanted:
            part = Text(one.words or "") if view == _WORDS else shown(one, task.arrays)
            vector = encoder.encode_each([part])[0]
            if isinstance(vector, PartError) and view == _WORDS:
                task.draft.unread = str(vector)  # signs that the encoder does not know
            elif isinstance(vector, OmnisearchError):
                raise vector
            else:
                rows.append(Row(one, view, vector))
        return rows


def _said(encoder: Encoder, sound: npt.NDArray[np.float32]) -> str:
    spoken = encoder.transcribe(Audio((sound, RATE)))
    return " ".join(one.text for one in spoken)


def shown(segment: Segment, arrays: Arrays) -> Part:
    """Give the part for how a segment looks or sounds."""
    sound = (arrays["sound"], RATE) if "sound" in arrays else None
    match segment.modality:
        case "image":
            return Image(arrays["image"])
        case "document":
            return Document(arrays["image"], words=segment.words or "")
        case "video":
            return Video(list(arrays["frames"]), sound=sound)
        case "audio":
            assert sound is not None
            return Audio(sound)
        case "text":
            return Text(segment.words or "")
