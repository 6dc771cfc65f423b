"""What may be a root, and which part of which root a run visits."""

import os
from pathlib import Path

import pytest

from omnisearch.errors import InputError
from omnisearch.ingest.roots import Visit, apart, device_of, visits
from omnisearch.locations import Root


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name in ("a/b/c.txt", "a/d.txt", "e.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def root(number: int, path: Path) -> Root:
    kind = "folder" if path.is_dir() else "file"
    return Root(number, os.fsencode(path), path.stat().st_dev, kind)  # type: ignore[arg-type]


def test_a_new_path_becomes_a_root(corpus: Path) -> None:
    folder, file = root(0, corpus / "a"), root(1, corpus / "e.txt")
    assert visits([corpus / "a", str(corpus / "e.txt")], []) == (Visit(folder), Visit(file))
    assert visits([os.fsencode(corpus / "a")], [root(6, corpus / "e.txt")]) == (
        Visit(root(7, corpus / "a")),
    )


def test_a_path_in_a_known_root_is_a_part_of_it(corpus: Path) -> None:
    known = [root(4, corpus / "a")]
    assert visits([corpus / "a" / "b"], known) == (Visit(known[0], b"b"),)
    assert visits([corpus / "a" / "b" / "c.txt"], known) == (Visit(known[0], b"b/c.txt"),)
    assert visits([corpus / "a" / ".." / "a"], known) == (Visit(known[0]),)


def test_paths_inside_each_other_are_visited_once(corpus: Path) -> None:
    paths = [corpus / "a" / "b" / "c.txt", corpus, corpus / "a", corpus]
    assert visits(paths, []) == (Visit(root(0, corpus)),)


def test_known_roots_below_a_path_are_visited_with_it(corpus: Path) -> None:
    inner, file = root(0, corpus / "a" / "b"), root(1, corpus / "e.txt")
    outer = root(2, corpus)
    assert visits([corpus], [inner, file]) == (Visit(outer), Visit(inner), Visit(file))
    assert visits([corpus / "a"], [inner, file, outer]) == (Visit(outer, b"a"), Visit(inner))
    assert visits([corpus / "a" / "b" / "c.txt"], [outer, inner]) == (Visit(inner, b"c.txt"),)
    others = [inner.path, file.path, outer.path, b"/elsewhere"]
    assert apart(outer, others) == {b"a/b", b"e.txt"}
    assert apart(inner, others) == frozenset()


def test_without_a_path_every_known_root_is_visited(corpus: Path) -> None:
    known = [root(0, corpus / "a"), Root(3, b"/none", 0, "folder")]
    assert visits([], known) == (Visit(known[0]), Visit(known[1]))
    assert visits([], []) == ()


def test_a_file_where_a_folder_was_keeps_the_number(corpus: Path) -> None:
    was = Root(2, os.fsencode(corpus / "e.txt"), 0, "folder")
    assert visits([corpus / "e.txt"], [was]) == (Visit(root(2, corpus / "e.txt")),)


def test_a_symlink_that_was_named_is_followed(corpus: Path) -> None:
    (corpus / "link").symlink_to("a")
    assert visits([corpus / "link"], []) == (Visit(root(0, corpus / "a")),)


@pytest.mark.parametrize(
    "path", ["/", "/proc", "/proc/self", "/sys/kernel", "/dev", "/etc", "/usr/.."]
)
def test_what_belongs_to_the_system_needs_force(path: str) -> None:
    with pytest.raises(InputError, match=r"belongs to the system: .*--force insists"):
        visits([path], [])
    assert len(visits([path], [], force=True)) == 1


def test_a_collection_is_no_root(corpus: Path) -> None:
    (corpus / "a" / "FORMAT").write_text("omnisearch 1 0 link\n")
    with pytest.raises(InputError, match="is a collection of omnisearch"):
        visits([corpus / "a"], [], force=True)
    with pytest.raises(InputError, match="lies in a collection of omnisearch"):
        visits([corpus / "a" / "b"], [])
    assert len(visits([corpus], [])) == 1


@pytest.mark.parametrize("name", ["none", "e.txt/none", "n" * 300, "loop"])
def test_a_path_that_is_not_there_is_an_error_that_names_it(corpus: Path, name: str) -> None:
    (corpus / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"does not exist|cannot be looked at"):
        visits([corpus / name], [])


def test_special_files_are_no_roots(corpus: Path) -> None:
    os.mkfifo(corpus / "pipe")
    with pytest.raises(InputError, match="neither a folder nor a regular file"):
        visits([corpus / "pipe", "/dev/null"], [])


def test_where_a_root_is_now(corpus: Path) -> None:
    here = corpus.stat().st_dev
    assert device_of(root(0, corpus)) == here
    file = root(0, corpus / "e.txt")
    (corpus / "e.txt").unlink()
    assert device_of(file) == here
    assert device_of(Root(0, os.fsencode(corpus / "none"), here, "folder")) is None
    assert device_of(Root(0, os.fsencode(corpus / "none" / "a"), here, "file")) is None
    assert device_of(Root(0, os.fsencode(corpus / "a" / "d.txt"), here, "folder")) is None
