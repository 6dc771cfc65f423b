"""What a process and its decoders take, and when that is looked at closely."""

from __future__ import annotations

import sys
from pathlib import Path

from omnisearch.ingest import memory

_SHARES = "smaps_rollup"


def test_memory_that_is_plenty_is_not_looked_at_closely() -> None:
    closely: list[str] = []
    looking = True

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if looking and event == "open" and Path(str(arguments[0])).name == _SHARES:
            closely.append(_SHARES)

    sys.addaudithook(look)  # there is no taking it away
    try:
        assert not memory.exceeds(1 << 50)
        assert closely == []
        assert memory.exceeds(1 << 20)
        assert closely
    finally:
        looking = False


def test_a_bound_is_that_of_what_is_taken() -> None:
    taken = memory.taken()
    assert memory.exceeds(taken * 3 // 4)
    assert not memory.exceeds(taken * 2)
