"""Where media come from, and that nothing heavy is imported before there are any."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from omnisearch.errors import MediaError
from omnisearch.media import source
from omnisearch.media.descriptor import descriptor_of
from omnisearch.media.source import Stream, named, opened
from tests.media.pipes import writer

LAZY = """
import sys
import omnisearch.media.audio, omnisearch.media.video, omnisearch.media.document
loaded = {name.split(".")[0] for name in sys.modules}
assert not loaded & {"av", "pypdfium2", "PIL"}, loaded
"""
WAITING = """
import signal, sys
from omnisearch.media.descriptor import descriptor_of
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
print("begins", flush=True)
with descriptor_of(sys.argv[1]):
    pass
"""
ROOT = Path(__file__).parents[2]
LONG_S = 120.0


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


def test_an_open_file_is_read_in_turns_and_never_closed() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    stream = Stream(file, "a\nb.txt")
    with opened(stream) as one, opened(stream) as other:
        assert one.read(3) == b"012" and other.read(2) == b"01" and one.read() == b"3456789"
        assert other.seek(-2, os.SEEK_END) == 8 and other.read() == b"89"
    assert not file.closed and named(stream) == "a\\nb.txt"
    with pytest.raises(MediaError, match="x is empty"):
        opened(Stream(io.BytesIO(), "x"))


def test_a_name_is_harmless_in_every_message(tmp_path: Path) -> None:
    """Whichever way a path is opened: to be read here, or to be handed to a decoder."""
    ugly = tmp_path / "a\x1b[2J\nb"
    ugly.mkdir()
    for path, told in ((ugly, "is a folder"), (ugly / "none", "does not open")):
        for opening in (opened, lambda one: descriptor_of(one).__enter__()):
            with pytest.raises(MediaError, match=told) as caught:
                opening(path)
            assert str(caught.value).isprintable()
            assert r"a\x1b[2J\nb" in str(caught.value)


def content_of(path: Path) -> bytes:
    with descriptor_of(path) as descriptor:
        return os.read(descriptor, 1 << 20)


def test_a_named_pipe_is_read_when_its_writer_comes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(content_of, pipe)
        with pytest.raises(TimeoutError):
            reading.result(0.3)
        with writer(pipe, reading) as file:
            file.write(b"first, ")
            time.sleep(0.1)
            file.write(b"then the rest")
        assert reading.result(LONG_S) == b"first, then the rest"


def test_a_named_pipe_through_which_nothing_came_is_named(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(content_of, pipe)
        writer(pipe, reading).close()
        with pytest.raises(MediaError, match=r"/pipe has no bytes: give what a file holds"):
            reading.result(LONG_S)
    with pytest.raises(MediaError, match="the file given has no bytes"):
        descriptor_of(b"").__enter__()


def test_a_pipe_whose_writer_has_gone_is_not_waited_for() -> None:
    """As a shell gives one: `<(true)`."""
    reader, other = os.pipe()
    try:
        os.close(other)
        with pytest.raises(MediaError, match=f"/dev/fd/{reader} has no bytes"):
            content_of(Path(f"/dev/fd/{reader}"))
    finally:
        os.close(reader)


def test_an_interrupt_ends_the_wait_for_a_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", WAITING, str(pipe)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=LONG_S)[1]
