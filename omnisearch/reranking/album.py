"""Pictures of hits, read again from their files in a process that can do nothing else."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.errors import OmnisearchError
from omnisearch.records import Hit

if TYPE_CHECKING:
    from omnisearch.cutting.cutter import Cutter
    from omnisearch.media.image import RGB

_SIDE = 1024  # pixels: models look at about a million at most


class Album:
    """Opens pictures, frames and pages; its decoder is started by the first, and kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cutter: Cutter | None = None

    def picture(self, hit: Hit) -> RGB | None:
        """Give a picture (h, w, 3); None where nothing is to be seen, or its file has gone."""
        if not any(place.startswith("file://") for place in hit.locations):
            return None
        try:
            found = self._started().thumbnail(hit, _SIDE)
        except (OmnisearchError, OSError):
            return None
        return None if found is None else np.asarray(found.convert("RGB"))

    def close(self) -> None:
        """End the decoder; the next picture starts another."""
        with self._lock:
            cutter, self._cutter = self._cutter, None
        if cutter is not None:
            cutter.close()

    def _started(self) -> Cutter:
        from omnisearch.cutting.cutter import Cutter

        with self._lock:
            if self._cutter is None:
                self._cutter = Cutter()
            return self._cutter
