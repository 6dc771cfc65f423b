"""What a process keeps in memory that answers questions in forks of itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.collection import Collection
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.omni_mini import OmniMini
from omnisearch.encoder.registry import SHIPPED, place
from omnisearch.errors import OmnisearchError, PoolError
from omnisearch.questions import Decoder
from omnisearch.remembered import origin_of
from omnisearch.storage.derived import Derived
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.words.asking import ask

if TYPE_CHECKING:
    from omnisearch.media.pool.lending import Lender

_COLLECTIONS = 4
_BYTES = 48 << 20  # that they take together: some 700,000 rows


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
        self._derived: dict[str, Derived] = {}  # by path, last asked last
        self._asked: str | None = None
        self._lender: Lender | None = None
        self._decoder: Decoder | None = None

    @property
    def opened(self) -> frozenset[str]:
        """Which of its graphs are in memory."""
        return self._model.files.opened

    @property
    def asked(self) -> str | None:
        """Which collection was opened in this process, by its whole path."""
        return self._asked

    @property
    def decoded(self) -> bool:
        """Whether a question in this process had a file."""
        return self._decoder is not None and self._decoder.started

    @property
    def decoding(self) -> int | None:
        """Which process is kept for files of questions."""
        return None if self._lender is None or self._lender.gone else self._lender.process

    @property
    def compared(self) -> frozenset[str]:
        """Which known inputs were compared in this process."""
        return self._encoder.compared

    def open(self, graphs: Iterable[str]) -> None:
        """Bring graphs into memory; other names are nothing."""
        for graph in graphs:
            if graph in self._model.files.model["graphs"]:
                self._model.files.open(graph)

    def compare(self, names: Iterable[str]) -> None:
        """Compare known inputs, so that forks need not; where one differs, they say so."""
        with suppress(OmnisearchError):
            self._encoder.compare(names)

    def keep(self, path: str) -> None:
        """Keep what takes long to make of a collection, of the last few; none of its files."""
        known = self._derived.pop(path, None)
        with suppress(OmnisearchError, OSError):
            handle = Handle(Path(path), Options(create=False, writable=False, derived=known))
            try:
                sealed = handle.need().reading().sealed
                made = known if known and known.manifest == sealed.manifest else Derived.of(sealed)
            finally:
                handle.drop()
            self._derived[path] = made
        while len(self._derived) > _COLLECTIONS or self._bytes > _BYTES:
            del self._derived[next(iter(self._derived))]

    def keep_decoding(self) -> None:
        """Keep a process of which each fork may have a copy for its files; it takes a while."""
        from omnisearch.decoding import lender  # what it brings is there once a file was asked with

        if self._lender is not None and self._lender.gone:
            self._lender.close()
            self._lender = None
        if self._lender is None:
            with suppress(PoolError):  # then each fork starts its own, or says why it cannot
                self._lender = lender()

    def prepare_decoding(self) -> None:
        """Have a copy of what is kept for files made meanwhile, in a fork that will need one."""
        if self._lender is not None:
            self._lender.ask()

    def close(self) -> None:
        """End what is kept for files; questions that have a copy of it go on."""
        if self._lender is not None:
            self._lender.close()

    def adopt(self) -> Encoder:
        """Give the encoder for use in a fork, which calls this first."""
        self._model.files.adopt()
        return self._encoder

    def collection(self, path: Path) -> Collection:
        """Open a collection to read its newest state, in a fork, with what is kept of it."""
        encoder, self._asked = self.adopt(), os.path.realpath(path)
        options = Options(
            create=False,
            writable=False,
            origin=origin_of(encoder),
            derived=self._derived.get(self._asked),
        )
        self._decoder = Decoder(self._lender)
        # not given: another may take its place meanwhile
        return Collection(path, options, decoder=self._decoder, lent=encoder)

    @property
    def _bytes(self) -> int:
        return sum(one.bytes for one in self._derived.values())
