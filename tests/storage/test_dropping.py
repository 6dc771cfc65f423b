"""A collection that nobody closed is given back whenever Python finds it, even amid an opening."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any, cast

import omnisearch as om
from omnisearch.storage.handle import Handle, Options


class Collecting:
    """What is lent while a collection is opened: it lets Python look for what nobody holds."""

    def lend(self, sealed: object) -> None:
        del sealed
        gc.collect()


def lost(folder: Path) -> None:
    """Leave a collection behind in a ring, as the frames of an error do."""
    col = om.open(folder)
    col.add_vectors(["a"], [[1.0, 0.0]])
    ring: list[Any] = [col]
    ring.append(ring)


def test_a_lost_collection_is_dropped_while_another_is_opened(tmp_path: Path) -> None:
    with om.open(tmp_path / "other") as other:
        other.add_vectors(["b"], [[0.0, 1.0]])
    gc.collect()
    gc.disable()
    try:
        lost(tmp_path / "lost")
        options = Options(create=False, derived=cast(Any, Collecting()))
        opening = threading.Thread(target=Handle(tmp_path / "other", options).need, daemon=True)
        opening.start()
        opening.join(60)
        assert not opening.is_alive()
    finally:
        gc.enable()
    with om.open(tmp_path / "lost") as again:  # its lock is free
        again.add_vectors(["c"], [[1.0, 0.0]])
        assert again.count() == 2
