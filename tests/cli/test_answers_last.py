"""What is remembered of the last query: for its user alone, bounded, and never in the way."""

import json
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch_cli.answers import last


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


def hits(*names: str) -> list[om.Hit]:
    """Give hits that differ in how good they are."""
    return [
        om.Hit(name, name, None, (), None, None, None, 1 / at, None, {"content": 0.5}, at, None, {})
        for at, name in enumerate(names, 1)
    ]


def files(home: dict[str, str]) -> list[Path]:
    return sorted(Path(home["HOME"]).rglob("*.json*"))


def test_the_third_hit_is_the_third(tmp_path: Path, home: dict[str, str]) -> None:
    assert last.recall(tmp_path, home) is None
    last.remember(tmp_path, hits("a", "b", "ü", "d"), 1, home)
    found = last.recall(tmp_path, home)
    assert found is not None and found.named(3) == "ü"
    assert found.hit(3) == last.Found("ü", 1 / 3, None, {"content": 0.5}, 3)
    assert found.named(0) is None and found.named(5) is None
    assert last.recall(tmp_path / "other", home) is None


def test_a_second_page_goes_on_counting(tmp_path: Path, home: dict[str, str]) -> None:
    last.remember(tmp_path, hits("k", "l"), 11, home)
    found = last.recall(tmp_path, home)
    assert found is not None and (found.named(11), found.named(12)) == ("k", "l")
    assert found.named(1) is None


def test_it_is_readable_by_the_user_only(tmp_path: Path, home: dict[str, str]) -> None:
    for _ in range(2):
        last.remember(tmp_path, hits("a"), 1, home)
    (file,) = files(home)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_it_is_bounded(tmp_path: Path, home: dict[str, str]) -> None:
    last.remember(tmp_path, hits(*(f"id-{number}" for number in range(20_000))), 1, home)
    (file,) = files(home)
    assert len(json.loads(file.read_text())["hits"]) == 10_000
    for number in range(120):
        last.remember(tmp_path / str(number), hits("a"), 1, home)
    assert len(files(home)) == 100
    assert last.recall(tmp_path / "119", home) is not None
    assert last.recall(tmp_path / "0", home) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"collection": "x", "first": 1, "hits": [1]}', b"[" * 100_000],
)
def test_what_is_damaged_is_forgotten(tmp_path: Path, home: dict[str, str], content: bytes) -> None:
    last.remember(tmp_path, hits("a"), 1, home)
    (file,) = files(home)
    file.write_bytes(content)
    assert last.recall(tmp_path, home) is None


def test_nowhere_to_write_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = {"HOME": "/nonexistent", "XDG_STATE_HOME": str(tmp_path / "file")}
    last.remember(tmp_path, hits("a"), 1, home)
    assert last.recall(tmp_path, home) is None


@pytest.mark.parametrize("name", ["", "rel"])
def test_a_place_that_depends_on_where_one_is_remembers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    home = {"HOME": name, "XDG_STATE_HOME": name}
    last.remember(tmp_path, hits("a"), 1, home)
    assert last.recall(tmp_path, home) is None
    assert list(tmp_path.iterdir()) == []
