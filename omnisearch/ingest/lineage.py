"""What an export tells of its rows: the encoder that made them, the files behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from omnisearch.errors import InputError
from omnisearch.locations import shown
from omnisearch.storage import ledger
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin, unpacked


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where rows of an export come from, so that a collection can have them again as they were."""

    space: str
    encoder: str | None = None
    canaries: Mapping[str, str] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)

    def as_json(self) -> dict[str, Any]:
        """Give what `of_json` reads."""
        return {
            "space": self.space,
            "encoder": self.encoder,
            "canaries": dict(self.canaries),
            "ledger": list(ledger.told(self.ledger)),
        }

    @classmethod
    def of_json(cls, tree: object) -> Lineage:
        """Read it; anybody may have written the file, so anything may stand there."""
        try:
            match tree:
                case {
                    "space": str(space),
                    "encoder": str() | None as encoder,
                    "canaries": dict(canaries),
                    "ledger": list(trees),
                }:
                    unpacked(canaries)
                    found = ledger.build(trees)
                    for root in found.roots:
                        if root.path and (root.path[:1] != b"/" or b"\0" in root.path):
                            raise ValueError(f"{shown(root.path)} is no absolute path")
                    return cls(space, encoder, dict(canaries), found)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"what it says of its origin does not read ({error})") from error
        raise InputError("what it says of its origin does not read (something is missing)")

    @property
    def folders(self) -> list[str]:
        """Name what the files were taken in from, harmless to a terminal."""
        return [shown(root.path) for root in self.ledger.roots if root.path]

    def origin(self, dim: int) -> Origin:
        """Tell storage what it keeps of the encoder."""
        canaries: Callable[[], Any] = lambda: unpacked(self.canaries)  # noqa: E731
        return Origin(self.space, dim, canaries, self.encoder)
