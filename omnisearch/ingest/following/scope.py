"""Which part of which root changed paths are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from omnisearch.ingest.places import upwards
from omnisearch.ingest.roots import Visit
from omnisearch.locations import Location, Root, joined


def visits(
    paths: Iterable[bytes], followed: Sequence[Visit], known: Sequence[Root]
) -> tuple[Visit, ...]:
    """Give a visit for each path that is followed, unless it lies in another one that changed."""
    scopes = [joined(one.root.path, one.beneath) for one in followed]
    numbered = {root.number: root for root in known}
    wanted = {path for path in paths if any(_lies_in(path, scope) for scope in scopes)}
    found = {place for path in wanted if (place := _place(path, known)) is not None}
    outermost = (place for place in found if not any(one in found for one in _above(place)))
    return tuple(Visit(numbered[place.root], place.path) for place in sorted(outermost))


def _place(path: bytes, known: Sequence[Root]) -> Location | None:
    """Find the root that holds a path: the innermost, should they be nested."""
    holding = [root for root in known if _holds(root, path)]
    if not holding:
        return None
    root = max(holding, key=lambda one: len(one.path))
    return Location(root.number, path[len(root.path) :].lstrip(b"/"))


def _holds(root: Root, path: bytes) -> bool:
    return _lies_in(path, root.path) if root.kind == "folder" else path == root.path


def _lies_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _above(place: Location) -> list[Location]:
    return [one for one in upwards(place) if one != place]
