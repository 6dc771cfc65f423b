import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisearch.training.data import clipart, iconify, raster
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.drawings import Drawing, Source
from omnisearch.training.data.emoji import Emoji, Entry
from omnisearch.training.data.pictures import Knowledge, _row, article, captions, sources
from omnisearch.training.data.wordnet import WordNet
from tests.training.test_archives import ar, tar
from tests.training.wordnet_files import files

SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}">{body}</svg>'
RED = '<path fill="#d00" d="M0 0h8v8H0z"/>'
EMOJI = Emoji(
    {
        "1F44B": Entry("waving hand", ("hello",), "hand", ()),
        "1F44B-1F3FB": Entry("waving hand with light skin tone", (), "hand", ("light",)),
        "1F44B-1F3FF": Entry("waving hand with dark skin tone", (), "hand", ("dark",)),
        "1F1EB-1F1F7": Entry("flag of France", (), "flag", ()),
    },
    {},
)


def icon_set(path: Path, names: list[str], chars: dict[str, str] | None = None) -> Path:
    icons = {name: {"body": RED} for name in names}
    found = {
        "package/icons.json": json.dumps({"width": 8, "height": 8, "icons": icons}).encode(),
        "package/chars.json": json.dumps(chars or {}).encode(),
    }
    archive = path / "set.tgz"
    archive.write_bytes(tar(found, "w:gz"))
    return archive


def source(name: str, kind: str = "icon", **more: object) -> Source:
    fixed = {"reader": "iconify", "package": ("npm", "x"), "style": "plain", "phrase": "a picture"}
    return Source(**{**fixed, "name": name, "kind": kind, **more})  # type: ignore[arg-type]


def titles(archive: Path, wanted: Source) -> dict[str, str]:
    return {one.name: one.title for one in iconify.drawings(archive, wanted, EMOJI)}


def test_icons_are_named_for_what_they_show(tmp_path: Path) -> None:
    archive = icon_set(tmp_path, ["red-car", "arrow-up-2", "x", "42", "box-flat", "a-logo"])
    wanted = source("some", variants={"-flat": ("flat", "a flat icon")}, skip="logo")
    assert titles(archive, wanted) == {
        "red-car": "red car",
        "arrow-up-2": "arrow up",
        "box-flat": "box",
    }
    styles = {one.name: one.style for one in iconify.drawings(archive, wanted, EMOJI)}
    assert styles["box-flat"] == "flat"
    assert styles["red-car"] == "plain"


def test_only_pairs_or_so_many_or_the_largest_are_taken(tmp_path: Path) -> None:
    archive = icon_set(tmp_path, ["aa", "aa-fill", "bb", "bb-fill", "cc"])
    pairs = source("some", "mono", variants={"-fill": ("filled", "a filled icon")}, pairs=1)
    found = sorted(titles(archive, pairs))
    assert found in (["aa", "aa-fill"], ["bb", "bb-fill"])
    assert len(titles(archive, source("some", limit=3))) == 3
    archive = icon_set(tmp_path, ["bee-16", "bee-48", "bee-20", "ant-16"])
    assert sorted(titles(archive, source("fluent-color"))) == ["ant-16", "bee-48"]


def test_emoji_are_named_by_code_point_and_tones_chosen(tmp_path: Path) -> None:
    names = [
        "hello",
        "hello-light",
        "waving-hand-dark-skin-tone",
        "odd-thing",
        "flag-for-france",
        "flag-for-x",
    ]
    chars = {"1f44b": "hello", "1f44b-1f3fb": "hello-light"}
    archive = icon_set(tmp_path, names, chars)
    assert titles(archive, source("noto", "emoji")) == {
        "hello": "waving hand",
        "odd-thing": "odd thing",
        "flag-for-france": "flag of France",
        "flag-of-x": "flag of x",
    }
    found = {
        one.name: one.attributes
        for one in iconify.drawings(archive, source("noto", "emoji", tones=("dark",)), EMOJI)
    }
    assert found["waving-hand-dark-skin-tone"] == {"subgroup": "hand", "tone": "dark"}
    assert "hello-light" not in found


def test_flags_have_their_country(tmp_path: Path) -> None:
    archive = icon_set(tmp_path, ["fr", "lang-fr", "zz"])
    assert titles(archive, source("circle-flags")) == {"fr": "flag of France"}


PUBLIC = '<cc:license rdf:resource="http://web.resource.org/cc/PublicDomain"/>'


def drawing(title: str, licence: str = PUBLIC, by: str = "Jo Painter") -> bytes:
    said = f"<dc:title>{title}</dc:title><cc:Agent> <dc:title>{by}</dc:title></cc:Agent>{licence}"
    return f"<svg>{said}<rdf:li>animal</rdf:li><rdf:li>hash(0x1)</rdf:li></svg>".encode()


def test_clip_art_is_taken_when_it_is_free_and_says_something(tmp_path: Path) -> None:
    found = {
        "animals/wolves_jo_painter_01.svg": drawing("Clipart by Jo Painter - Wolves!"),
        "animals/topo_01.svg": drawing("Topo"),
        "animals/gpl.svg": drawing("fox", '<cc:license rdf:resource="http://x/GPL/2.0/"/>'),
        "animals/unsaid.svg": drawing("fox", ""),
        "animals/fox_pain_02.svg": drawing("qwertz asdf"),
        "shapes/stars/star_01.svg": drawing("car"),
        "recreation/games/cards/white/white_h_11.svg": drawing("card"),
        "signs_and_symbols/flags/europe/x.svg": drawing("Elsewhere"),
        "computer/icons/mouse.svg": drawing("???"),
    }
    packed = {f"usr/share/openclipart/svg/{name}": svg for name, svg in found.items()}
    archive = tmp_path / "x.deb"
    archive.write_bytes(ar({"data.tar.xz": tar(packed, "w:xz")}))
    taken = list(clipart.openclipart(archive, source("openclipart"), WordNet(files())))
    assert {one.name: one.title for one in taken} == {
        "animals/wolves_jo_painter_01": "wolves",
        "animals/topo_01": "mouse",
        "animals/fox_pain_02": "fox",
        "recreation/games/cards/white/white_h_11": "jack of hearts playing card",
        "signs_and_symbols/flags/europe/x": "flag of elsewhere",
        "computer/icons/mouse": "mouse",
    }
    assert taken[0].keywords == ("animal",)


def test_a_drawing_keeps_its_shape_on_white() -> None:
    tall = '<path fill="#d00" d="M0 0h4v8H0z"/>'
    image = raster.from_svg(SQUARE.format(w=4, h=8, body=tall))
    assert image is not None
    assert image.size == (256, 256)
    assert image.getpixel((2, 128)) == (255, 255, 255)
    assert image.getpixel((128, 2)) == image.getpixel((128, 253)) == (221, 0, 0)


@pytest.mark.parametrize("unit", ["", "pt", "mm", "cm", "in", "px"])
def test_sizes_have_units(unit: str) -> None:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="8{unit}" height="8{unit}">'
    assert (
        raster.from_svg(f'{head}<circle cx="50%" cy="50%" r="30%" fill="#d00"/></svg>') is not None
    )


def test_what_is_white_is_put_on_a_darker_ground() -> None:
    image = raster.from_svg(
        SQUARE.format(w=8, h=8, body='<circle cx="4" cy="4" r="3" fill="#fff"/>')
    )
    assert image is not None
    assert image.getpixel((2, 2)) != image.getpixel((128, 128)) == (255, 255, 255)


@pytest.mark.parametrize("svg", ["", "<svg", "no svg", SQUARE.format(w=8, h=8, body="")])
def test_what_cannot_be_seen_is_left_out(svg: str) -> None:
    assert raster.from_svg(svg) is None


def test_pictures_are_stored_without_loss() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    stored = Image.open(io.BytesIO(raster.encode(Image.fromarray(noise))))
    assert (np.asarray(stored.convert("RGB")) == noise).all()
    assert not raster.is_grey(Image.fromarray(noise))
    assert raster.is_grey(Image.new("RGB", (256, 256), (9, 9, 9)))


@pytest.fixture
def known() -> Knowledge:
    return Knowledge(EMOJI, Concepts(WordNet(files()), {"1F697": "automobile"}))


def test_captions_begin_with_the_title_and_tell_what_is_known(known: Knowledge) -> None:
    shown = Drawing("auto", "automobile", "flat", "a flat icon", "", ("drive", "road"))
    assert captions(shown, "car", known.concepts) == [
        "automobile",
        "a flat icon of an automobile",
        "automobile: drive, road",
        "drive, road",
        "automobile, a motor vehicle with four wheels",
        "car",
    ]


def test_a_row_has_its_concept_split_and_licence(known: Knowledge) -> None:
    noto = next(one for one in sources() if one.name == "noto")
    svg = SQUARE.format(w=8, h=8, body='<circle cx="4" cy="4" r="3" fill="#d00"/>')
    row = _row(noto, Drawing("auto", "auto", "noto", "an emoji", svg, codepoint="1F697"), known)
    assert row is not None
    assert (row["concept"], row["split"], row["licence"]) == ("car", "train", "Apache-2.0")
    assert json.loads(row["attributes"]) == {"codepoint": "1F697"}
    assert _row(noto, Drawing("none", "none", "noto", "an emoji", "<svg"), known) is None


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("apple", "an apple"),
        ("wolf", "a wolf"),
        ("scissors", "scissors"),
        ("glass", "a glass"),
        ("flag of France", "the flag of France"),
    ],
)
def test_articles(title: str, said: str) -> None:
    assert article(title) == said
