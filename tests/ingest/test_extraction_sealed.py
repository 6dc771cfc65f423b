"""What extracts opens no file and imports nothing, once it is loaded; and works where it cannot."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.pool import Pool
from tests.media.made import Shot, film, sound, tone
from tests.media.pdf import Sheet, pdf

WATCHED = """
import sys
from omnisearch.ingest.extraction.item import pieces
from omnisearch.media.pool.ask import Ask

names = sys.argv[1:]
files = [open(name, "rb") for name in names]
watch, seen, modules = True, [], set(sys.modules)
def hook(event, arguments):
    if watch and event.split(".")[0] in ("open", "import", "socket", "subprocess", "os", "shutil"):
        seen.append((event, arguments))
sys.addaudithook(hook)
found = [sum(1 for _ in pieces(file, Ask(name))) for name, file in zip(names, files)]
watch = False
lazy = set(sys.modules) - modules
assert not lazy, lazy
assert not [one for one in seen if one[0] != "import"], seen
print(*found)
"""


def files() -> dict[str, bytes]:
    """A file of every kind."""
    ramp = np.linspace(0, 255, 90 * 70 * 3).reshape(70, 90, 3).astype(np.uint8)
    picture = PIL.Image.fromarray(ramp)
    made = {}
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        out = io.BytesIO()
        exif = PIL.Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "Title"
        picture.save(out, form, **({"exif": exif} if form not in ("GIF", "BMP") else {}))
        made[f"a.{form.lower()}"] = out.getvalue()
    for name, mode in {"p.png": "P", "la.png": "LA", "l.png": "I;16", "k.jpg": "CMYK"}.items():
        out = io.BytesIO()
        (
            picture.convert("L").convert("I").point(lambda v: v * 200)
            if mode == "I;16"
            else picture
        ).convert(mode).save(out, "JPEG" if name.endswith("jpg") else "PNG")
        made[name] = out.getvalue()
    wave = tone(2.0, 44_100)
    for codec, kind in {"pcm_s16le": "wav", "flac": "flac", "mp3": "mp3", "aac": "mp4"}.items():
        made[f"b.{kind}"] = sound(wave, 44_100, codec, kind)
    made["c.mp4"] = film(Shot(frames=20, sound_s=2.0))
    made["c.mkv"] = film(Shot(frames=20, kind="matroska", codec="libx264"))
    made["c.webm"] = film(Shot(frames=20, kind="webm", codec="libvpx"))
    made["d.pdf"] = pdf(Sheet(("Some words",)), Sheet(("More",), turned=90))
    words = "Grüße aus Österreich, ein längerer Satz mit Umlauten und €-Zeichen."
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "cp1252"):
        made[f"e.{encoding}.txt"] = words.encode(encoding)
    made["f.html"] = b"<!doctype html><title>T</title><p>a &eacute; b"
    made["f.json"], made["f.csv"] = b'{"a": "\\u00e9"}', b"name,price\nshoe,4\n"
    page = "<html><meta charset=shift_jis><p>\u65e5\u672c\u8a9e"
    made["g.html"] = page.encode("shift_jis")
    made["f.srt"] = b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"
    made["f.md"], made["f.py"] = b"# Title\n\ntext\n", b"def f():\n    return 1\n"
    return made


def test_nothing_is_opened_or_imported_once_it_is_loaded(tmp_path: Path) -> None:
    for name, content in files().items():
        (tmp_path / name).write_bytes(content)
    names = sorted(str(path) for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(int(count) >= 3 for count in done.stdout.split())


@pytest.mark.slow
def test_every_kind_is_extracted_where_nothing_can_be_opened(tmp_path: Path) -> None:
    with Pool(workers=1) as pool:
        for name, content in files().items():
            path = tmp_path / name
            path.write_bytes(content)
            with path.open("rb") as file:
                found = list(pool.decode(file.fileno(), Ask(name)))
            whats = [one.fields["what"] for one in found]
            assert whats[0] == "item" and whats[-1] == "end" and "segment" in whats, name


@pytest.mark.slow
def test_a_line_of_ten_gigabytes_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    with path.open("wb") as file:
        file.write("One long line of words \N{GRINNING FACE} ".encode() * 500_000)
        file.truncate(10 << 30)
    limits = Limits(memory_bytes=200 << 20)
    with Pool(workers=1, limits=limits) as pool, path.open("rb") as file:
        *_, end = pool.decode(file.fileno(), Ask("line.txt"))
    assert end.fields["truncated"]
