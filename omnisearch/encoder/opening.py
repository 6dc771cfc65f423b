"""Parts to what the towers take: files are opened here, and what is wrong with one is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.encoder.picture import Frame, evenly
from omnisearch.errors import PartError
from omnisearch.media import image

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles
    from omnisearch.encoder.protocol import Asked
    from omnisearch.encoder.text import Words

Wave = npt.NDArray[np.float32]
COMPOSED = "composed"  # the weights of media that are read with words
# what a query asks for; a text without target stays as it is
INSTRUCTIONS = {
    "text": "find a text about {}",
    "image": "find a picture of {}",
    "audio": "find a sound like {}",
    "video": "find a film of {}",
    "document": "find a page with {}",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A row as the towers take it: tokens, and the frames or the sound of its medium."""

    ids: list[int]
    kind: str | None = None
    frames: list[Frame] = field(default_factory=list)
    wave: Wave | None = None


class Opener:
    """Opens parts for one encoder."""

    def __init__(self, files: ModelFiles, words: Words) -> None:
        self._words, self._model = words, files.model
        self._side = int(files.model["image"]["side"])
        self._frames = int(files.model["video"]["frames"])
        self._rate = int(files.model["audio"]["rate"])
        self._instructions = files.model.get("instructions", INSTRUCTIONS)

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
                return Opened(ids, kind, wave=self._wave(part))
            case Video():
                return Opened(ids, kind, self._film(part))
            case Document():
                return self._page(part, kind)
        raise PartError(f"{type(part).__name__} is no medium: give it as a part of its own")

    def _still(self, part: Image) -> Frame:
        rgb = image.read(part.source, box=part.box, least=2 * self._side)
        return Frame(image.square(rgb, self._side))

    def _wave(self, part: Audio) -> Wave:
        from omnisearch.media import audio

        found = audio.read(part.source, self._rate, part.from_s or 0.0, part.to_s)
        return found.samples

    def _film(self, part: Video) -> list[Frame]:
        if isinstance(part.source, Sequence) and not isinstance(part.source, str | bytes):
            if not len(part.source):
                raise PartError("the film has no frames: give at least one picture")
            chosen = [part.source[at] for at in evenly(len(part.source), self._frames)]
            frames = [image.read(one, least=2 * self._side) for one in chosen]
        else:
            from omnisearch.media import video

            source = part.source
            frames = video.read(source, self._frames, part.from_s or 0.0, part.to_s).frames
        first = int(self._model["video"]["places"][0])
        squares = (image.square(rgb, self._side) for rgb in frames)
        return [Frame(pixels, first + at) for at, pixels in enumerate(squares)]

    def _page(self, part: Document, kind: str) -> Opened:
        from omnisearch.media import document

        page = document.page(part.source, part.page)
        said = page.words if part.words is None else part.words
        frame = Frame(image.square(document.sheet(page.image), self._side))
        return Opened(self._words.ids_or_none(said), kind, [frame])
