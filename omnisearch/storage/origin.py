"""Which encoder the vectors of a collection come from, as its manifests tell it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnisearch.errors import SpaceMismatchError

OWN_VECTORS = "own vectors"  # the user's, of which nothing is known
Vectors = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Origin:
    """A space, the length of its vectors, and what makes those of inputs that everybody knows.

    `encoder` is the name under which it is loaded again, if it has one.
    """

    space: str
    dim: int
    canaries: Callable[[], Vectors]
    encoder: str | None = None


def packed(vectors: Vectors) -> dict[str, str]:
    """Write vectors as half floats in base64."""
    halves = {name: vector.astype("<f2").tobytes() for name, vector in vectors.items()}
    return {name: base64.b64encode(raw).decode() for name, raw in halves.items()}


def unpacked(texts: Mapping[str, str]) -> dict[str, npt.NDArray[np.float32]]:
    """Read them back; a text that is no such vector is a ValueError."""
    raws = {name: base64.b64decode(text, validate=True) for name, text in texts.items()}
    return {name: np.frombuffer(raw, "<f2").astype(np.float32) for name, raw in raws.items()}


def check(path: Path, stored: str, given: Origin | None) -> None:
    """Refuse vectors of another space; without an encoder they are the user's own."""
    space = OWN_VECTORS if given is None else given.space
    if stored == space:
        return
    remedy = (
        "open it with encoder=, the one that made it"
        if given is None
        else ("open it with the encoder that made it, or make another collection")
    )
    raise SpaceMismatchError(f"{path} holds vectors of {stored}, not of {space}: {remedy}")


def check_dim(dim: int, given: Origin | None) -> None:
    """Refuse vectors that the encoder cannot have made."""
    if given is not None and dim != given.dim:
        raise SpaceMismatchError(
            f"vectors: {dim} dimensions, {given.space} gives {given.dim}: "
            "store what this encoder made, or leave encoder= out"
        )
