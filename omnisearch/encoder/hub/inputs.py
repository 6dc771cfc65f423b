"""Parts as a model of sentence-transformers takes them: words, pictures, sounds, films.

A string that looks like a file or an address is never handed over bare to a model that sees or
hears: it would be opened, or fetched. A page is seen by models that see, and else read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Audio, Document, Image, Modality, Part, Row, Text, Video
from omnisearch.encoder.picture import evenly
from omnisearch.encoder.sources import page_of
from omnisearch.encoder.text import check
from omnisearch.errors import PartError
from omnisearch.media import audio, image, video
from omnisearch.media.source import Stream

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Vector

Input = Any  # what becomes one vector: a string, an array, or several in a dict
# what sentence-transformers takes for media; it knows fewer endings
_PLACE = re.compile(r"\.\w{2,5}\s*$|^\s*(https?://|data:)", re.IGNORECASE)
# A token is seldom longer, so that not all of a book is cut into tokens for the first of them.
_LETTERS = 64
_WINDOW_S = 30.0  # what most models that listen were trained on
_VARIANTS = 7_200  # of a row: a sound as long as is read, in windows of half a second
_THIN = 32  # times as long as wide
_SEEN = 1_024  # pixels a side: models look at about a million, and photographs have ten times that


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one model takes, and how its sounds and films are prepared."""

    modalities: frozenset[str]  # of sentence-transformers: without "document"
    rate: int = 16_000  # of its sounds
    window_s: float = _WINDOW_S  # a longer sound is heard in windows
    frames: int = 16  # of a film
    tokens: int | None = None  # of a text
    chancy: bool = False  # its feature extractor draws one sound of a batch for another treatment

    def listening(self, listener: Any, processor: Any) -> Inputs:  # noqa: ANN401 - of transformers
        """Take from a feature extractor at what rate, and how much at once, it hears."""
        rate = int(listener.sampling_rate)
        chancy = getattr(listener, "truncation", None) == "fusion"  # CLAP, fused
        return replace(self, rate=rate, window_s=_heard_s(listener, processor), chancy=chancy)

    def together(self, kind: Sequence[str], count: int) -> int:
        """Say how many of a kind may share a batch without changing each other."""
        return 1 if self.chancy and "audio" in kind else count

    @property
    def reads(self) -> tuple[Modality, ...]:
        """Which of our modalities the model reads."""
        known: tuple[Modality, ...] = ("text", "image", "audio", "video")
        found = tuple(modality for modality in known if modality in self.modalities)
        paged = self.modalities & {"text", "image"}
        return (*found, "document") if paged else found

    def kind(self, row: Row) -> tuple[str, ...]:
        """Say which modalities of the model a row needs; rows of one kind share a batch."""
        return tuple(sorted({self.modality(part) for part in row.parts}))

    def of(self, row: Row) -> list[Input]:
        """Give what a row is to the model: one input, or one for each window of a long sound."""
        variants: list[dict[str, Any]] = [{}]
        for part in row.parts:
            modality, given = self.modality(part), self._given(part)
            several = given if modality == "audio" else [given]
            if len(variants) * len(several) > _VARIANTS:
                raise PartError("the sounds are too long to be read together: give from_s and to_s")
            variants = [
                {**variant, modality: [*variant.get(modality, ()), one]}
                for variant in variants
                for one in several
            ]
        return [self._plain(variant) for variant in variants]

    def modality(self, part: Part) -> str:
        """Say as what the model takes a part."""
        if part.modality == "document":
            return "image" if "image" in self.modalities else "text"
        return part.modality

    def _given(self, part: Part) -> Any:  # noqa: ANN401 - a string, a picture, samples, frames
        if part.modality not in self.reads:
            raise PartError(f"this model does not read {part.modality}: leave the part out")
        match part:
            case Text():
                return self._words(part.text)
            case Image():
                return _picture(image.read(part.source, box=part.box, least=_SEEN))
            case Audio():
                return self._windows(part)
            case Video():
                return self._film(part)
            case Document():
                return self._page(part)

    def _words(self, text: str) -> str:
        check(text)
        if not text.strip():
            raise PartError("the text is empty: give words, or leave the part out")
        return text if self.tokens is None else text[: self.tokens * _LETTERS]

    def _windows(self, part: Audio) -> list[dict[str, Any]]:
        sound = audio.read(part.source, self.rate, part.from_s or 0.0, part.to_s)
        if sound.truncated:
            fault = f"the sound is longer than {audio.LONGEST_S:,.0f} s, too much for one vector"
            raise PartError(f"{fault}: give from_s and to_s")
        return [
            {"array": samples, "sampling_rate": self.rate}
            for samples in cut(sound.samples, round(self.window_s * self.rate))
        ]

    def _film(self, part: Video) -> dict[str, Any]:
        source = part.source
        if isinstance(source, str | bytes | Path | Stream):
            end_s = part.to_s
            film = video.read(source, self.frames, part.from_s or 0.0, end_s, sound=False)
            return _as_video(film.frames, film.times_s[-1] - film.times_s[0])
        if not len(source):
            raise PartError("the film has no frames: give at least one picture")
        chosen = [source[at] for at in evenly(len(source), self.frames)]
        return _as_video([image.read(one, least=_SEEN) for one in chosen], 0.0)

    def _page(self, part: Document) -> Any:  # noqa: ANN401
        page = page_of(part)
        if "image" in self.modalities:
            return _picture(page.image)
        if not page.words.strip():
            raise PartError(
                f"page {part.page} has no words and this model does not see: recognise its text "
                "first, or take a model that reads images"
            )
        return self._words(page.words)

    def _plain(self, variant: Mapping[str, list[Any]]) -> Input:
        """Unwrap what is there once; a text that looks like a place of media stays wrapped."""
        single = {name: given[0] if len(given) == 1 else given for name, given in variant.items()}
        if len(single) > 1:
            return single
        ((modality, given),) = single.items()
        if isinstance(given, list):
            return single
        # before 6.0, sentence-transformers refuses a text that is wrapped: an error, no guess
        wrapped = modality == "text" and self.modalities != {"text"} and _PLACE.search(given)
        return single if wrapped else given


def cut(samples: Vector, length: int) -> list[Vector]:
    """Cut a sound into windows of equal length, the last one laid back over the one before it."""
    if len(samples) <= length:
        return [samples]
    starts = [*range(0, len(samples) - length, length), len(samples) - length]
    return [samples[start : start + length] for start in starts]


def _heard_s(listener: Any, processor: Any) -> float:  # noqa: ANN401
    """Find how long a sound may be before a feature extractor cuts it, perhaps at random."""
    for name in ("nb_max_samples", "n_samples"):  # CLAP, Whisper
        samples = getattr(listener, name, None)
        if isinstance(samples, int) and samples > 0:
            return samples / int(listener.sampling_rate)
    tokens = getattr(processor, "audio_seq_length", None)  # Gemma
    each_ms = getattr(processor, "audio_ms_per_token", None)
    return tokens * each_ms / 1000 if tokens and each_ms else _WINDOW_S


def size(given: Any) -> int:  # noqa: ANN401 - an input or something in it
    """Tell how many bytes an input takes: equal ones go beside each other, few large ones wait."""
    if isinstance(given, np.ndarray):
        return int(given.nbytes)
    if isinstance(given, dict):
        return sum(size(one) for one in given.values())
    if isinstance(given, list):
        return sum(size(one) for one in given)
    return len(given) if isinstance(given, str) else 0


def _picture(rgb: image.RGB) -> image.RGB:
    """Give a picture as (3, h, w), of 5 pixels a side at least: fewer look like colours.

    Models scale the shorter side to some hundred pixels, so a picture thinner than 1 to 32 is
    squeezed first: 20,000 x 10 would become 448,000 x 224.
    """
    if min(rgb.shape[:2]) < 5:
        rgb = rgb.repeat(5, axis=0).repeat(5, axis=1)
    height, width = rgb.shape[:2]
    if height > _THIN * width:
        rgb = rgb[_places(height, _THIN * width)]
    if width > _THIN * height:
        rgb = rgb[:, _places(width, _THIN * height)]
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))


def _places(length: int, count: int) -> npt.NDArray[np.intp]:
    """Choose so many of a length, evenly."""
    return np.linspace(0, length - 1, count).round().astype(np.intp)


def _as_video(frames: Sequence[image.RGB], length_s: float) -> dict[str, Any]:
    """Tell a model when each frame was seen, and that they are chosen already."""
    rate = (len(frames) - 1) / length_s if length_s > 0 else 1.0
    times = {"fps": rate, "total_num_frames": len(frames), "duration": len(frames) / rate}
    metadata = {**times, "frames_indices": list(range(len(frames)))}
    pictures = [_picture(frame) for frame in frames]
    if len({picture.shape for picture in pictures}) > 1:
        raise PartError("the frames have different sizes: give frames of one film")
    return {"array": np.stack(pictures), "video_metadata": metadata}  # (t, 3, h, w)
