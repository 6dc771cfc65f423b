"""How tests are shared out among processes side by side: by file, and what takes longest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

_HERE = Path(__file__).parent
_FOLDERS = ("training", "query", "mutation", "encoder", "docs", "ingest", "cli", "hostile")
# Files that take longest, of any folder: one of them at the end would leave a process alone.
_FILES = """
    mutation/test_mutation crash/test_replay crash/test_kills crash/test_reencodings
    docs/test_pages docs/test_query_page examples/test_demo hostile/test_hostile hostile/test_small
    hostile/test_ingest ingest/following/test_watch ingest/reencoding/test_kills
    ingest/tables/test_interruption ingest/test_interruption ingest/test_again ingest/test_pipeline
    encoder/test_speech cli/test_helper cli/test_helper_faults query/test_hostile_media
    query/test_known_items media/test_pool media/test_pool_lifetime
""".split()
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
    items.sort(key=lambda item: _rank(item, users))


def _rank(item: pytest.Item, users: list[Path]) -> tuple[int, int]:
    """Sort into what makes the laboratory, long files, those that use it, and others by folder."""
    if item.path in users:
        return (0 if item.path == users[0] else 2, 0)
    place = item.path.relative_to(_HERE)
    name = str(place.with_suffix(""))
    if name in _FILES:
        return (1, _FILES.index(name))
    folder = place.parts[0]
    return (3, _FOLDERS.index(folder) if folder in _FOLDERS else len(_FOLDERS))
