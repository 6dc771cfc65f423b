"""What a killed switch left: finished where its manifest was published, undone where not.

Every name is given after what it names is whole, so a look at the folder tells how far it came.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal
from uuid import UUID

from omnisearch.errors import CollectionLockedError
from omnisearch.storage import calibration, catalog, files, layout, locks
from omnisearch.storage.identity import Identity
from omnisearch.storage.switching.waiting import is_whole, space_of

Done = Literal["switch", "rollback"] | None


def is_settled(root: Path) -> bool:
    """Tell whether no switch was begun and left."""
    before = root / layout.PREVIOUS
    if (root / layout.LEAVING).is_dir() or (before.is_dir() and not is_whole(before)):
        return False
    return not is_whole(root / layout.NEXT) or space_of(root / layout.NEXT) != space_of(root)


def settle(root: Path, identity: Identity) -> Done:
    """Bring names in order as their writer; tells which change is done by that."""
    here, leaving, coming = space_of(root), root / layout.LEAVING, root / layout.NEXT
    if leaving.is_dir() and space_of(leaving) in (None, here):
        remove(leaving, identity.collection)
    done: Done = "rollback" if leaving.is_dir() else None
    if here is not None and space_of(coming) == here:  # it goes last
        done = "switch"
    if done is not None:
        finish(root, identity)
    for path in (root / layout.PREVIOUS, coming):
        if path.is_dir() and not is_whole(path):
            with suppress(CollectionLockedError):  # somebody is just making it
                remove_alone(path, identity.collection)
    return done


def finish(root: Path, identity: Identity) -> None:
    """Do what is left to do once the manifest of another space is published."""
    here, before = space_of(root), root / layout.PREVIOUS
    leaving, coming = root / layout.LEAVING, root / layout.NEXT
    spent = next((path for path in (coming, before) if space_of(path) == here), None)
    if is_whole(leaving):
        catalog.hand_over(root, leaving, identity.collection)
    if spent is not None:
        catalog.hand_over(spent, root, identity.collection)
    if is_whole(leaving):
        if before.is_dir():
            remove(before, identity.collection)
        files.publish(leaving, before, "rename")
        files.sync_folder(root)
    if spent == coming:
        remove(coming, identity.collection)
    keep_learnt(root)


def keep_learnt(root: Path) -> None:
    """Forget what was learnt of spaces that neither a collection nor one inside it has."""
    paths = root, root / layout.NEXT, root / layout.PREVIOUS
    calibration.keep(root, [space for path in paths if (space := space_of(path)) is not None])


def remove(path: Path, collection: UUID) -> int:
    """Remove a collection inside; without FORMAT it is none, so that goes first."""
    catalog.forget(path, collection)
    files.remove(path / layout.FORMAT, missing_ok=True)
    files.sync_folder(path)
    freed = files.remove_tree(path)
    files.sync_folder(path.parent)
    return freed


def remove_alone(path: Path, collection: UUID) -> int:
    """Remove a collection inside unless somebody writes to it."""
    lock = locks.lock_writer(path)
    try:
        return remove(path, collection)
    finally:
        lock.release()
