"""The graph of a collection: read from its file, brought up to date, kept for the next question."""

from __future__ import annotations

import logging
import weakref
from threading import Lock
from typing import NamedTuple

from omnisearch.encoder.calibration.prior import Prior
from omnisearch.errors import OmnisearchError
from omnisearch.relations.graph import Graph
from omnisearch.relations.linking import Links, link, stored
from omnisearch.relations.nodes import Hashes, Nodes
from omnisearch.relations.scale import Scale
from omnisearch.storage import relations
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle
from omnisearch.storage.relations import StoredLinks

_log = logging.getLogger(__name__)
_GROWTH = 1.1  # as many times the segments of the file are worth a new one
_FEW = 64  # more segments, whatever the growth


class _Kept(NamedTuple):
    """A graph without its generation, which would hold files that nothing else needs."""

    generation: weakref.ref[Generation]
    space: str
    keys: Hashes
    links: Links
    scale: Scale


class Keeping:
    """Keeps the graph of the newest generation that somebody asked of, and not the generation."""

    def __init__(self, handle: Handle) -> None:
        self._handle, self._lock = handle, Lock()
        self._kept: _Kept | None = None

    def graph(self, now: Generation, prior: Prior | None) -> Graph:
        """Give the graph of a generation; what is not linked yet is linked now."""
        with self._lock:
            held, nodes = self._kept, Nodes.of(now)
            if held is not None and held.generation() is now:
                return Graph(nodes, held.links, held.scale)
            root, space = now.sealed.place.root, now.sealed.manifest.space
            kept = relations.read(root, space)
            known = kept
            if held is not None and held.space == space:
                known = StoredLinks(held.keys, held.links.targets, held.links.cosines)
            scale = Scale.measure(now, prior)
            made = Graph(nodes, link(nodes, scale, known), scale)
            if _is_worth_a_file(len(nodes), kept):
                self._write(space, made)
            self._kept = _Kept(weakref.ref(now), space, nodes.keys, made.links, scale)
            return made

    def _write(self, space: str, made: Graph) -> None:
        """Keep it, where this process may write; it is made anew by whoever finds none."""
        store = self._handle.existing()
        if store is None or not self._handle.options.writable or store.in_transaction:
            return
        try:
            relations.write(store, space, stored(made.nodes, made.links))
        except (OmnisearchError, OSError) as error:
            _log.info("links are not kept: %s", error)


def _is_worth_a_file(count: int, kept: StoredLinks | None) -> bool:
    if kept is None:
        return count >= _FEW
    return abs(count - len(kept.keys)) >= max(_FEW, (_GROWTH - 1) * len(kept.keys))
