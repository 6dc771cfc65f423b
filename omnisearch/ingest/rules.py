"""What of a root is looked at, and what is left out."""

from __future__ import annotations

import os
from dataclasses import dataclass

from omnisearch.ingest.ignore import DEFAULTS, Chain, Patterns
from omnisearch.ingest.listing import patterns

_DOT = ord(".")


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a root is looked at."""

    excludes: tuple[str, ...] = ()  # lines as in a .gitignore of the root; they go first
    hidden: bool = False
    ignore_files: bool = True  # .omnisearchignore, and what is left out by default
    follow_symlinks: bool = False  # only where they lead beneath the root
    one_file_system: bool = True  # a mount may be a network, or the same disk again
    apart: frozenset[bytes] = frozenset()  # paths that are roots themselves


class Choosing:
    """Chooses by the rules and by the ignore files that are met on the way."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._excludes = Patterns(os.fsencode(line) for line in rules.excludes)

    @property
    def first(self) -> Chain:
        """Give what is left out before any ignore file is met."""
        return Chain((Patterns(DEFAULTS), 0)) if self._rules.ignore_files else Chain()

    def below(self, folder: int, chain: Chain, prefix: bytes) -> Chain:
        """Add the ignore file of an open folder, whose path that is, with a slash behind it."""
        own = patterns(folder) if self._rules.ignore_files else None
        return chain if own is None else chain.below(own, len(prefix))

    def hides(self, name: bytes) -> bool:
        """Tell whether a name is hidden, and hidden ones are not wanted."""
        return name[0] == _DOT and not self._rules.hidden

    def leaves_out(self, chain: Chain, name: bytes, path: bytes, *, folder: bool) -> bool:
        """Tell whether a path is left out by a line, or because it is a root of its own."""
        if path in self._rules.apart:
            return True
        named = self._excludes.excluded(name, path, folder=folder) if self._excludes else None
        return chain.excluded(name, path, folder=folder) if named is None else named
