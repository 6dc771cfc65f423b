"""Changed paths are found in their roots."""

from omnisearch.ingest.following.scope import visits
from omnisearch.ingest.roots import Visit
from omnisearch.locations import Root

OUTER = Root(0, b"/data", 1, "folder")
INNER = Root(1, b"/data/in", 1, "folder")
FILE = Root(2, b"/other/one.txt", 1, "file")
ROOTS = (OUTER, INNER, FILE)


def test_a_path_belongs_to_the_innermost_root() -> None:
    changed = [b"/data/a", b"/data/in/b", b"/data/inner/c"]
    assert visits(changed, [Visit(OUTER)], ROOTS) == (
        Visit(OUTER, b"a"),
        Visit(OUTER, b"inner/c"),
        Visit(INNER, b"b"),
    )


def test_what_is_not_followed_is_left_out() -> None:
    changed = [b"/data/a/x", b"/data/ab/x", b"/data/in/b", b"/elsewhere", b"/other/two.txt"]
    assert visits(changed, [Visit(OUTER, b"a"), Visit(FILE)], ROOTS) == (Visit(OUTER, b"a/x"),)


def test_a_single_file_is_a_root() -> None:
    assert visits([b"/other/one.txt"], [Visit(FILE)], ROOTS) == (Visit(FILE),)


def test_what_lies_below_another_change_comes_with_it() -> None:
    changed = [b"/data/a", b"/data/a/b/c", b"/data/ab"]
    assert visits(changed, [Visit(OUTER)], ROOTS) == (Visit(OUTER, b"a"), Visit(OUTER, b"ab"))
    assert visits([b"/data", b"/data/a"], [Visit(OUTER)], ROOTS) == (Visit(OUTER),)
