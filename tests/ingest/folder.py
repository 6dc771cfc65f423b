"""Folders of files of several kinds, made on the spot, and what a collection made of them."""

from __future__ import annotations

import os
import struct
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import omnisearch as om

WORDS = (
    "harbour lantern meadow violin glacier orchard thunder compass velvet anchor "
    "marble sparrow kettle canyon saddle willow beacon pepper tunnel feather"
).split()


def sentence(number: int) -> str:
    """Give a text that no other number has."""
    picked = [WORDS[(number * step + step) % len(WORDS)] for step in (1, 3, 7, 11)]
    return (
        f"Note {number}: the {picked[0]} and the {picked[1]} were by the {picked[2]} {picked[3]}."
    )


def write_texts(folder: Path, count: int, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        (folder / f"note-{number}.txt").write_text(sentence(number))


def write_picture(path: Path, seed: int = 0, side: int = 64) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    Image.fromarray(pixels.repeat(8, 0).repeat(8, 1)).save(path)


def write_sound(path: Path, seconds: float = 1.0, pitch: float = 440.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(int(16_000 * seconds)) / 16_000
    samples = (8_000 * np.sin(2 * np.pi * pitch * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())


def write_mixed(folder: Path, texts: int = 12, pictures: int = 3, sounds: int = 1) -> None:
    """Write files of three kinds, copies among them, and some that cannot be taken in."""
    write_texts(folder / "notes", texts)
    for number in range(pictures):
        write_picture(folder / "pictures" / f"harbour-{number}.png", number)
    for number in range(sounds):
        write_sound(folder / "sounds" / f"tone-{number}.wav", pitch=330.0 + 110 * number)
    write_texts(folder / "copies", 2)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 4)
    (folder / "link.txt").symlink_to("notes/note-0.txt")


def age(folder: Path) -> None:
    """Make files look as if nobody had touched them for a while."""
    past = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in folder.rglob("*"):
        os.utime(path, (past, past), follow_symlinks=False)


def contents(collection: Path) -> dict[str, tuple[Any, ...]]:
    """Give everything that a collection holds, row by row, for comparing."""
    with om.open(collection, create=False, mode="r") as col:
        rows = col.iterate(vectors=True)
        return {
            row.id: (
                row.item,
                row.view,
                row.modality,
                row.locations,
                row.span,
                row.words,
                tuple(sorted((key, repr(value)) for key, value in row.metadata.items())),
                b"" if row.vector is None else row.vector.tobytes(),
            )
            for row in rows
        }
