"""Which encoder belongs to a collection: storage keeps its name and its space, nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.errors import SpaceMismatchError
from omnisearch.storage import origin
from omnisearch.storage.origin import Origin

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
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


def encoder_of(handle: Handle) -> Encoder:
    """Load the encoder that made a collection, or omni-mini for one that is not there yet.

    Known inputs are compared before anything is written, and else of what is asked with.
    """
    from omnisearch.encoder.encoder import Encoder

    made = handle.origin()
    if made is None:
        return Encoder.load()
    name = made.encoder or made.space.split(" ")[0]
    if not _is_here(name):
        raise SpaceMismatchError(
            f"{handle.path} was made with {name}, which is not on this machine: open it with "
            f"encoder={name!r}, if you know it"
        )
    found = Encoder.load(name, dim=made.dim)
    origin.check(handle.path, made.space, origin_of(found))
    (found.check if handle.options.writable else found.expect)(handle.canaries())
    return found
