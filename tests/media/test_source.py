"""Where media come from, and that nothing heavy is imported before there are any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from omnisearch.media import source

LAZY = """
import sys
import omnisearch.media.audio, omnisearch.media.video, omnisearch.media.document
loaded = {name.split(".")[0] for name in sys.modules}
assert not loaded & {"av", "pypdfium2", "PIL"}, loaded
"""


def test_readers_import_their_libraries_when_they_read() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True, cwd=Path(__file__).parents[2])


def test_sources_are_named_as_people_know_them(tmp_path: Path) -> None:
    assert source.named(b"abc") == "the file given"
    assert source.named("a/b.wav") == source.named(Path("a/b.wav")) == "a/b.wav"
    with source.opened(b"abc") as file:
        assert file.read() == b"abc"
    (tmp_path / "x").write_bytes(b"abc")
    with source.opened(tmp_path / "x") as file:
        assert file.read() == b"abc"
