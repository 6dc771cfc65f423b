"""Which encoder belongs to a collection: storage keeps its name and its space, nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnisearch.errors import EncoderNotFoundError, SpaceMismatchError
from omnisearch.storage import origin
from omnisearch.storage.origin import Origin

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.handle import Handle


def origin_of(encoder: Encoder, name: str | None = None) -> Origin:
    """Tell storage what it keeps of an encoder; `name` is what it was loaded by."""
    return Origin(str(encoder.space), encoder.dim, encoder.canaries, name)


def encoder_of(handle: Handle) -> Encoder:
    """Load the encoder that made a collection, or omni-mini for one that is not there yet."""
    from omnisearch.encoder.encoder import Encoder

    made = handle.origin()
    if made is None:
        return Encoder.load()
    try:
        found = Encoder.load(made.encoder or made.space.split(" ")[0], dim=made.dim)
    except EncoderNotFoundError as error:
        raise SpaceMismatchError(
            f"{handle.path} was made with {made.space}: open it with encoder=, the one that made it"
        ) from error
    origin.check(handle.path, made.space, origin_of(found))
    found.check(handle.canaries())
    return found
