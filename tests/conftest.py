"""How tests are shared out among processes side by side: by file, and what takes longest first."""

from pathlib import Path

import pytest
from hypothesis import settings

_HERE = Path(__file__).parent
_LONGEST = ("training", "query", "mutation", "encoder", "docs", "ingest", "cli", "hostile")
_SHARED = ("tiny_lab", "build")  # fixtures that take long to make: one process has all that use one

settings.register_profile("shared", deadline=None)  # others use the machine too
settings.load_profile("shared")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):  # of pytest-xdist: there is one process
        return
    items.sort(key=_rank)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(_HERE).parts[0]
    return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)


def _group(item: pytest.Item) -> str:
    for name in _SHARED:
        if name in getattr(item, "fixturenames", ()):
            return name
    return item.path.relative_to(_HERE).as_posix()
