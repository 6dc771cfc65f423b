"""What can go wrong below the collection; `omnisearch` turns these into its own errors."""

from __future__ import annotations


class ShardError(Exception):
    """The base of all errors of this package."""


class CorruptIndexError(ShardError):
    """Bytes that are no index of ours, or not one of this space."""

    def __init__(self, what: str, fault: str) -> None:
        super().__init__(f"{what}: {fault}: build it again from the vectors")
