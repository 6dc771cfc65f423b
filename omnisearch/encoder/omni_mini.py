"""omni-mini: five modalities in one space on ONNX Runtime, each tower opened when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.encoder import canaries
from omnisearch.encoder.joint import Joint, Reading
from omnisearch.encoder.model import CANARIES, ModelFiles
from omnisearch.encoder.opening import Opened, Opener
from omnisearch.encoder.parts import Document, Modality, Part, Row, Text
from omnisearch.encoder.picture import PictureTower
from omnisearch.encoder.seen import Seen, film
from omnisearch.encoder.space import Space
from omnisearch.encoder.text import Words
from omnisearch.errors import MediaError, OmnisearchError, PartError

if TYPE_CHECKING:
    from omnisearch.encoder.parts import Audio
    from omnisearch.encoder.protocol import Asked, Vector
    from omnisearch.encoder.sound import SoundTower
    from omnisearch.encoder.speech import Spoken

_MEDIA = 32  # rows with media that are open at once: 150 MB where all are films


class OmniMini:
    """The encoder that ships, and every folder made by `omnisearch train export`."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self._words = Words(files)
        self._joint = Joint(files)
        self._pictures = PictureTower(files)
        self._opener = Opener(files, self._words)

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> OmniMini:
        """Open a folder; its graphs are loaded when they are first used."""
        return cls(ModelFiles(folder, threads))

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.files.model["name"])

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can read."""
        return tuple(self.files.model["modalities"])

    @property
    def dim(self) -> int:
        """How long its vectors are."""
        return int(self.files.model["dim"])

    @property
    def dims(self) -> tuple[int, ...]:
        """To which lengths its vectors may be cut."""
        return tuple(self.files.model.get("dims", (self.dim,)))

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own."""
        return Space(self.name, self.files.fingerprint, self.dim)

    def joins(self, parts: Sequence[Part]) -> bool:
        """Tell whether they are texts, perhaps with one medium; a page has its own words."""
        media = [part for part in parts if not isinstance(part, Text)]
        return len(media) <= 1 and not any(isinstance(part, Document) for part in media)

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        """Give vectors or errors, in order; texts first, since they need no towers."""
        found: list[Vector | OmnisearchError] = [PartError("not read")] * len(rows)
        texts = [at for at, row in enumerate(rows) if row.modalities == {"text"}]
        media = iter(sorted(set(range(len(rows))) - set(texts)))
        self._some(rows, texts, asked, found)
        while some := list(islice(media, _MEDIA)):
            self._some(rows, some, asked, found)
        return found

    def known(self) -> dict[str, Vector]:
        """Read the vectors that known inputs had where the encoder was made."""
        return canaries.load(self.files.read(CANARIES))

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a long text into spans that fit a vector each."""
        return self._words.passages(text)

    def transcribe(self, audio: Audio) -> list[Spoken]:
        """Write down what is said."""
        from omnisearch.encoder.speech import Speech
        from omnisearch.media import audio as sounds

        rate = int(self.files.model["audio"]["rate"])
        heard = sounds.read(audio.source, rate, audio.from_s or 0.0, audio.to_s)
        return Speech(self.files).transcribe(heard.samples)

    def _some(
        self,
        rows: Sequence[Row],
        places: Sequence[int],
        asked: Asked,
        found: list[Vector | OmnisearchError],
    ) -> None:
        """Open, look, listen and read; fills `found`."""
        opened: dict[int, Opened] = {}
        for at in places:
            try:
                opened[at] = self._opener.open(rows[at].parts, asked)
            except (MediaError, PartError) as error:
                found[at] = error
            except (TypeError, ValueError) as error:  # of sources that nothing can read
                found[at] = PartError(str(error))
        readings = self._readings(list(opened.values()))
        vectors = iter(self._joint.read([one for each in readings for one in each]))
        for at, each in zip(opened, readings, strict=True):
            some = list(islice(vectors, len(each)))
            found[at] = some[0] if len(some) == 1 else np.stack(some).mean(axis=0)

    def _readings(self, opened: Sequence[Opened]) -> list[list[Reading]]:
        """Give what the backbone reads of each row: once, or once for each window of a sound."""
        seen = iter(self._pictures.look([frame for one in opened for frame in one.frames]))
        cuts = [[] if one.wave is None else self._sounds.cut(one.wave) for one in opened]
        heard = iter(self._sounds.encode([w for cut in cuts for w in cut]) if any(cuts) else [])
        found: list[list[Reading]] = []
        for one, cut in zip(opened, cuts, strict=True):
            if cut:
                parts: list[Seen | None] = list(islice(heard, len(cut)))
            elif one.frames:
                parts = [self._laid(list(islice(seen, len(one.frames))))]
            else:
                parts = [None]
            found.append([Reading(one.ids, part, one.kind) for part in parts])
        return found

    def _laid(self, frames: list[Seen]) -> Seen:
        if len(frames) == 1:
            return frames[0]
        return film(frames, self.files.model["video"].get("tokens"))

    @cached_property
    def _sounds(self) -> SoundTower:
        from omnisearch.encoder.sound import SoundTower

        return SoundTower(self.files)
