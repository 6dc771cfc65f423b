"""How tests are shared out among processes side by side: by file, and what takes longest first."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_LONGEST = ("training", "query", "mutation", "encoder", "docs", "ingest", "cli", "hostile")
_LABORATORY = "tiny_lab"  # takes a minute with what is made of it, so one process has all of that


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
    if _LABORATORY in getattr(item, "fixturenames", ()):
        return _LABORATORY
    return item.path.relative_to(_HERE).as_posix()
