import json
from pathlib import Path

import pytest

from omnisearch.training.data import queries
from omnisearch.training.data.queries import SPLITS, QuerySet, by_text, compare, composed
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.triplets import HELD_OUT, Picture, rows_of
from omnisearch.training.data.variants import plural
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.stages import run

ROOT = Path(queries.__file__).parent
TRAIN, TEST = "hammer", "pencils"


def picture(
    name: str, style: str, concept: str = TRAIN, kind: str = "emoji", **how: str
) -> Picture:
    source = name.partition("/")[0]
    return Picture(name, concept, kind, source, style, split_of(concept), how)


def found(*pictures: Picture) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["source_picture"], row["target_picture"]): row for row in rows_of(pictures)}


def test_another_style_of_the_same_subject_is_asked_for() -> None:
    rows = found(
        picture("noto/hammer", "noto"),
        picture("twemoji/hammer", "twemoji"),
        picture("noto/wolf", "noto", "wolf"),
    )
    assert {pair: row["family"] for pair, row in rows.items()} == {
        ("noto/hammer", "twemoji/hammer"): "style:twemoji",
        ("twemoji/hammer", "noto/hammer"): "style:noto",
    }
    assert "a simple flat emoji" in rows["noto/hammer", "twemoji/hammer"]["instruction"]


def test_a_style_that_shows_the_subject_twice_is_not_asked_for() -> None:
    rows = found(
        picture("noto/hammer", "noto"),
        picture("twemoji/hammer", "twemoji"),
        picture("twemoji/hammer-2", "twemoji"),
    )
    assert all(row["family"] == "style:noto" for row in rows.values())


def test_skins_numbers_colours_and_fills_are_asked_for() -> None:
    rows = found(
        picture("noto/hand", "noto"),
        picture("noto/hand-dark", "noto", tone="dark"),
        picture("variants/hand-3", "noto", "three hands", "scene", number="3", of="noto/hand"),
        picture("ph/cup", "outline", "cup", "mono"),
        picture("ph/cup-fill", "filled", "cup", "mono"),
        picture("variants/cup-red", "outline", "red cup", "scene", colour="red", of="ph/cup"),
    )
    assert {pair: row["family"] for pair, row in rows.items()} == {
        ("noto/hand", "noto/hand-dark"): "skin:dark",
        ("noto/hand", "variants/hand-3"): "number:3",
        ("ph/cup", "ph/cup-fill"): "fill:ph",
        ("ph/cup-fill", "ph/cup"): "fill:ph",
        ("ph/cup", "variants/cup-red"): "colour:red",
    } | {pair: row["family"] for pair, row in rows.items() if row["family"].startswith("style:")}
    assert "three" in rows["noto/hand", "variants/hand-3"]["instruction"]
    assert "red" in rows["ph/cup", "variants/cup-red"]["instruction"]


def test_held_out_families_test_and_never_train() -> None:
    pictures = [
        picture(f"{source}/{concept}", style, concept)
        for source, style in (("noto", "noto"), ("noto-v1", "blob"))
        for concept in (TRAIN, TEST)
    ]
    rows = list(rows_of(pictures))
    assert {row["family"] for row in rows if row["split"] == "train"} == {"style:noto"}
    assert {row["family"] for row in rows if row["split"] == "test"} == {"style:noto", "style:blob"}
    assert "style:blob" in HELD_OUT


def test_the_picture_that_is_asked_with_is_no_hit() -> None:
    pictures = [
        picture("noto/hand", "noto", TEST),
        picture("noto/hand-dark", "noto", TEST, tone="dark"),
        picture("noto/hand-light", "noto", TEST, tone="light"),
        picture("noto/alone", "noto", "alone"),
    ]
    asked = composed(pictures, list(rows_of(pictures)))
    assert set(asked.gallery) == {"noto/hand", "noto/hand-dark", "noto/hand-light"}
    assert len(asked.queries) == 4
    for query in asked.queries:
        assert query.exclude == [query.picture]
        assert query.picture not in query.relevant
        assert len(query.relevant) == 1
        assert query.groups[1] == "skin"


def test_words_find_every_picture_of_their_concept() -> None:
    pictures = [
        picture("noto/car", "noto", "car"),
        picture("ph/auto", "outline", "car", "mono"),
        picture("noto/hand-dark", "noto", "hand", tone="dark"),
        picture("tango/box", "tango", "box", "icon", grey="yes"),
    ]
    titles = {"noto/car": "automobile", "ph/auto": "car"}
    asked = by_text(pictures, titles)
    assert asked.gallery == {"noto/car": "emoji", "ph/auto": "mono"}
    assert {query.text: sorted(query.relevant) for query in asked.queries} == {
        "automobile": ["noto/car", "ph/auto"],
        "car": ["noto/car", "ph/auto"],
    }
    assert {tuple(query.groups) for query in asked.queries} == {("emoji", "mono")}


def test_a_gallery_keeps_to_its_sizes() -> None:
    pictures = [picture(f"noto/{number}", "noto", f"c{number}") for number in range(20)]
    asked = by_text(pictures, {one.id: one.concept for one in pictures}, {"emoji": 7})
    assert len(asked.gallery) == len(asked.queries) == 7
    again = by_text(pictures[::-1], {one.id: one.concept for one in pictures}, {"emoji": 7})
    assert again == asked


def test_what_a_kind_lacks_others_fill() -> None:
    pictures = [picture(f"noto/{number}", "noto", f"c{number}") for number in range(20)]
    titles = {one.id: one.concept for one in pictures}
    asked = by_text(pictures, titles, {"emoji": 3, "clipart": 4, "mono": 2})
    assert len(asked.gallery) == 9


def test_a_set_that_changed_stops_the_build() -> None:
    frozen = json.loads((ROOT / "frozen.json").read_text())
    assert set(frozen) == {
        f"{kind}-{split}" for kind in ("pictures", "composed") for split in SPLITS
    }
    compare({name: {"sha256": digest} for name, digest in frozen.items()})
    with pytest.raises(LabError, match="query set pictures-test is not the frozen one"):
        compare({"pictures-test": {"sha256": "0"}})


def test_sets_read_back_as_they_were_written(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    run("data", lab, Options(tiny=True))
    for name in ("pictures-test", "composed-test", "pictures-validation", "composed-validation"):
        asked = QuerySet.load(lab, name)
        assert asked.queries
        assert asked.gallery
        for query in asked.queries:
            assert query.relevant
            assert set(query.relevant) | set(query.exclude) <= set(asked.gallery)
        before = (lab.data / "queries" / f"{name}.jsonl").read_bytes()
        first = asked.save(lab, name)
        assert (lab.data / "queries" / f"{name}.jsonl").read_bytes() == before
        assert first == asked.save(lab, name)
    with pytest.raises(LabError, match="run `omnisearch train data`"):
        QuerySet.load(lab, "nothing")
    assert json.loads((lab.data / "data.json").read_text())


@pytest.mark.parametrize(
    ("one", "many"), [("box", "boxes"), ("cherry", "cherries"), ("toy", "toys"), ("car", "cars")]
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many
