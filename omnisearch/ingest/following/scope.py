"""Which part of which root changed paths are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from omnisearch.ingest.places import lies_in, place_of, upwards
from omnisearch.ingest.roots import Visit
from omnisearch.locations import Location, Root, joined


def visits(
    paths: Iterable[bytes], followed: Sequence[Visit], known: Sequence[Root]
) -> tuple[Visit, ...]:
    """Give a visit for each path that is followed, unless it lies in another one that changed."""
    scopes = [joined(one.root.path, one.beneath) for one in followed]
    numbered = {root.number: root for root in known}
    wanted = {path for path in paths if any(lies_in(path, scope) for scope in scopes)}
    found = {place for path in wanted if (place := place_of(path, known)) is not None}
    outermost = (place for place in found if not any(one in found for one in _above(place)))
    return tuple(Visit(numbered[place.root], place.path) for place in sorted(outermost))


def _above(place: Location) -> list[Location]:
    return [one for one in upwards(place) if one != place]
