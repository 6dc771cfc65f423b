"""Ignore files mean what they mean to git, which is asked where it is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnisearch.globs import expression
from omnisearch.ingest.ignore import Chain, IgnoreFileError, Patterns


def left_out(lines: str | bytes, path: str, *, folder: bool = False) -> bool:
    raw = lines.encode() if isinstance(lines, str) else lines
    encoded = path.encode()
    name = encoded.rpartition(b"/")[2]
    return Chain((Patterns.parse(raw), 0)).excluded(name, encoded, folder=folder)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a.txt", ["a.txt", "b/a.txt"], ["a.txt2", "ba.txt"]),
        ("/a.txt", ["a.txt"], ["b/a.txt"]),
        ("b/a.txt", ["b/a.txt"], ["c/b/a.txt"]),
        ("*.txt", ["a.txt", ".txt", "b/a.txt"], ["a.txt/b"]),
        ("b/*.txt", ["b/a.txt"], ["b/c/a.txt"]),
        ("?.txt", ["a.txt"], ["ab.txt", ".txt"]),
        ("**/a", ["a", "b/a", "b/c/a"], ["ba"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a/c"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/b/c"], ["a/c", "a/b/xc"]),
        ("a**b", ["ab", "axb"], ["a/b"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "/x"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("[]-]x", ["]x", "-x"], ["ax"]),
        ("[[:digit:]]*", ["1a"], ["a1"]),
        ("[[:nothing:]]", [], ["n", ":"]),
        ("[a", [], ["[a", "a"]),
        ("a\\", [], ["a", "a\\"]),
        ("\\#a", ["#a"], ["a"]),
        ("#a", [], ["#a"]),
        ("\\!a", ["!a"], ["a"]),
        ("\\*", ["*"], ["a"]),
        ("a\\ ", ["a "], ["a"]),
        ("a   ", ["a"], ["a "]),
        ("", [], ["a"]),
        ("/", [], ["a"]),
        ("é", ["é"], ["e\u0301"]),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not left_out(pattern, path)] == []
    assert [path for path in no if left_out(pattern, path)] == []


def test_the_last_line_that_matches_decides() -> None:
    lines = "*.log\n!keep.log\r\n/b/keep.log\n"
    assert left_out(lines, "a.log")
    assert not left_out(lines, "keep.log")
    assert left_out(lines, "b/keep.log")
    assert left_out("\ufeff*.log", "a.log")


def test_a_slash_at_the_end_means_folders() -> None:
    assert left_out("build/", "x/build", folder=True)
    assert not left_out("build/", "x/build")
    assert left_out("*\n!*/", "a")
    assert not left_out("*\n!*/", "a", folder=True)


MATCHING = """
import sys
from omnisearch.globs import expression
from omnisearch.ingest.ignore import Chain, Patterns
chain = Chain((Patterns.parse(sys.argv[1].encode()), 0))
for path in (b"a" * 255, b"/".join([b"a"] * 500), b"/".join([b"a" * 200] * 15)):
    chain.excluded(path.rpartition(b"/")[2], path, folder=False)
"""


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "**/a" * 30 + "/b", "a**" * 40, "[ab]*" * 40])
def test_no_pattern_is_slow(pattern: str) -> None:
    """One that tried all ways for its stars would not end in a lifetime; these take 5 ms."""
    done = subprocess.run([sys.executable, "-c", MATCHING, pattern], timeout=300)
    assert done.returncode == 0


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """List the patterns of which expressions are made."""
    found: list[bytes] = []

    def noted(pattern: bytes) -> bytes | None:
        found.append(pattern)
        return expression(pattern)

    monkeypatch.setattr("omnisearch.ingest.ignore.expression", noted)
    return found


def test_too_many_patterns_are_refused_before_they_cost_anything(translated: list[bytes]) -> None:
    lines = (b"[a-z]*%d" % number for number in range(18_000))
    with pytest.raises(IgnoreFileError, match="more than 1,000 lines"):
        Patterns(lines)
    assert next(lines) == b"[a-z]*1001"  # the rest is not even read
    assert translated == []


def test_the_patterns_of_folders_in_each_other_are_counted_together() -> None:
    many = b"".join(b"[a-z]*%d\n" % number for number in range(900))
    chain = Chain((Patterns.parse(many), 0))
    with pytest.raises(IgnoreFileError, match="more than 1,000 lines"):
        chain.below(Patterns.parse(many), 0)
    names = b"".join(b"name%d\n" % number for number in range(20_000))
    assert chain.below(Patterns.parse(names), 0).excluded(b"name7", b"name7", folder=False)


PIECES = ["a", "b", "ab", ".", "*", "**", "?", "/", "[ab]", "[!a]", "\\*", "!", " ", "#", "***"]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
NAMES = st.lists(
    st.sampled_from(["a", "b", "ab", "ba", "a.b", "b b", "#a", "*"]), min_size=1, max_size=4
)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PATTERNS, min_size=1, max_size=5), st.lists(NAMES, min_size=1, max_size=30))
def test_agrees_with_git(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], names: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("git")
    settings_of_git = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    environment = os.environ | settings_of_git
    subprocess.run(["git", "init", "-q"], cwd=folder, env=environment, check=True)
    (folder / ".git" / "info" / "exclude").write_text("")
    (folder / ".gitignore").write_text("\n".join(lines) + "\n")
    for parts in names:
        path = folder.joinpath(*parts)
        if not any(above.is_file() for above in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    kept = {name for name in listed.stdout.split(b"\0") if name} - {b".gitignore"}
    assert _kept(folder, Chain((Patterns.parse((folder / ".gitignore").read_bytes()), 0))) == kept


def _kept(folder: Path, chain: Chain) -> set[bytes]:
    found, waiting = set(), [folder]
    while waiting:
        for item in os.scandir(waiting.pop()):
            path = os.fsencode(os.path.relpath(item.path, folder))
            name = os.fsencode(item.name)
            if name in (b".git", b".gitignore"):
                continue
            if chain.excluded(name, path, folder=item.is_dir()):
                continue
            if item.is_dir():
                waiting.append(Path(item.path))
            else:
                found.add(path)
    return found
