"""What a process keeps in memory that answers questions in forks of itself."""

from __future__ import annotations

from collections.abc import Iterable

from omnisearch.encoder import canaries
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.omni_mini import OmniMini
from omnisearch.encoder.registry import SHIPPED, place
from omnisearch.storage.words.asking import ask

_KNOWN = {"image": ("image", "composed"), "audio": ("audio",)}  # inputs, by graph


class KeptEncoder:
    """omni-mini with all that words need; a fork takes it over at once, where loading takes long.

    Nothing else may run in the process that is forked: a thread of it would be gone in the copy.
    """

    def __init__(self) -> None:
        folder = place(SHIPPED)
        assert folder is not None
        self._model = OmniMini.open(folder)
        self._encoder = Encoder(self._model)
        self._encoder.expect({})
        self._encoder.encode(["warm"], role="query")
        self._encoder.prior()
        ask("warm", stems=True)

    @property
    def opened(self) -> frozenset[str]:
        """Which of its graphs are in memory."""
        return self._model.files.opened

    def open(self, graphs: Iterable[str]) -> None:
        """Bring graphs into memory, and compare known inputs of theirs; other names are nothing."""
        for graph in graphs:
            if graph in self._model.files.model["graphs"]:
                self._model.files.open(graph)
                canaries.vectors(self._encoder, _KNOWN.get(graph, ()))

    def adopt(self) -> Encoder:
        """Give the encoder for use in a fork, which calls this first."""
        self._model.files.adopt()
        return self._encoder
