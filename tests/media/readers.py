"""Small decoders for tests of the pool: what Python reads, who reads it, and real libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import BinaryIO

import av
import numpy as np
import PIL.AvifImagePlugin
import pypdfium2  # noqa: F401
from PIL import Image

from omnisearch.media import audio, document, image, video
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream

# as an extractor must: nothing can be imported once all is locked
for found in walk_packages(av.__path__, "av."):
    if not found.name.startswith("av.__"):
        import_module(found.name)
Image.init()
PIL.AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def whole(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give all text."""
    yield Piece({"text": file.read().decode()})


def process(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give the number of the process."""
    yield Piece({"process": os.getpid()})


def media(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Read a picture, sound, film or page, as the first letters of its name say."""
    source = Stream(file, ask.name)
    match ask.name.split(".")[0]:
        case "picture":
            yield Piece({}, {"image": image.read(source)})
        case "sound":
            yield Piece({}, {"sound": audio.read(source).samples})
        case "film":
            yield Piece({}, {"frames": np.stack(video.read(source).frames)})
        case "document":
            for number in range(document.pages(source)):
                page = document.page(source, number + 1)
                yield Piece({"words": page.words}, {"image": page.image})
