"""What every model answers to; `Encoder` does the rest, the same for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omnisearch.encoder.parts import Modality, Row
    from omnisearch.encoder.space import Space
    from omnisearch.errors import OmnisearchError

    Vector = npt.NDArray[np.float32]
    Vectors = npt.NDArray[np.float32]

Role = Literal["document", "query"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What vectors are for: to be found, or to find something, perhaps of one modality."""

    role: Role = "document"
    target: Modality | None = None


class Model(Protocol):
    """omni-mini, a model of the hub, a server: rows in, vectors or errors out."""

    @property
    def name(self) -> str:
        """What it is called, as in `Encoder.load(name)`."""
        ...

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can read."""
        ...

    @property
    def dim(self) -> int:
        """How long its vectors are."""
        ...

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own."""
        ...

    def joins(self, modalities: frozenset[Modality]) -> bool:
        """Tell whether it reads parts of these modalities together, as one."""
        ...

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        """Give for each row, in order, a vector (dim,) of any length or what is wrong with it.

        A row holds one part, or several whose modalities it joins, all to be read with weight 1. A
        bad row is an error in its place and disturbs no other; only what makes every row impossible
        is raised.
        """
        ...
