"""What can be encoded: parts of one modality each, and rows of parts that are read together.

Sources are opened when they are encoded, never before; nothing heavy is imported here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from omnisearch.media.source import FILES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from PIL.Image import Image as Picture

    from omnisearch.media.source import Stream

    Array = npt.NDArray[Any]
    File = str | Path | bytes | Stream

Modality = Literal["text", "image", "audio", "video", "document"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)
Box = tuple[float, float, float, float]  # x, y, w, h as fractions of the picture, from top left


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Words; what does not fit the encoder is cut, see `Encoder.passages`."""

    modality: ClassVar[Modality] = "text"
    text: str
    _: KW_ONLY
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"Text takes a str, not {type(self.text).__name__}")
        _check_weight(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture: a path, encoded bytes, a PIL image or an array (h, w, 3); perhaps a box of it."""

    modality: ClassVar[Modality] = "image"
    source: File | Picture | Array
    _: KW_ONLY
    weight: float = 1.0
    box: Box | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if self.box is not None:
            _check_box(self.box)


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A sound: a path, encoded bytes, or samples (t,) or (t, channels) with their rate."""

    modality: ClassVar[Modality] = "audio"
    source: File | tuple[Array, int]
    _: KW_ONLY
    weight: float = 1.0
    from_s: float | None = None
    to_s: float | None = None

    def __post_init__(self) -> None:
        _check_sound(self.source)
        _check_weight(self.weight)
        _check_times(self.from_s, self.to_s)


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """A film: a path, encoded bytes, or frames in order, which may have a sound beside them."""

    modality: ClassVar[Modality] = "video"
    source: File | Sequence[Picture | Array] | Array
    _: KW_ONLY
    weight: float = 1.0
    from_s: float | None = None
    to_s: float | None = None
    sound: File | tuple[Array, int] | None = None

    def __post_init__(self) -> None:
        _check_film(self.source)
        if self.sound is not None:
            _check_sound(self.sound)
        _check_weight(self.weight)
        _check_times(self.from_s, self.to_s)
        timed = self.from_s is not None or self.to_s is not None
        if timed and not isinstance(self.source, FILES):
            raise ValueError(
                "from_s and to_s are times in a file, and frames have none: leave out the frames "
                "that are not meant"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A page: how it looks, and the words on it.

    A PDF tells its own words, unless others are given; `page` counts from 1. A page that was drawn
    or scanned is a PIL image or an array, and has only the words that are given.
    """

    modality: ClassVar[Modality] = "document"
    source: File | Picture | Array
    page: int = 1
    _: KW_ONLY
    weight: float = 1.0
    words: str | None = None

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        if not isinstance(self.words, str | None):
            raise TypeError(f"words of a Document are a str, not {type(self.words).__name__}")
        if not isinstance(self.page, int) or self.page < 1:
            raise ValueError(f"page is {self.page!r}: whole numbers from 1 on")


Part = Text | Image | Audio | Video | Document
PARTS: tuple[type, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Row:
    """Parts that make one vector.

    Those of weight 1 are read together, a picture with an instruction for example; others are
    encoded alone and added, or taken away where the weight is negative.
    """

    parts: tuple[Part, ...]

    def __init__(self, *parts: Part | str) -> None:
        if not parts:
            raise ValueError("a Row needs at least one part")
        object.__setattr__(self, "parts", tuple(as_part(part) for part in parts))

    @property
    def modalities(self) -> frozenset[Modality]:
        """The modalities of its parts."""
        return frozenset(part.modality for part in self.parts)


def as_part(part: Part | str) -> Part:
    """Take a bare string as a Text; anything else must be a part."""
    if isinstance(part, str):
        return Text(part)
    if not isinstance(part, PARTS):
        kinds = ", ".join(kind.__name__ for kind in PARTS)
        raise TypeError(f"{type(part).__name__} is no part: give a string, {kinds}")
    return part


def as_row(part: Part | Row | str) -> Row:
    """Take a part as a row of its own."""
    return part if isinstance(part, Row) else Row(part)


def _check_sound(source: object) -> None:
    """Refuse samples without their rate."""
    pair = isinstance(source, tuple) and len(source) == 2
    if pair or isinstance(source, FILES):
        if not pair or isinstance(source[1], Real):  # type: ignore[index]
            return
    raise TypeError(
        f"Audio takes a path, bytes or (samples, rate), not {type(source).__name__}: "
        "samples need their rate, as in om.Audio((samples, 16_000))"
    )


def _check_film(source: object) -> None:
    """Refuse what is no file and no frames in order; one picture is no film."""
    if isinstance(source, FILES):
        return
    shape = getattr(source, "shape", None)
    if not (isinstance(source, Sequence) if shape is None else len(shape) == 4):
        given = type(source).__name__ if shape is None else f"an array of shape {tuple(shape)}"
        raise TypeError(
            f"Video takes a path, bytes, a list of frames or an array (n, h, w, 3), not {given}"
        )


def _check_weight(weight: float) -> None:
    if isinstance(weight, bool) or not isinstance(weight, Real):
        raise TypeError(f"weight is {weight!r}: a number")
    try:
        usable = math.isfinite(weight) and weight != 0
    except OverflowError:
        raise ValueError(
            "weight is a number of more digits than are read: take a smaller"
        ) from None
    if not usable:
        raise ValueError(f"weight is {weight}: any finite number but 0")


def _check_box(box: Box) -> None:
    numbers = isinstance(box, tuple | list) and all(isinstance(one, Real) for one in box)
    if not numbers or len(box) != 4:
        raise ValueError(f"box is {box!r}: (x, y, w, h) as fractions of the picture, 0 to 1")
    x, y, w, h = box
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < w <= 1 - x + 1e-6 and 0 < h <= 1 - y + 1e-6):
        raise ValueError(f"box is {box}: (x, y, w, h) as fractions inside the picture, 0 to 1")


def _check_times(from_s: float | None, to_s: float | None) -> None:
    begin = 0.0 if from_s is None else from_s
    if not (math.isfinite(begin) and begin >= 0) or (to_s is not None and not to_s > begin):
        raise ValueError(f"from_s={from_s}, to_s={to_s}: seconds from 0 on, from_s before to_s")
