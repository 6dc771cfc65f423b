"""omni-mini: five modalities in one space on ONNX Runtime, each tower opened when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.encoder import canaries
from omnisearch.encoder.joint import Joint, Reading
from omnisearch.encoder.model import CANARIES, ModelFiles
from omnisearch.encoder.opening import Opened, Opener, Wave
from omnisearch.encoder.parts import Document, Modality, Part, Row, Text
from omnisearch.encoder.picture import PictureTower, evenly
from omnisearch.encoder.seen import Seen, film
from omnisearch.encoder.space import Space
from omnisearch.encoder.text import Words
from omnisearch.errors import MediaError, OmnisearchError, PartError

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.encoder.parts import Audio
    from omnisearch.encoder.protocol import Asked, Vector
    from omnisearch.encoder.sound import SoundTower
    from omnisearch.encoder.speech import Speech, Spoken

_HEARD = 30  # windows of a film's track, two minutes
_MEDIA = 32  # rows with media that are open at once: 150 MB where all are films


class OmniMini:
    """The encoder that ships, and every folder made by `omnisearch train export`."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self._words = Words(files)
        self._joint = Joint(files)
        self._pictures = PictureTower(files)
        self._opener = Opener(files, self._words)
        self.name = str(files.model["name"])
        self.modalities: tuple[Modality, ...] = tuple(files.model["modalities"])
        self.dim = int(files.model["dim"])
        self.dims: tuple[int, ...] = tuple(files.model.get("dims", (self.dim,)))

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> OmniMini:
        """Open a folder; its graphs are loaded when they are first used."""
        return cls(ModelFiles(folder, threads))

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
        said = [all(isinstance(part, Text) for part in row.parts) for row in rows]
        self._some(rows, [at for at, words in enumerate(said) if words], asked, found)
        media = iter([at for at, words in enumerate(said) if not words])
        while some := list(islice(media, _MEDIA)):
            self._some(rows, some, asked, found)
        return found

    def known(self) -> dict[str, Vector]:
        """Read the vectors that known inputs had where the encoder was made."""
        return canaries.load(self.files.read(CANARIES))

    def prior(self) -> Prior:
        """Give what its cosines were worth on the pairs that it was tried on."""
        return self._prior

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a long text into spans that fit a vector each."""
        return self._words.passages(text)

    def tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return self._words.tokens(text)

    def transcribe(self, audio: Audio) -> list[Spoken]:
        """Write down what is said, an hour at a time; times are those of the source."""
        from omnisearch.media import audio as sounds

        rate, begin_s = int(self.files.model["audio"]["rate"]), audio.from_s or 0.0
        found: list[Spoken] = []
        while True:
            heard = sounds.read(audio.source, rate, begin_s, audio.to_s)
            for one in self._speech.transcribe(heard.samples):
                start_s, end_s = one.start_s + begin_s, one.end_s + begin_s
                found.append(replace(one, start_s=start_s, end_s=end_s))
            if not heard.truncated:
                return found
            begin_s += heard.seconds

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
        for (at, row), each in zip(opened.items(), readings, strict=True):
            found[at] = _together(row, list(islice(vectors, len(each))))

    def _readings(self, opened: Sequence[Opened]) -> list[list[Reading]]:
        """Give what the backbone reads of each row: words, frames, each window of a sound."""
        seen = iter(self._pictures.look([frame for one in opened for frame in one.frames]))
        cuts = [self._cut(one) for one in opened]
        heard = iter(self._sounds.encode([w for cut in cuts for w in cut]) if any(cuts) else [])
        found: list[list[Reading]] = []
        for one, cut in zip(opened, cuts, strict=True):
            each = []
            if one.frames:
                laid = self._laid(list(islice(seen, len(one.frames))))
                each.append(Reading(one.ids, laid, one.kind))
            kind = "audio" if one.frames else one.kind
            each += [Reading(one.ids, part, kind) for part in islice(heard, len(cut))]
            found.append(each or [Reading(one.ids)])
        return found

    def _cut(self, one: Opened) -> list[Wave]:
        """Cut a sound into windows; of a film's track some are enough."""
        if one.wave is None:
            return []
        windows = self._sounds.cut(one.wave)
        if one.frames and len(windows) > _HEARD:
            return [windows[at] for at in evenly(len(windows), _HEARD)]
        return windows

    def _laid(self, frames: list[Seen]) -> Seen:
        if len(frames) == 1:
            return frames[0]
        return film(frames, self.files.model["video"].get("tokens"))

    @cached_property
    def _prior(self) -> Prior:
        from omnisearch.encoder.calibration.prior import Prior

        return Prior.load(self.files.model["calibration"])

    @cached_property
    def _speech(self) -> Speech:
        from omnisearch.encoder.speech import Speech

        return Speech(self.files)

    @cached_property
    def _sounds(self) -> SoundTower:
        from omnisearch.encoder.sound import SoundTower

        return SoundTower(self.files)


def _together(row: Opened, vectors: list[Vector]) -> Vector:
    """Average the windows of a sound; add them to the frames of a film."""
    if len(vectors) == 1:
        return vectors[0]
    heard: Vector = np.stack(vectors[1:] if row.frames else vectors).mean(axis=0)
    if not row.frames:
        return heard
    return np.asarray(vectors[0] + row.track * heard / np.linalg.norm(heard), np.float32)
