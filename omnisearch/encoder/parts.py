"""What can be encoded: parts of one modality each, and rows of parts that are read together.

Sources are opened when they are encoded, never before; nothing heavy is imported here. Numbers of
any real kind are taken, and kept as plain ones, which are told to other processes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from numbers import Integral, Real
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
        _keep(self, weight=_weight(self.weight))


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture: a path, encoded bytes, a PIL image or an array (h, w, 3); perhaps a box of it."""

    modality: ClassVar[Modality] = "image"
    source: File | Picture | Array
    _: KW_ONLY
    weight: float = 1.0
    box: Box | None = None

    def __post_init__(self) -> None:
        box = None if self.box is None else _box(self.box)
        _keep(self, weight=_weight(self.weight), box=box)


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
        begin, end = _times(self.from_s, self.to_s)
        _keep(self, weight=_weight(self.weight), from_s=begin, to_s=end)


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
        begin, end = _times(self.from_s, self.to_s)
        _keep(self, weight=_weight(self.weight), from_s=begin, to_s=end)
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
        _keep(self, weight=_weight(self.weight), page=_page(self.page))
        if not isinstance(self.words, str | None):
            raise TypeError(f"words of a Document are a str, not {type(self.words).__name__}")


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


def _keep(part: object, **numbers: object) -> None:
    """Put plain numbers into a part, in the place of those that were given."""
    for name, number in numbers.items():
        object.__setattr__(part, name, number)


def _plain(value: object, name: str) -> float | None:
    """Give a real number as a float; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} has more digits than are read: take a smaller number") from None
    except ValueError:  # of the decimals that are no number
        return math.nan


def _weight(weight: float) -> float:
    number = _plain(weight, "weight")
    if number is None:
        raise TypeError(f"weight is {weight!r}: a number")
    if not math.isfinite(number) or number == 0:
        raise ValueError(f"weight is {weight}: any finite number but 0")
    return number


def _box(box: Box) -> Box:
    numbers = [_plain(one, "box") for one in box] if isinstance(box, tuple | list) else []
    if len(numbers) != 4 or None in numbers:
        raise ValueError(f"box is {box!r}: (x, y, w, h) as fractions of the picture, 0 to 1")
    x, y, w, h = (one for one in numbers if one is not None)
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < w <= 1 - x + 1e-6 and 0 < h <= 1 - y + 1e-6):
        raise ValueError(f"box is {box}: (x, y, w, h) as fractions inside the picture, 0 to 1")
    return x, y, w, h


def _page(page: int) -> int:
    number = _plain(page, "page") if isinstance(page, Integral) else None
    if number is None or number < 1:
        raise ValueError(f"page is {page!r}: whole numbers from 1 on")
    return int(page)


def _times(from_s: float | None, to_s: float | None) -> tuple[float | None, float | None]:
    begin, end = _seconds(from_s, "from_s"), _seconds(to_s, "to_s")
    first = begin or 0.0
    if not (math.isfinite(first) and first >= 0) or (end is not None and not end > first):
        raise ValueError(f"from_s={from_s}, to_s={to_s}: seconds from 0 on, from_s before to_s")
    return begin, end


def _seconds(time: float | None, name: str) -> float | None:
    if time is None:
        return None
    number = _plain(time, name)
    if number is None:
        raise TypeError(f"{name} is {time!r}: a number of seconds")
    return number
