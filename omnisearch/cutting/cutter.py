"""Cutting: what of an answer is wanted, in which form, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Final, cast
from urllib.parse import unquote_to_bytes

from omnisearch.cutting.original import State, original, state_of
from omnisearch.cutting.target import Target, draft
from omnisearch.errors import QueryError
from omnisearch.media.caps import Caps
from omnisearch.media.cutting import whole
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.pool import Pool
from omnisearch.records import Details, Hit, Span, TimeSpan

if TYPE_CHECKING:
    from PIL.Image import Image

_EXTRACTOR = "omnisearch.media.cutting.cut:pieces"
_LIMITS = Limits(piece_s=60.0, item_s=600.0)
_FULL: Final = 1 << 20  # pixels of a side: as large as it is
_PIXELS: Mapping[str, str] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_QUALITY = 92  # of JPEG and WebP: what differs from the original is not seen
_FILMS = (".mp4", ".webm", ".mkv")
# what is made of a modality, the usual form first
FORMS: Mapping[str, tuple[str, ...]] = {
    "text": (".txt",),
    "image": tuple(_PIXELS),
    "audio": (".wav", ".txt"),
    "video": (*_FILMS, ".wav", *_PIXELS, ".txt"),
    "document": (".pdf", *_PIXELS, ".txt"),
}


@dataclass(frozen=True, slots=True)
class Extracted:
    """A moment that was written; of a film, the seconds of the original that it really shows."""

    path: Path
    begin_s: float | None = None
    end_s: float | None = None


class Cutter(AbstractContextManager["Cutter"]):
    """Cuts moments out of the files of answers; its decoder starts with the first, and is kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: Pool | None = None
        self._process = os.getpid()

    def thumbnail(self, hit: Hit, size: int = 256) -> Image | None:
        """Show an answer in a square of so many pixels; of text and sound there is nothing to see.

        Of a film it is the middle of the moment, of a picture or page the box that was found.
        """
        _check(hit)
        if size < 1:
            raise ValueError(f"size is {size}: 1 pixel or more")
        if hit.modality not in ("image", "video", "document") or _flows(hit):
            return None
        with self._cut(hit, hit.span, "pixels", size) as pieces:
            found = whole.picture(pieces)
        found.thumbnail((size, size))
        return found

    def extract(
        self,
        found: Hit | Details,
        target: str | os.PathLike[str] | None = None,
        *,
        around_s: float = 0.0,
        force: bool = False,
    ) -> Extracted:
        """Write the moment itself to a file, whose ending says in which form.

        A folder, or none for this one, gets a file named after the moment. A file that is there
        stays, unless `force` is set. Films are copied as they are, from a key frame on.
        """
        hit, words = (found.hit, found.words) if isinstance(found, Details) else (found, None)
        hit = _wider(_check(hit), around_s)
        goal = Target.of(target, hit, force=force)
        ending = _forms(hit)[0] if goal.ending is None else goal.ending
        if ending not in _forms(hit):
            made = f"no {ending[1:]}" if ending else "nothing without an ending"
            forms = " ".join(_forms(hit))
            raise QueryError(f"{goal.name}: {made} is made of {hit.modality}; give one of {forms}")
        if ending == ".txt" and not words:
            raise QueryError(f"{hit.id} says nothing: give what `details` has of it, or a medium")
        with draft(goal) as made_of:
            if ending == ".txt":
                made_of.file.write(f"{words}\n".encode())
                return Extracted(made_of.finish(ending))
            form = "film" if goal.picked and ending in _FILMS else _form(ending)
            with self._cut(hit, hit.span, form) as pieces:
                ending, shown = _filled(pieces, made_of.file, ending, hit)
            return Extracted(made_of.finish(ending), *shown)

    def close(self) -> None:
        """End the decoder; the next moment starts another."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def __exit__(self, *raised: object) -> None:
        self.close()

    @contextmanager
    def _cut(
        self, hit: Hit, span: Span | None, form: str, side: int = _FULL
    ) -> Iterator[Iterator[Piece]]:
        name = os.fsdecode(unquote_to_bytes((hit.uri or hit.id).rpartition("/")[2]))
        tree = None if span is None else span.as_json()
        ask = Ask(name, Caps(side=side), hit.modality, tree, form)
        with original(hit) as descriptor:
            pieces = cast(Generator[Piece], self._started().decode(descriptor, ask))
            with closing(pieces):
                yield pieces

    def _started(self) -> Pool:
        with self._lock:
            if self._pool is None or self._process != os.getpid():
                self._pool, self._process = Pool(_EXTRACTOR, workers=1, limits=_LIMITS), os.getpid()
            return self._pool


def file_states(hit: Hit) -> list[State]:
    """Tell of each location whether its file is there, has changed since, or is gone."""
    return [state_of(place, hit) for place in hit.locations]


def thumbnail(hit: Hit, size: int = 256) -> Image | None:
    """Show one answer; for several a `Cutter` is quicker, whose decoder is started once."""
    with Cutter() as cutter:
        return cutter.thumbnail(hit, size)


def _check(hit: object) -> Hit:
    if not isinstance(hit, Hit):
        what = "a hit, such as col.query(...)[0], or its details"
        raise TypeError(f"a moment is that of {what}, not {type(hit).__name__}")
    return hit


def _forms(hit: Hit) -> tuple[str, ...]:
    forms = FORMS["text"] if _flows(hit) else FORMS.get(hit.modality or "")
    if forms is None:
        raise QueryError(f"{hit.id} is a vector of your own: there is no file to cut from")
    return forms


def _flows(hit: Hit) -> bool:
    """Tell a page that nobody has drawn: of a document that is no PDF."""
    return hit.modality == "document" and hit.metadata.get("file.type", "pdf") != "pdf"


def _form(ending: str) -> str:
    """Say what a decoder makes for an ending."""
    if ending in _PIXELS:
        return "pixels"
    return "samples" if ending == ".wav" else ending[1:]


def _wider(hit: Hit, around_s: float) -> Hit:
    """Give a moment with so many seconds before and behind."""
    if not around_s:
        return hit
    if not isinstance(hit.span, TimeSpan) or hit.modality not in ("audio", "video"):
        raise QueryError("around is for sounds and films: leave it out for this answer")
    if not 0 <= around_s < 86_400:
        raise QueryError(f"around is {around_s:g} s: give 0 to 86,400")
    start_s = max(0.0, hit.span.start_s - around_s)
    return replace(hit, span=TimeSpan(start_s, hit.span.end_s + around_s))


def _filled(
    pieces: Iterator[Piece], file: BinaryIO, ending: str, hit: Hit
) -> tuple[str, tuple[float, ...]]:
    """Write what comes, and give the ending that it has and what a film shows."""
    original = int(hit.metadata["file.bytes"])
    if ending in _PIXELS:
        whole.picture(pieces).save(file, _PIXELS[ending], quality=_QUALITY)
    elif ending == ".wav":
        seconds = hit.span.end_s - hit.span.start_s if isinstance(hit.span, TimeSpan) else 0.0
        whole.sound(pieces, file, seconds)
    elif ending == ".pdf":
        whole.page(pieces, file, original)
    else:
        form, *shown = whole.film(pieces, file, original)
        return f".{form}", tuple(shown)
    return ending, ()
