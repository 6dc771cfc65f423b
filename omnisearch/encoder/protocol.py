"""What every model answers to; `Encoder` does the rest, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.encoder.parts import Audio, Modality, Part, Row
    from omnisearch.encoder.space import Space
    from omnisearch.encoder.speech import Spoken
    from omnisearch.errors import OmnisearchError
    from omnisearch.media.image import RGB

    Vector = npt.NDArray[np.float32]
    Vectors = npt.NDArray[np.float32]
    Scores = npt.NDArray[np.float32] | npt.NDArray[np.float64]

Role = Literal["document", "query"]
ROLES: tuple[Role, ...] = get_args(Role)
THREADS = 256  # at most: each takes memory before it does anything


def check_threads(threads: int) -> None:
    """Refuse a number of threads that no model is run with."""
    if not isinstance(threads, int) or not 1 <= threads <= THREADS:
        raise ValueError(f"threads is {threads!r}: 1 to {THREADS}, at best the number of cores")


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
    def dims(self) -> tuple[int, ...]:
        """To which lengths vectors may be cut, because that was trained or measured; `dim` too."""
        ...

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own."""
        ...

    def joins(self, parts: Sequence[Part]) -> bool:
        """Tell whether it reads several parts together, as one."""
        ...

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a text into spans of code points that fit a vector each."""
        ...

    def known(self) -> Mapping[str, Vector]:
        """Give the unit vectors that `canaries.inputs` had where it was made; none if unknown."""
        ...

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        """Give for each row, in order, a vector (dim,) of any length or what is wrong with it.

        A row holds one part, or several that it joins; weights are the caller's. A bad row is an
        error in its place and disturbs no other; only what makes every row impossible is raised.
        """
        ...


@runtime_checkable
class Transcriber(Protocol):
    """A model that also writes down what is said."""

    def transcribe(self, audio: Audio) -> list[Spoken]:
        """Give what is said, with times."""
        ...


@runtime_checkable
class Counter(Protocol):
    """A model that tells how long texts are for it."""

    def tokens(self, text: str) -> int:
        """Count tokens from above."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A model that brings along what its cosines are worth."""

    def prior(self) -> Prior:
        """Give what was learnt of them where it was made."""
        ...


class Seen(Protocol):
    """What was found, as a reranker sees it: what it says, and how it looks, if it looks."""

    @property
    def modality(self) -> Modality | None:
        """The modality of the segment."""
        ...

    @property
    def words(self) -> str:
        """All that it says, or nothing."""
        ...

    def picture(self) -> RGB | None:
        """Read the picture, frame or page again (h, w, 3); None where there is none to be had."""
        ...


class Reranker(Protocol):
    """A second look at what was found: too slow for all of a collection, surer of a few."""

    def scores(self, query: Sequence[Part], candidates: Sequence[Seen]) -> Scores:
        """Give a score (n,) for each candidate, larger is better; NaN where it cannot read one.

        Parts are decoded; scores of one query compare, and not with those of another.
        """
        ...


@runtime_checkable
class Reranking(Protocol):
    """A model that brings a reranker along."""

    @property
    def reranker(self) -> Reranker | None:
        """Give it; None where the files have none."""
        ...
