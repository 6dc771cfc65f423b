"""Small pictures of what was found, made together when the first is looked at."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from threading import Lock

from omnisearch.context.choosing import SIDE
from omnisearch.errors import OmnisearchError
from omnisearch.records import Hit

_QUALITY = 80
_log = logging.getLogger(__name__)


class Pictures:
    """The pictures of one context, by number; the decoder ends when all are made."""

    def __init__(self, hits: Mapping[int, Hit]) -> None:
        self._hits, self._lock = hits, Lock()
        self._made: dict[int, bytes] | None = None

    def draw(self, number: int) -> bytes | None:
        """Give a JPEG; None where its file is gone, has changed or cannot be read."""
        with self._lock:
            if self._made is None:
                self._made = dict(self._all())
        return self._made.get(number)

    def _all(self) -> list[tuple[int, bytes]]:
        from omnisearch.cutting.cutter import Cutter

        made = list[tuple[int, bytes]]()
        with Cutter() as cutter:
            for number, hit in self._hits.items():
                try:
                    found = cutter.thumbnail(hit, SIDE)
                except (OmnisearchError, OSError) as error:
                    _log.warning("source %s is not shown: %s", number, error)
                    continue
                if found is not None:
                    out = io.BytesIO()
                    found.convert("RGB").save(out, "JPEG", quality=_QUALITY)
                    made.append((number, out.getvalue()))
        return made
