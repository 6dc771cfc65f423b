"""Pictures inside documents: read as any other, or left out where they are small or of no kind."""

from __future__ import annotations

from omnisearch.media import sniff, still
from omnisearch.media.caps import Caps
from omnisearch.media.image import RGB
from omnisearch.media.office.archive import Archive
from omnisearch.media.office.leaf import Picture
from omnisearch.media.words import HEAD

SMALLEST = 32  # pixels of a side: what is smaller is a bullet or a line
_BYTES = 64 << 20


def pixels(picture: Picture, archive: Archive | None, caps: Caps) -> RGB | None:
    """Give how a picture looks; None: it is drawn by a program, or too small to show anything."""
    content = picture.content
    if not content and archive is not None:
        content = archive.read(picture.part, _BYTES)
    form = sniff.format_of(content[:HEAD], len(content))
    if form is None or form.name not in still.FORMATS:
        return None
    found = still.read(content, form.name, caps)
    return found.rgb if min(found.width, found.height) >= SMALLEST else None
