"""What was made: how many files of each kind, and how large all of them are."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Made:
    """A folder that is being filled."""

    folder: Path
    kinds: Counter[str] = field(default_factory=Counter)
    size: int = 0  # in bytes

    @property
    def files(self) -> int:
        """How many files were written."""
        return self.kinds.total()

    def add(self, kind: str, path: str | bytes, content: bytes) -> None:
        """Write one file, and the folders that it lies in."""
        whole = self.folder / os.fsdecode(path)
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content)
        self.kinds[kind] += 1
        self.size += len(content)
