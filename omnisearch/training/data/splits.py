"""Which part of the corpus a concept belongs to, and orders by chance: by stable hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

Split = Literal["train", "validation", "test"]

_TEST, _VALIDATION = 0.10, 0.05


def split_of(concept: str) -> Split:
    """Give the split of a united concept: 85 % train, 5 % validation, 10 % test."""
    digest = hashlib.blake2b(concept.encode(), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    if share < _TEST:
        return "test"
    return "validation" if share < _TEST + _VALIDATION else "train"


def split_of_all(concepts: Iterable[str]) -> Split:
    """Give the split of something made of several concepts: held out if any of them is."""
    found = {split_of(concept) for concept in concepts}
    if "test" in found:
        return "test"
    return "validation" if "validation" in found else "train"


def rank(name: str) -> str:
    """Give a place in an order that looks random and stays the same."""
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
