"""Changing the space of a collection: another is built beside it, and one manifest switches.

`next` is a whole collection that is being filled, `previous` the state before the last switch; both
share immutable files with the collection around them.
"""

from __future__ import annotations

from omnisearch.storage.switching.exchange import drop_previous, rollback, switch
from omnisearch.storage.switching.lacking import lacking
from omnisearch.storage.switching.scratch import begin, discard
from omnisearch.storage.switching.waiting import Spaces, Waiting, spaces

__all__ = [
    "Spaces",
    "Waiting",
    "begin",
    "discard",
    "drop_previous",
    "lacking",
    "rollback",
    "spaces",
    "switch",
]
