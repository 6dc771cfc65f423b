"""Everything that decodes, loaded at once, for a process that can open no file later.

Libraries import parts of themselves when these are first needed, and so does Python its encodings.
"""

from __future__ import annotations

import codecs
from importlib import import_module

from omnisearch.media import image

_MODULES = """
    av av.audio.resampler av.error av.stream av.subtitles.stream av.video.reformatter numpy.ma
    PIL.Image PIL.ExifTags PIL.ImageCms PIL.ImageColor PIL.ImageFile PIL.ImageMode PIL.ImageOps
    PIL.ImagePalette PIL.ImageSequence PIL.AvifImagePlugin PIL.MpoImagePlugin PIL.TiffImagePlugin
    pypdfium2 pypdfium2.raw ctypes copy html.entities statistics
""".split()
_ENCODINGS = """
    ascii cp1252 latin-1 utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be
    idna
""".split()


def load() -> None:
    """Import it all, for one thread, and leave judging sizes to us."""
    for name in _MODULES:
        import_module(name)
    for name in _ENCODINGS:
        codecs.lookup(name)
    image.formats()
    from PIL import AvifImagePlugin, Image

    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the caps judge a header before anything is decoded
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
