"""Encoder: what users hold. Parts in, unit vectors out, in the order of the call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.encoder import canaries
from omnisearch.encoder.expectations import Expectations
from omnisearch.encoder.parts import MODALITIES, PARTS, Audio, Modality, Part, Row, as_row
from omnisearch.encoder.protocol import (
    ROLES,
    Asked,
    Calibrated,
    Counter,
    Model,
    Reranking,
    Role,
    Transcriber,
)
from omnisearch.encoder.space import LEAST_COSINE, strayed
from omnisearch.encoder.units import unit_of, weighted_sum
from omnisearch.errors import (
    DimensionError,
    EncodingError,
    OmnisearchError,
    PartError,
    SpaceMismatchError,
)

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.encoder.protocol import Reranker, Vector, Vectors
    from omnisearch.encoder.registry import EncoderInfo
    from omnisearch.encoder.space import Space
    from omnisearch.encoder.speech import Spoken
    from omnisearch.encoder.speeds import Speed

_MADE, _KEPT = "where it was made", "when this collection was made"
_log = logging.getLogger(__name__)


class Encoder:
    """Text, pictures, sounds, films and pages as vectors of one space."""

    def __init__(self, model: Model, dim: int | None = None) -> None:
        self.model = model
        self.dim = model.dim if dim is None else _whole(dim)
        self._reads = frozenset(model.modalities)
        self._checked = False
        self._canaries: dict[str, Vector] = {}
        self._expected: list[Expectations] = []
        if self.dim not in model.dims:
            valid = " or ".join(str(one) for one in sorted(model.dims))
            raise DimensionError(f"dim is {dim}: {model.name} was made for {valid}, leave dim out")

    @classmethod
    def load(
        cls,
        name: str | Path = "omni-mini",
        *,
        threads: int = 1,
        dim: int | None = None,
        key: str | None = None,
        say: Callable[[str], object] = _log.warning,
    ) -> Encoder:
        """Load an encoder by name, folder or address; its parts are opened when they are used.

        `dim` cuts its vectors, where the encoder was trained or measured for that. `key` is for a
        server. `say` is told what a person should know first: a licence, what leaves the machine.
        """
        from omnisearch.encoder import registry

        return cls(registry.load(name, threads=threads, say=say, key=key), dim)

    @staticmethod
    def known() -> list[EncoderInfo]:
        """List the encoders that lie on this machine."""
        from omnisearch.encoder import registry

        return registry.known()

    @staticmethod
    def describe(name: str | Path = "omni-mini") -> EncoderInfo:
        """Tell what is known of an encoder without loading it."""
        from omnisearch.encoder import registry

        return registry.describe(name)

    @property
    def name(self) -> str:
        """What the encoder is called."""
        return self.model.name

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can read."""
        return self.model.modalities

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own."""
        return replace(self.model.space, dim=self.dim)

    @property
    def reranker(self) -> Reranker | None:
        """What takes a second look at answers; None where the model brings nothing for that."""
        return self.model.reranker if isinstance(self.model, Reranking) else None

    def canaries(self) -> Mapping[str, Vector]:
        """Encode inputs that everybody knows, one for each modality; done once."""
        return self._encoded(canaries.NAMES)

    def _encoded(self, names: Iterable[str]) -> Mapping[str, Vector]:
        """Encode known inputs of these names, unless they were."""
        if lacking := set(names) - self._canaries.keys():
            alone = Encoder(self.model, self.dim)  # which expects nothing
            self._canaries = {**self._canaries, **canaries.vectors(alone, lacking)}
        return self._canaries

    @property
    def compared(self) -> frozenset[str]:
        """Which known inputs it encoded, to see whether their vectors are what they must be."""
        return frozenset(self._canaries)

    def compare(self, names: Iterable[str]) -> None:
        """Compare known inputs of these names as `expect` would when it comes to them."""
        for one in self._expected:
            one.compare(names)

    def check(self, kept: Mapping[str, Vector] | None = None) -> None:
        """Raise where known inputs have other vectors than where the encoder was made.

        `kept` are further vectors to compare with: those of a collection.
        """
        if not self._checked:
            self._compare(self._known, _MADE)
            self._checked = True
        self._compare(kept or {}, _KEPT)

    def expect(self, kept: Mapping[str, Vector]) -> None:
        """Do as `check` does, for each modality when it is first encoded."""

        def compare(kept: Mapping[str, Vector], names: Iterable[str]) -> None:
            made = self._known
            self._compare({name: made[name] for name in names if name in made}, _MADE)
            self._compare(kept, _KEPT)

        still = [one for one in self._expected if not one.met]
        self._expected = [*still, Expectations(kept, self._known, compare)]

    @cached_property
    def _known(self) -> Mapping[str, Vector]:
        return self.model.known()

    def _compare(self, known: Mapping[str, Vector], where: str) -> None:
        cosines = strayed(known, self._encoded(known)) if known else {}
        if cosines:
            told = ", ".join(f"{name} {cosine:.4f}" for name, cosine in sorted(cosines.items()))
            raise SpaceMismatchError(
                f"{self.space} gives other vectors here than {where} (cosine: {told}; "
                f"{LEAST_COSINE} is asked for): install the versions of constraints.txt, "
                "or the model that was used then"
            )

    def prior(self) -> Prior:
        """Tell what its cosines are worth before a collection is looked at; see `Calibrator`."""
        if isinstance(self.model, Calibrated):
            return self.model.prior()
        from omnisearch.encoder.calibration.prior import shipped

        return shipped().foreign()

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a long text where sentences end, into spans of code points that fit a vector each."""
        return self.model.passages(text)

    def tokens(self, text: str) -> int:
        """Count the tokens of a text from above; its bytes, where the model does not tell."""
        return self._count(text)

    @cached_property
    def _count(self) -> Callable[[str], int]:
        if isinstance(self.model, Counter):
            return self.model.tokens
        return lambda text: len(text.encode("utf-8", "surrogatepass"))

    def transcribe(self, audio: Audio | str | Path | bytes) -> list[Spoken]:
        """Write down what is said: pieces with start, end, text and confidence."""
        if not isinstance(self.model, Transcriber):
            raise PartError(f"{self.name} writes no speech down: use omni-mini for that")
        if isinstance(audio, PARTS) and not isinstance(audio, Audio):
            raise TypeError(
                f"transcribe takes an Audio, a path or bytes, not {type(audio).__name__}: "
                "the sound of a film is om.Audio(its path)"
            )
        return self.model.transcribe(audio if isinstance(audio, Audio) else Audio(audio))

    def encode(
        self,
        parts: Sequence[Part | Row | str],
        target: Modality | None = None,
        *,
        role: Role = "document",
    ) -> Vectors:
        """Give unit vectors (n, dim); a part that is wrong is a PartError with its place."""
        found = self.encode_each(parts, target, role=role)
        for place, one in enumerate(found):
            if isinstance(one, OmnisearchError):
                raise PartError(f"part {place}: {one}", place) from one
        vectors = [one for one in found if not isinstance(one, OmnisearchError)]
        return np.array(vectors, np.float32).reshape(-1, self.dim)

    def encode_each(
        self,
        parts: Sequence[Part | Row | str],
        target: Modality | None = None,
        *,
        role: Role = "document",
    ) -> list[Vector | OmnisearchError]:
        """Give a unit vector (dim,) for each part, or what is wrong with it; others go on."""
        if isinstance(parts, str) or not isinstance(parts, Sequence):
            raise TypeError(f"parts is a {type(parts).__name__}: give a list of parts or strings")
        if target is not None and target not in MODALITIES:
            raise ValueError(f"target is {target!r}: None or one of {', '.join(MODALITIES)}")
        if role not in ROLES:
            raise ValueError(f"role is {role!r}: {' or '.join(ROLES)}")
        rows = [as_row(part) for part in parts]
        for one in self._expected:
            one.meet(rows)
        asked = Asked("query" if target is not None else role, target)
        pieces = [self._pieces(row) for row in rows]
        alone = [piece for row in pieces if not isinstance(row, PartError) for piece, _ in row]
        embedded = iter(self._embedded(alone, asked) if alone else [])
        found: list[Vector | OmnisearchError] = []
        for row in pieces:
            if isinstance(row, PartError):
                found.append(row)
            else:
                units = [(self._unit(next(embedded)), weight) for _, weight in row]
                found.append(weighted_sum(units, self.dim))
        return found

    def _unit(self, vector: Vector | OmnisearchError) -> Vector | OmnisearchError:
        return unit_of(vector, self.model, self.dim)

    def _embedded(self, rows: Sequence[Row], asked: Asked) -> Sequence[Vector | OmnisearchError]:
        found = list(self.model.embed(rows, asked))
        if len(found) != len(rows):
            raise EncodingError(
                f"{self.name} gave {len(found):,} vectors for {len(rows):,} rows: its embed must "
                "give one for each, or an error in its place"
            )
        return found

    def speeds(self, seconds: float = 1.0) -> Iterator[Speed]:
        """Time each modality on this machine for about so many seconds."""
        from omnisearch.encoder.speeds import speeds

        if not 0.01 <= seconds <= 3600:
            raise ValueError(f"seconds is {seconds:g}: 0.01 to 3,600")
        return speeds(self, seconds)

    def _pieces(self, row: Row) -> list[tuple[Row, float]] | PartError:
        """Cut a row into what the model reads at once, each with its weight."""
        lacking = row.modalities - self._reads
        if lacking:
            known = ", ".join(self.modalities)
            fault = f"{self.name} does not read {', '.join(sorted(lacking))}, only {known}"
            return PartError(f"{fault}: leave this part out, or choose another encoder")
        if len(row.parts) == 1:
            return [(row, row.parts[0].weight)]
        together = [part for part in row.parts if part.weight == 1]
        if len(together) > 1 and self.model.joins(together):
            apart = [part for part in row.parts if part.weight != 1]
            return [(Row(*together), 1.0), *((Row(part), part.weight) for part in apart)]
        return [(Row(part), part.weight) for part in row.parts]


def _whole(dim: int) -> int:
    """Take integers of any library, and no floats."""
    try:
        return index(dim)
    except TypeError as error:
        raise TypeError(f"dim is {dim!r}: a whole number") from error
