import json
from pathlib import Path

import pytest

from omnisearch.training.data import manifest, packages, pictures, tables
from omnisearch.training.data.drawings import Source
from omnisearch.training.data.licences import ALLOWED, TEST_ONLY
from omnisearch.training.data.packages import Package
from omnisearch.training.lab import Lab, LabError, Options

REGISTRY = list(packages._registry().values())
ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "omnisearch" / "weights" / "omni-mini" / "data.json"


def row(**more: str) -> dict[str, object]:
    return {**dict.fromkeys(tables.TEXTS.names, "x"), "split": "train", "licence": "MIT", **more}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path)
    rows = [row(), row(split="test"), row(licence="CC-BY-4.0")]
    tables.write(lab.data / "texts-x.arrow", tables.TEXTS, rows)
    return lab


@pytest.mark.parametrize("package", REGISTRY, ids=lambda one: one.name)
def test_every_package_is_under_a_licence_on_the_list(package: Package) -> None:
    assert package.licence in ALLOWED or package.role == "tool"
    assert not any(name in package.name for name in TEST_ONLY)
    assert package.attribution
    assert package.licence_file
    assert package.licence_says
    assert package.sha256 == "" or len(package.sha256) == 64


def test_no_package_is_named_twice() -> None:
    files = (ROOT / "omnisearch" / "training" / "data").glob("registry*.json")
    named = [(one["kind"], one["name"]) for file in files for one in json.loads(file.read_text())]
    assert len(named) == len(set(named)) == len(REGISTRY)


@pytest.mark.parametrize("source", pictures.sources(), ids=lambda one: one.name)
def test_every_source_of_pictures_has_a_package(source: Source) -> None:
    assert packages.find(*source.package).role == "data"
    assert source.phrase.split()[0] in ("a", "an", "clip")


def test_the_manifest_counts_rows_and_names_their_packages(lab: Lab) -> None:
    manifest.record(lab, "texts-x", [("npm", "@iconify-json/noto")], "MIT", "somebody")
    assert manifest.build(lab, Options()) == {"texts-x": {"train": 2, "test": 1}}
    (entry,) = json.loads((lab.data / "data.json").read_text())
    assert (entry["item"], entry["licence"], entry["attribution"]) == ("texts-x", "MIT", "somebody")
    (package,) = entry["packages"]
    assert package["name"] == "@iconify-json/noto"
    assert package["licence"] == "Apache-2.0"
    assert package["attribution"] in (lab.data / "NOTICE").read_text()


def test_a_file_without_a_record_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"texts-x\.arrow has no record of its licence"):
        manifest.build(lab, Options())


def test_a_row_under_another_licence_is_refused(lab: Lab) -> None:
    tables.write(lab.data / "texts-x.arrow", tables.TEXTS, [row(licence="CC-BY-SA-4.0")])
    manifest.record(lab, "texts-x", [], "MIT", "somebody")
    with pytest.raises(
        LabError, match=r"texts-x\.arrow is under CC-BY-SA-4\.0, which is not allowed"
    ):
        manifest.build(lab, Options())


def test_an_item_under_another_licence_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"GPL-2\.0"):
        manifest.record(lab, "texts-x", [], "GPL-2.0", "somebody")


@pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped yet")
def test_what_ships_is_allowed_and_stands_in_the_notice() -> None:
    entries = json.loads(SHIPPED.read_text("utf-8"))
    notice = SHIPPED.with_name("NOTICE").read_text("utf-8")
    assert entries
    for entry in entries:
        assert entry["licence"] in ALLOWED
        for package in entry["packages"]:
            known = packages.find(package["kind"], package["name"])
            assert (package["licence"], package["role"]) == (known.licence, known.role)
            assert package["role"] == "tool" or package["attribution"] in notice
