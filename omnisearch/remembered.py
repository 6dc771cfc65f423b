"""Which encoder belongs to a collection: storage keeps its name and its space, nothing more."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from omnisearch.errors import SpaceMismatchError
from omnisearch.storage import origin
from omnisearch.storage.origin import Origin, Vectors

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.handle import Handle


def origin_of(encoder: Encoder, name: str | None = None) -> Origin:
    """Tell storage what it keeps of an encoder; `name` is what it was loaded by."""
    return Origin(str(encoder.space), encoder.dim, encoder.canaries, name)


def lasting(name: str) -> str:
    """Give the name under which an encoder is found from any folder."""
    return str(Path(name).resolve()) if Path(name).is_dir() else name


def _is_here(name: str) -> bool:
    """Tell whether an encoder can be had without asking a server.

    The name may come from a collection of a stranger, who would like to see what is asked.
    """
    from omnisearch.encoder import registry

    if registry.place(name) is not None:
        return True
    return not registry.is_address(name) and name in {one.name for one in registry.known()}


class Remembered:
    """The encoder of a collection: as given, or loaded by name, anew when its space changed."""

    def __init__(self, handle: Handle, given: Encoder | None, lent: Encoder | None = None) -> None:
        """Take the one that was given, or what somebody has in memory: used if it is the one."""
        self._handle, self._given, self._lent = handle, given, lent
        self._lock = Lock()  # what takes seconds to load is loaded once
        self.loaded: Encoder | None = None  # the last one
        self._known: tuple[str, Encoder] | None = None  # of the space that was asked for last
        if given is not None:
            if (store := handle.existing()) is not None:
                space = store.reading().sealed.manifest.space
                origin.check(handle.path, space, origin_of(given))
            self._compare(given, handle.canaries())

    def newest(self) -> Encoder:
        """Give that of the newest generation, or omni-mini for a collection that is not there."""
        from omnisearch.encoder.encoder import Encoder

        if self._given is not None:
            return self._given
        made = self._handle.origin()
        with self._lock:
            if made is not None:
                return self._of(made)
            self.loaded = self.loaded or self._lent or Encoder.load()
            return self.loaded

    def of(self, now: Generation) -> Encoder:
        """Give that of a generation; a given one must be of its space."""
        found, known = now.sealed.manifest, self._known
        if known is not None and known[0] == found.space:
            return known[1]
        if self._given is not None:
            origin.check(self._handle.path, found.space, origin_of(self._given))
            self._known = found.space, self._given
            return self._given
        kept = found.canaries
        made = Origin(found.space, found.settings.dim, lambda: origin.unpacked(kept), found.encoder)
        with self._lock:
            self._known = found.space, self._of(made)
            return self._known[1]

    def _of(self, made: Origin) -> Encoder:
        if self.loaded is None or str(self.loaded.space) != made.space:
            found = self._lent
            if found is None or str(found.space) != made.space:
                found = _loaded(self._handle.path, made)
            self._compare(found, made.canaries())
            self.loaded = found
        return self.loaded

    def _compare(self, encoder: Encoder, kept: Vectors) -> None:
        """Compare known inputs: before anything is written, and else of what is asked with."""
        (encoder.check if self._handle.options.writable else encoder.expect)(kept)


def _loaded(path: Path, made: Origin) -> Encoder:
    from omnisearch.encoder import registry
    from omnisearch.encoder.encoder import Encoder

    name = made.encoder or made.space.split(" ")[0]
    if not _is_here(name):
        told = f"open it with encoder={name!r}"
        if registry.is_address(name):
            told += f" (on the command line --encoder {name}, or OMNISEARCH_ENCODER)"
        raise SpaceMismatchError(
            f"{path} was made with {name}, which is not on this machine: {told}, if you know it"
        )
    found = Encoder.load(name, dim=made.dim)
    origin.check(path, made.space, origin_of(found))
    return found
