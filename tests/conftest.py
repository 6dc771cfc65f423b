"""How tests are shared out among processes side by side: by file, and what takes longest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

_HERE = Path(__file__).parent
_LONGEST = ("training", "query", "mutation", "encoder", "docs", "ingest", "cli", "hostile")
_MADE = "tiny_lab"  # one process makes it, those that need it as well come later

settings.register_profile("shared", deadline=None)  # others use the machine too
settings.load_profile("shared")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give files to processes, in the order in which they were collected.

    Marks of groups would do so too, but pytest-xdist 3.8 shows none of them to pytest 9.2: every
    test went alone, and each process made all that the tests of a file share.
    """
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):  # of pytest-xdist: there is one process
        return
    users = [item.path for item in items if _MADE in getattr(item, "fixturenames", ())]
    later = set(users) - set(users[:1])
    items.sort(key=lambda item: _rank(item, later))


def _rank(item: pytest.Item, later: set[Path]) -> tuple[int, bool]:
    """Sort by folder; the first file that needs what is made begins, and others are not idle."""
    folder = item.path.relative_to(_HERE).parts[0]
    place = _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)
    return (1, True) if item.path in later else (place, False)
