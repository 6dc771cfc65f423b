"""Paths are reached just where a walk comes to them."""

import os
import random
from pathlib import Path

from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.following.reach import Reach
from omnisearch.ingest.rules import Rules
from tests.ingest.trees import paths, root_of, walked, write

LINES = ("*.tmp", "/b/", "c/d", "!keep.tmp", "h*", "*/e.txt", "# none")


def reached(folder: Path, rules: Rules) -> list[bytes]:
    there = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    relative = [os.fsencode(path.relative_to(folder)) for path in there]
    with Beneath(root_of(folder)) as handle:
        reach = Reach(handle, rules)
        return sorted(path for path in relative if reach.comes_to(path))


def test_what_is_reached_is_what_a_walk_meets(tmp_path: Path) -> None:
    for seed in range(40):
        chance = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        for _ in range(25):
            steps = chance.choices(("a", "b", "c", "d", ".h", "node_modules", "hello"), k=3)
            name = chance.choice(("x.txt", "y.tmp", "keep.tmp", "e.txt", ".hidden"))
            write(folder, "/".join([*steps[: chance.randrange(4)], name]))
        for below in [folder, *(one for one in folder.rglob("*") if one.is_dir())]:
            if chance.random() < 0.3:
                lines = chance.sample(LINES, 3)
                (below / ".omnisearchignore").write_text("\n".join(lines))
        rules = Rules(
            excludes=chance.choice(((), ("x.*",), ("/a/b",))),
            hidden=chance.random() < 0.3,
            ignore_files=chance.random() < 0.8,
            apart=frozenset([b"a/c"]) if chance.random() < 0.3 else frozenset(),
        )
        met = [one for one in paths(walked(folder, rules))]
        assert reached(folder, rules) == met, seed


def test_a_path_that_is_gone_is_reached_where_it_was(tmp_path: Path) -> None:
    write(tmp_path, "a/x.txt")
    with Beneath(root_of(tmp_path)) as handle:
        reach = Reach(handle, Rules())
        assert reach.comes_to(b"a/gone.txt")
        assert reach.comes_to(b"never/there/gone.txt")
        assert not reach.comes_to(b".git/gone.txt")
        assert not reach.comes_to(b"a/node_modules/gone.txt")


def test_collections_and_links_are_not_reached(tmp_path: Path) -> None:
    write(tmp_path, "store/FORMAT", "store/x.txt", "real/x.txt")
    (tmp_path / "store" / "FORMAT").write_text("omnisearch 1\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Beneath(root_of(tmp_path)) as handle:
        reach = Reach(handle, Rules())
        assert reach.comes_to(b"real/x.txt")
        assert not reach.comes_to(b"store/x.txt")
        assert not reach.comes_to(b"link/x.txt")
