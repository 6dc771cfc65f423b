"""Parts to what the towers take: files are opened here, and what is wrong with one is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.encoder.picture import Frame, evenly
from omnisearch.encoder.sources import page_of
from omnisearch.errors import PartError
from omnisearch.media import image
from omnisearch.media.source import FILES

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles
    from omnisearch.encoder.protocol import Asked
    from omnisearch.encoder.text import Words
    from omnisearch.media.audio import Samples
    from omnisearch.media.source import File

Wave = npt.NDArray[np.float32]
# of a film's sound beside its frames. On 216 films, 49 of them with sound, texts that tell what is
# heard find R@10 40.8 instead of 34.7, and texts that tell what is seen 84.3 instead of 83.8
TRACK = 0.2
# A JPEG may be decoded at a fraction that leaves so many times the side that is looked at: 14 ms
# instead of 127 for 12 megapixels, at a cosine of 0.9993 and more (at twice the side 0.9983)
_SPARE = 3
COMPOSED = "composed"  # the weights of media that are read with words


@dataclass(frozen=True, slots=True)
class Opened:
    """A row as the towers take it: tokens, and the frames or the sound of its medium.

    A film may have both: its sound is then a vector of its own, added with the weight `track`.
    """

    ids: list[int]
    kind: str | None = None
    frames: list[Frame] = field(default_factory=list)
    wave: Wave | None = None
    track: float = 0.0


class Opener:
    """Opens parts for one encoder."""

    def __init__(self, files: ModelFiles, words: Words) -> None:
        self._words, self._model = words, files.model
        self._side = int(files.model["image"]["side"])
        self._frames = int(files.model["video"]["frames"])
        self._rate = int(files.model["audio"]["rate"])
        self._instructions = files.model["instructions"]

    def open(self, parts: Sequence[Part], asked: Asked) -> Opened:
        """Open what is read together: words, one medium, or both."""
        texts = [part.text for part in parts if isinstance(part, Text)]
        media = [part for part in parts if not isinstance(part, Text)]
        said = " ".join(texts)
        if not media:
            if asked.target is not None and said.strip():
                said = self._instructions[asked.target].format(said)
            return Opened(self._words.ids(said))
        ids = self._words.ids(said) if texts else self._words.none
        return self._medium(media[0], ids, COMPOSED if texts else media[0].modality)

    def _medium(self, part: Part, ids: list[int], kind: str) -> Opened:
        match part:
            case Image():
                return Opened(ids, kind, [self._still(part)])
            case Audio():
                return Opened(ids, kind, wave=self._wave(part.source, part))
            case Video():
                return self._film(part, ids, kind)
            case Document():
                return self._page(part, kind)
        raise PartError(f"{type(part).__name__} is no medium: give it as a part of its own")

    def _still(self, part: Image) -> Frame:
        rgb = image.read(part.source, box=part.box, least=_SPARE * self._side)
        return Frame(image.square(rgb, self._side))

    def _wave(self, source: File | Samples, part: Audio | Video) -> Wave:
        from omnisearch.media import audio

        found = audio.read(source, self._rate, part.from_s or 0.0, part.to_s)
        if found.truncated:
            raise PartError(
                f"the sound goes on after {found.seconds:,.0f} s, too long for one vector: "
                "encode it in pieces, with from_s and to_s"
            )
        return found.samples

    def _film(self, part: Video, ids: list[int], kind: str) -> Opened:
        weight = self._model["weights"]["video"].get("sound", TRACK) if kind == "video" else 0.0
        wave: Wave | None = None
        if isinstance(part.source, FILES):
            from omnisearch.media import video

            times = part.from_s or 0.0, part.to_s
            listens = bool(weight) and part.sound is None
            found = video.read(part.source, self._frames, *times, sound=listens)
            frames, track = found.frames, found.sound
            wave = None if track is None else track.samples
        else:
            frames = self._given(part.source)
        if part.sound is not None and weight:
            wave = self._wave(part.sound, part)
        first = int(self._model["video"]["places"][0])
        squares = (image.square(rgb, self._side) for rgb in frames)
        placed = [Frame(pixels, first + at) for at, pixels in enumerate(squares)]
        return Opened(ids, kind, placed, wave, 0.0 if wave is None else weight)

    def _given(self, frames: Sequence[Any] | npt.NDArray[Any]) -> list[image.RGB]:
        if not len(frames):
            raise PartError("the film has no frames: give at least one picture")
        chosen = (frames[at] for at in evenly(len(frames), self._frames))
        return [image.read(one, least=_SPARE * self._side) for one in chosen]

    def _page(self, part: Document, kind: str) -> Opened:
        from omnisearch.media import document

        page = page_of(part)
        frame = Frame(image.square(document.sheet(page.image), self._side))
        return Opened(self._words.ids_or_none(page.words), kind, [frame])
