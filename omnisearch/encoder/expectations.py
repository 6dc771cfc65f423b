"""What known inputs must come to, compared when their modality is first encoded.

A question in words so opens no tower of pictures or sounds only to see that it is the right one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnisearch.encoder.parts import Row
    from omnisearch.encoder.protocol import Vector

_COMPOSED = {"image", "text"}  # what the known input of that name is made of
Compare = Callable[[Mapping[str, "Vector"], Iterable[str]], None]


class Expectations:
    """Vectors of known inputs that were not compared yet; threads share it."""

    def __init__(self, kept: Mapping[str, Vector], names: Iterable[str], compare: Compare) -> None:
        self._kept, self._compare = kept, compare
        self._open = {*names, *kept}
        self._lock = threading.Lock()

    @property
    def met(self) -> bool:
        """Tell whether all were compared."""
        return not self._open

    def meet(self, rows: Iterable[Row]) -> None:
        """Compare what belongs to these rows and was not compared yet; raises where it differs."""
        if self._open:
            self.compare(_named(rows))

    def compare(self, names: Iterable[str]) -> None:
        """Compare those of some names that were not compared yet."""
        if not (due := self._open.intersection(names)):
            return
        with self._lock:  # nobody goes on before the comparison is done
            due &= self._open
            self._compare({name: self._kept[name] for name in due & self._kept.keys()}, due)
            self._open -= due


def _named(rows: Iterable[Row]) -> set[str]:
    """Name the known inputs that go the same way as these rows."""
    found: set[str] = set()
    for modalities in {row.modalities for row in rows}:
        found |= modalities
        if modalities >= _COMPOSED:
            found.add("composed")
    return found
