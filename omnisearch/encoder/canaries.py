"""Known inputs of every modality, and their vectors as they were where the encoder was made.

`make` writes them into the folder of an encoder, and the hash of every file beside them; it is the
last step of an export.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.model import CANARIES, FILES, PAPERS, Stored
from omnisearch.encoder.parts import Audio, Document, Image, Row, Text, Video

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.protocol import Vector

_TEXT = "A red bicycle leans against a white wall, 12 metres from the café."
_RATE = 22_050  # another one than the encoder's, so that resampling is looked at too


def inputs() -> dict[str, Row]:
    """Give the inputs: one for each modality, and a picture with words."""
    return {name: make() for name, make in _INPUTS.items()}


def vectors(encoder: Encoder, names: Iterable[str] | None = None) -> dict[str, Vector]:
    """Encode those inputs that the encoder reads: all, or those named."""
    chosen = _INPUTS.keys() if names is None else _INPUTS.keys() & names
    rows = {name: make() for name, make in _INPUTS.items() if name in chosen}
    known = {name: row for name, row in rows.items() if row.modalities <= {*encoder.modalities}}
    return dict(zip(known, encoder.encode(list(known.values())), strict=True))


def load(content: bytes) -> dict[str, Vector]:
    """Read what `make` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {name: np.asarray(found[name], np.float32) for name in found.files}


def make(folder: Path) -> dict[str, Vector]:
    """Write the hashes of an encoder's files and the vectors of the inputs into its folder."""
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.omni_mini import OmniMini

    (folder / CANARIES).unlink(missing_ok=True)
    _list(folder)
    found = vectors(Encoder(OmniMini.open(folder)))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **found)
    (folder / CANARIES).write_bytes(buffer.getvalue())
    _list(folder)
    return found


def _list(folder: Path) -> None:
    listed = {}
    for file in sorted(folder.iterdir()):
        if file.name not in {FILES, *PAPERS}:
            listed[file.name] = asdict(Stored.of(file.read_bytes()))
    (folder / FILES).write_text(json.dumps(listed, indent=1) + "\n", "utf-8")


def _disc(width: int, height: int, left: int = 30) -> npt.NDArray[np.uint8]:
    """Paint (h, w, 4): a ramp of colours, a red disc on it, clear at the bottom."""
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([255 * x // width, 255 * y // height, 180 - x, 255 - 0 * x], axis=2)
    inside = (x - left) ** 2 + (y - height // 2) ** 2 < (height // 4) ** 2
    ramp[inside] = (210, 30, 40, 255)
    ramp[height - height // 8 :, :, 3] = 0
    return ramp.astype(np.uint8)


def _chirp() -> npt.NDArray[np.int16]:
    """Give 2.5 s whose pitch rises from 220 to 1,760 Hz."""
    time_s = np.arange(int(2.5 * _RATE)) / _RATE
    turns = 220 * 2.5 / np.log(8) * (8 ** (time_s / 2.5) - 1)
    return np.asarray(np.rint(20_000 * np.sin(2 * np.pi * turns)), np.int16)


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    sealed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(sealed)


def _pdf() -> bytes:
    """Write a page with a heading, two lines and a red box."""
    lines = ("24 Tf 60 700 Td (Repairing a bicycle)", "14 Tf 60 660 Td (Turn it upside down.)")
    shown = "".join(
        f"BT /F {line} Tj ET\n" for line in (*lines, "14 Tf 60 640 Td (Oil the chain.)")
    )
    drawn = f"{shown}0.8 0.1 0.1 rg 60 400 240 160 re f\n".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    resources = b"<< /Font << /F 5 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page + resources + b" >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(drawn), drawn),
        font,
    )
    file, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    begin, count = len(file), len(objects) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, begin)
    return bytes(file)


def _film() -> Row:
    frames = [_disc(64, 64, 8 + 12 * at)[:, :, :3] for at in range(5)]
    return Row(Video(frames, sound=(_chirp(), _RATE)))


_INPUTS: Mapping[str, Callable[[], Row]] = {
    "text": lambda: Row(Text(_TEXT)),
    "image": lambda: Row(Image(_png(_disc(96, 64)))),
    "audio": lambda: Row(Audio((_chirp(), _RATE))),
    "video": _film,
    "document": lambda: Row(Document(_pdf())),
    "composed": lambda: Row(Image(_png(_disc(96, 64))), Text("the same in blue")),
}
NAMES = frozenset(_INPUTS)
