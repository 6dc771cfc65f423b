"""Pictures as they were coded: decoded by FFmpeg on one thread, and their colours as RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from omnisearch.media import container
from omnisearch.media.heif.boxes import Fields
from omnisearch.media.heif.items import Item

if TYPE_CHECKING:
    from av import VideoCodecContext, VideoFrame

RGB = npt.NDArray[np.uint8]
# what decodes an item, and the property that sets it up
_CODECS = {
    b"hvc1": ("hevc", b"hvcC"),
    b"av01": ("libdav1d", b"av1C"),
    b"avc1": ("h264", b"avcC"),
}
KINDS = frozenset(_CODECS)
_ALIGNED = 64  # pixels by which a picture is coded larger than it is
_LARGEST = 1 << 15  # pixels of a side
# matrices by which brightness and colours became of red, green and blue, as swscale numbers them
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_USUAL = 5  # BT.601, where none is named (ISO/IEC 23000-22, 7.3.6.4)
_PQ, _WHITE, _BRIGHTEST = 16, 203.0, 1000.0  # candela of white paper and of what is kept apart


@dataclass(frozen=True, slots=True)
class Colours:
    """What the boxes say of colours (nclx), which counts more than what the picture says."""

    transfer: int
    matrix: int
    whole: bool  # black is 0 and white 255


def size(item: Item) -> tuple[int, int]:
    """Give how large a picture is, as its file says."""
    said = item.said(b"ispe")
    if said is None:
        raise ValueError("it does not say how large it is")
    fields = Fields(said[4:])
    width, height = fields.number(4), fields.number(4)
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise ValueError(f"it says to have {width:,} x {height:,} pixels")
    return width, height


def colours(item: Item) -> Colours | None:
    """Read what the boxes say of colours; profiles (ICC) are not looked at, as in other formats."""
    for kind, body in item.properties:
        if kind == b"colr" and bytes(body[:4]) == b"nclx":
            fields = Fields(body[4:])
            _, transfer, matrix, whole = (fields.number(n) for n in (2, 2, 2, 1))
            return Colours(transfer, matrix, whole >= 128)
    return None


def decode(item: Item, content: bytes) -> VideoFrame:
    """Decode the first picture of an item."""
    import av
    from av import Packet
    from av.codec import CodecContext

    name, wanted = _CODECS[item.kind]
    settings = item.said(wanted)
    if settings is None:
        raise ValueError(f"a picture lacks what sets up its decoder ({wanted.decode()})")
    width, height = size(item)
    container.check_version(str(av.ffmpeg_version_info))
    context = cast("VideoCodecContext", CodecContext.create(name, "r"))
    context.thread_count = 1
    context.extradata = bytes(settings)
    context.options = {"max_pixels": str((width + _ALIGNED) * (height + _ALIGNED))}
    try:
        found = context.decode(Packet(content)) or context.decode(None)
    except (av.FFmpegError, EOFError) as error:
        raise ValueError(f"a picture does not decode ({error})") from error
    if not found or found[0].is_corrupt:
        raise ValueError("a picture does not decode")
    return found[0]


def rgb(frame: VideoFrame, said: Colours | None, by: int) -> RGB:
    """Give a frame as red, green and blue of 8 bits, made smaller by a factor."""
    from av.video.reformatter import ColorRange, Interpolation

    transfer, matrix = frame.color_trc, frame.colorspace
    whole = frame.color_range == ColorRange.JPEG
    if said is not None:
        # some cameras write that a range is limited beside a picture that knows it is not
        transfer, matrix, whole = said.transfer, said.matrix, said.whole or whole
    way = Interpolation.AREA if by > 1 else Interpolation.BILINEAR
    found = frame.reformat(
        width=max(1, frame.width // by),
        height=max(1, frame.height // by),
        format="rgb24",
        src_colorspace=_MATRICES.get(matrix, _USUAL),
        src_color_range=ColorRange.JPEG if whole else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=way | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        threads=1,
    )
    plain = np.asarray(found.to_ndarray(), np.uint8)
    return _of_pq()[plain] if transfer == _PQ else plain


def _of_pq() -> RGB:
    """Give what 8 bits of PQ (SMPTE ST 2084) become on a screen that knows white paper only."""
    coded = (np.arange(256) / 255) ** (32 / 2523)
    least, slope, bend = 0.8359375, 18.8515625, 18.6875
    light = np.maximum(coded - least, 0) / (slope - bend * coded)
    shown = 10_000 * light ** (8192 / 1305) / _WHITE
    # Reinhard's curve: darkness stays, what is brightest becomes 1
    linear = shown * (1 + shown / (_BRIGHTEST / _WHITE) ** 2) / (1 + shown)
    linear = np.clip(linear, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * curved), np.uint8)
