"""What the engine warns of while a command runs: each line once, said and escaped as our own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from omnisearch_cli import output


class _Notices(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Say a warning, unless it was said already: a collection may be opened several times."""
        told = record.getMessage()
        if told not in self._said:
            self._said.add(told)
            output.complain(told)


@contextmanager
def heard() -> Iterator[None]:
    """Say what the engine logs while a command runs."""
    log, handler = logging.getLogger("omnisearch"), _Notices()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
