"""Drawings in SVG, which are read with an extra, and what is said where it is not there."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.errors import MediaError, MissingReaderError
from omnisearch.ingest.extraction import kinds
from omnisearch.media import extras
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool
from tests.ingest.extracting import extracted
from tests.media.office.raw import picture

needs_svg = pytest.mark.skipif(extras.lacking("svg") is not None, reason="needs the extra svg")
ROOT = Path(__file__).parents[2]
SPACE = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(body: str, before: str = "") -> bytes:
    return f'{before}<svg {SPACE} viewBox="0 0 20 10">{body}</svg>'.encode()


@needs_svg
@pytest.mark.slow
def test_a_locked_decoder_draws(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(svg("<rect width='5' height='5'/><text>Harbour</text>"))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with Pool(workers=1) as pool:
            found = list(pool.decode(descriptor, Ask(path.name)))
    finally:
        os.close(descriptor)
    assert [piece.fields["what"] for piece in found] == ["item", "segment", "end"]


@needs_svg
def test_drawings_are_drawn_on_white_and_say_their_words() -> None:
    body = (
        "<title>Harbour</title><rect width='10' height='10' fill='#ff0000'/><text>old pier</text>"
    )
    item, (segment,), _ = extracted(svg(body), "a.svg")
    assert (item.fields["type"], segment.fields["view"]) == ("svg", "both")
    assert segment.fields["words"] == "Harbour old pier"
    found = segment.arrays["image"]
    assert found.shape == (512, 1024, 3)
    assert tuple(found[256, 256]) == (255, 0, 0) and tuple(found[256, 900]) == (255, 255, 255)


@needs_svg
def test_pictures_inside_are_shown_and_those_elsewhere_are_not(tmp_path: Path) -> None:
    dot = base64.b64encode(picture()).decode()
    red = tmp_path / "red.svg"
    red.write_bytes(svg("<rect width='20' height='10' fill='red'/>"))
    for link in (str(red), f"file://{red}", "http://127.0.0.1:9/a.png", "red.svg"):
        body = f"<image href='{link}' width='20' height='10'/><use xlink:href='{link}#a'/>"
        _, (segment,), _ = extracted(svg(body), "a.svg")
        assert (segment.arrays["image"] == 255).all(), link
    inside = svg(f"<image xlink:href='data:image/png;base64,{dot}' width='20' height='10'/>")
    _, (segment,), _ = extracted(inside, "a.svg")
    assert not (segment.arrays["image"] == 255).all()


@needs_svg
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            svg("<text>&x;</text>", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            "ent",
        ),
        (svg("<g>" * 200 + "</g>" * 200), "deep"),
        (svg("<rect/>" * 60_000), "more than"),
        (
            svg(
                "<g id='a0'><rect width='1' height='1'/></g>"
                + "".join(
                    f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>"
                    for n in range(1, 12)
                )
            ),
            "more than",
        ),
        (svg("<rect>"), "no SVG as it should be"),
    ],
)
def test_drawings_that_attack_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(MediaError, match=reason) as caught:
        extracted(content, "a.svg")
    assert str(caught.value).startswith("a.svg")


@needs_svg
def test_what_would_run_or_load_is_not_handed_on() -> None:
    body = (
        "<script>run()</script><style>@import url(http://127.0.0.1:9/a.css); rect {fill: red}"
        "</style><rect onclick='run()' width='20' height='10' style='mask: url(#none)'/>"
        "<foreignObject><p>page</p></foreignObject><use href='#loop' id='loop'/>"
    )
    before = "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://127.0.0.1:9/svg11.dtd'>"
    _, (segment,), _ = extracted(svg(body, before), "a.svg")
    assert segment.fields["words"] is None


def test_without_its_extra_a_file_is_left_out_and_told_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "_LOADED", frozenset())
    content = svg("")
    with pytest.raises(MissingReaderError, match=r"pip install 'omnisearch\[svg\]'"):
        kinds.type_of(content, len(content), "a.svg")


@needs_svg
@pytest.mark.slow
def test_a_drawing_is_found_by_its_words_and_cut_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.svg").write_bytes(svg("<rect width='20' height='10'/><desc>A quay</desc>"))
    with om.open(tmp_path / "index", encoder=om.Encoder.load()) as col:
        assert col.ingest(folder).stored == 1
        hit = col.query(text="quay", mode="words", k=1)[0]
        with om.Cutter() as cutter:
            shown = cutter.thumbnail(hit, 64)
    assert hit.modality == "image" and shown is not None and shown.size == (64, 32)


@needs_svg
@pytest.mark.slow
def test_a_file_waits_for_its_extra(tmp_path: Path) -> None:
    folder, without = tmp_path / "files", tmp_path / "without"
    folder.mkdir()
    without.mkdir()
    (folder / "a.svg").write_bytes(svg("<rect width='5' height='5'/>"))
    (without / "resvg_py.py").write_text("raise ImportError('not installed')")
    program = (
        "import omnisearch as om\n"
        "with om.open('index', encoder=om.Encoder.load()) as col:\n"
        "    report = col.ingest('files')\n"
        "    print(report.stored, report.skipped, dict(report.reasons))\n"
    )

    def run(*paths: Path) -> str:
        known = {"PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT, ROOT / "indexes")))}
        cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, **known, **cache},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    reason = "svg is read with an extra: pip install 'omnisearch[svg]'"
    assert run(without) == f"0 1 { ({reason: 1})!r}"
    assert run() == "1 0 {}"
