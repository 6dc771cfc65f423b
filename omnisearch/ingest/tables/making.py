"""A job to an item: what did not change is let be, the rest is decoded, cut and encoded.

Any number of threads may do it, each one row after another; media are decoded where files are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blake3 import blake3

from omnisearch.errors import EmptyError, MediaError, PoolError
from omnisearch.ingest import pieces
from omnisearch.ingest.drafts import Draft, Segment
from omnisearch.ingest.encoding import Encoding, Task
from omnisearch.ingest.entries import RefusedError
from omnisearch.ingest.extraction import EXTRACTOR
from omnisearch.ingest.extraction.passages import Passage, passages
from omnisearch.ingest.extraction.prose import plain
from omnisearch.ingest.pieces import EndTold, ItemTold, SegmentTold
from omnisearch.ingest.tables.columns import Columns, pick
from omnisearch.ingest.tables.contents import media_of, words_of
from omnisearch.ingest.tables.jobs import Job
from omnisearch.ingest.tables.known import segment_name, state_of
from omnisearch.ingest.tables.lines import RowError
from omnisearch.ingest.tables.media import Folder, Opened
from omnisearch.media.pool.ask import Ask
from omnisearch.records import Modality, TextSpan

if TYPE_CHECKING:
    from omnisearch.ingest.bounds import Bounds
    from omnisearch.ingest.languages import Languages
    from omnisearch.ingest.lazy import Lazy
    from omnisearch.ingest.queues import Stop
    from omnisearch.ingest.scans import Scans
    from omnisearch.media.pool.pool import Pool

_DIGEST_BYTES = 16
NOTHING = "nothing in the columns that are searched"


@dataclass(frozen=True, slots=True)
class Made:
    """An item that is new or changed; `columns` tells of which column each segment is."""

    job: Job
    draft: Draft
    state: str
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class Same:
    """A row whose parts are stored; `state` is new where only its metadata or place is."""

    job: Job
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A row that is no item."""

    number: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Vain:
    """A row in which nothing can be searched; `item` is what is stored of an earlier one."""

    number: int
    item: str | None = None


Event = Made | Same | Spoilt | Vain


@dataclass(slots=True)
class _Item:
    """An item that is being made."""

    job: Job
    draft: Draft
    single: bool  # it has one segment, which is called what the item is
    columns: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def name(self, column: str) -> str:
        """Name the next segment."""
        number, self.count = self.count, self.count + 1
        item = self.job.item
        name = item if self.single and not number else segment_name(item, number)
        self.columns[name] = column
        return name


@dataclass(frozen=True, slots=True)
class Tools:
    """What threads share that make items."""

    columns: Columns
    folder: Folder
    pool: Lazy[Pool]
    bounds: Bounds
    languages: Languages
    scans: Scans
    stop: Stop


class Making:
    """Makes items of jobs."""

    def __init__(self, tools: Tools, encoding: Encoding) -> None:
        self._tools, self._encoding = tools, encoding

    def event(self, job: Job) -> Event:
        """Say what becomes of a row."""
        try:
            with ExitStack() as held:
                return self._event(job, held)
        except RowError as error:
            return Spoilt(job.number, error.column, error.reason)

    def _event(self, job: Job, held: ExitStack) -> Event:
        text, known = self._text(job), job.known
        media = list(self._opened(job, held))
        if not text.strip() and not media:
            return Vain(job.number, job.item if known is not None and not known.hidden else None)
        digest = self._digest(text, media)
        if known is not None and known.parts == digest:
            if not (known.unread and self._tools.scans.ready):
                if known.said == job.digest and not known.hidden:
                    return Same(job)
                return Same(job, state_of(digest, job.digest, unread=known.unread))
        item = self._made(job, text, media)
        if not item.draft.rows:
            column = self._tools.columns.told or None
            raise RowError(column, item.draft.unread or NOTHING)
        state = state_of(digest, job.digest, unread=item.draft.wordless)
        return Made(job, item.draft, state, item.columns)

    def _text(self, job: Job) -> str:
        texts = (words_of(name, pick(job.cells, name)) for name in self._tools.columns.text)
        return "\n\n".join(text for text in texts if text.strip())

    def _opened(self, job: Job, held: ExitStack) -> Iterator[tuple[Modality, str, Opened]]:
        for kind, column in self._tools.columns.media:
            for medium in media_of(column, pick(job.cells, column)):
                opened = self._tools.folder.opened(kind, column, medium)
                if opened.copy is not None:
                    held.callback(opened.copy.close)
                yield kind, column, opened

    def _digest(self, text: str, media: list[tuple[Modality, str, Opened]]) -> str:
        """Digest all that vectors come from, and by which version it is cut."""
        said = blake3(text.encode()).digest()
        told = [f"{EXTRACTOR}", *(f"{column}\n{one.digest}" for _, column, one in media)]
        whole = blake3("\n".join([self._tools.columns.told, *told]).encode("utf-8", "replace"))
        whole.update(said)
        return whole.hexdigest(length=_DIGEST_BYTES)

    def _made(self, job: Job, text: str, media: list[tuple[Modality, str, Opened]]) -> _Item:
        """Cut and encode; a lone picture and the words beside it are one segment."""
        limit = self._tools.bounds.caps.text
        text, draft = text[:limit], Draft(job.item, [], truncated=len(text) > limit)
        said = list(passages(text, plain(text)))
        lone = len(media) == 1 and media[0][0] == "image" and len(said) <= 1
        # passages of print would not be found by the name of the one segment
        single = lone and not self._tools.scans.ready if media else len(said) == 1
        item = _Item(job, draft, single)
        for _, column, opened in media:
            self._decode(item, column, opened)
        if lone and said:
            self._describe(item, media[0][1], said[0])
        else:
            for passage in said:
                self._say(item, passage)
        if not draft.end():
            raise AssertionError("every segment was encoded by this thread")
        return item

    def _decode(self, item: _Item, column: str, opened: Opened) -> None:
        """Give a medium to a decoder and encode its segments as they come."""
        tools, first = self._tools, len(item.draft.rows)
        ask = Ask(opened.name, tools.bounds.caps)
        try:
            with opened.descriptor() as descriptor:
                for told in pieces.read(iter(tools.pool().decode(descriptor, ask))):
                    tools.stop.check()
                    self._hear(item, column, told)
            if opened.copy is not None:
                opened.copy.check()
        except PoolError:
            tools.stop.check()  # closed because the run ends
            raise
        except RefusedError as error:
            raise RowError(column, error.refused.reason) from error
        except EmptyError as error:
            raise RowError(column, "is empty") from error
        except MediaError as error:
            raise RowError(column, str(error)) from error
        for row in item.draft.rows[first:]:  # those of print have names of their own
            item.columns.setdefault(row.segment.id, column)

    def _hear(self, item: _Item, column: str, told: pieces.Told) -> None:
        draft = item.draft
        match told:
            case ItemTold():
                draft.modality = draft.modality or told.modality
                draft.type = draft.type or told.type
                draft.columns.update(told.columns)
                draft.truncated |= told.truncated
                draft.notes += told.notes
            case SegmentTold():
                name = item.name(column)
                segment = Segment(name, told.modality, told.span, told.words, told.look)
                self._encode(item, column, segment, told)
            case EndTold():
                draft.columns.update(told.columns)
                draft.truncated |= told.truncated

    def _describe(self, item: _Item, column: str, passage: Passage) -> None:
        """Let the words of a row be those of its picture."""
        picture = next(one.segment for one in item.draft.rows if one.segment.id in item.columns)
        text = self._tools.columns.told
        segment = Segment(picture.id, picture.modality, picture.span, passage.words, picture.look)
        self._encode(item, text, segment, None)
        item.columns[picture.id] = f"{column}+{text}"

    def _say(self, item: _Item, passage: Passage) -> None:
        column = self._tools.columns.told
        span = TextSpan(passage.start, passage.end).as_json()
        segment = Segment(item.name(column), "text", span, passage.words)
        self._encode(item, column, segment, None)

    def _encode(self, item: _Item, column: str, segment: Segment, told: SegmentTold | None) -> None:
        place = item.draft.expect()
        if told is None:
            self._tools.languages.hear(segment.words or "", place)
            self._encoding.do(Task(item.draft, place, segment, ("words",), {}, 0))
        else:
            self._encoding.do(Task(item.draft, place, segment, told.views, told.arrays, 0))
        if item.draft.fault is not None:
            raise RowError(column, item.draft.fault.reason)
