"""What another space shall go without: told once, and remembered in the ledger of that space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest.places import place_of
from omnisearch.ingest.reencoding.forgone import forgone
from omnisearch.ingest.reencoding.report import Unable, named
from omnisearch.locations import Root
from omnisearch.storage import switching
from omnisearch.storage.ledger import LeftOut

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.store import Store


@dataclass(frozen=True, slots=True)
class Omissions:
    """What may be left out of a space: anything, or the items that were before.

    `forgone` are those that go with the state before the last change.
    """

    space: str
    anything: bool
    before: tuple[LeftOut, ...]
    forgone: tuple[Unable, ...]

    def lost(self, unable: Iterable[Unable]) -> list[Unable]:
        """List what nobody said may be left out."""
        known = {one.item for one in self.before}
        return [] if self.anything else [one for one in unable if one.item not in known]

    def refuse(self, unable: Iterable[Unable], encoder: Encoder) -> None:
        """Lose no item without having been told to."""
        lost = self.lost(unable)
        if lost:
            items = "1 item" if len(lost) == 1 else f"{len(lost):,} items"
            raise InputError(
                f"{items} cannot be encoded by {encoder.name} ({named(lost, reasons=True)}): "
                "--from-words keeps what is known to be said in them, --leave-out goes on without "
                "them"
            )

    def begin(self, built: Store, unable: Sequence[Unable]) -> None:
        """Keep what shall be left out, so that whoever goes on need not say it again."""
        self._keep(built, self.before, unable)

    def end(self, built: Store, unable: Sequence[Unable]) -> None:
        """Keep what was left out in the end."""
        self._keep(built, (), unable)

    def _keep(self, built: Store, before: Sequence[LeftOut], unable: Sequence[Unable]) -> None:
        ledger = built.read_ledger()
        lines = (_line(one, self.space, ledger.roots) for one in (*unable, *self.forgone))
        built.write_ledger(replace(ledger, left_out=(*before, *lines)))


def allowed(store: Store, space: str, *, anything: bool) -> Omissions:
    """Take what was told of the space that is being built, or is told now."""
    waiting = switching.spaces(store.root).next
    lines = waiting.left_out if waiting is not None and waiting.space == space else ()
    return Omissions(space, anything, lines, forgone(store, space))


def _line(one: Unable, space: str, roots: Sequence[Root]) -> LeftOut:
    place = None if one.path is None else place_of(one.path, roots)
    return LeftOut(one.item, space, None if place is None else str(place), one.reason)
