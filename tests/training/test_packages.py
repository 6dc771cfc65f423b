import hashlib
import io
import json
import stat
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from omnisearch.training.data.archives import member, members
from omnisearch.training.data.packages import Package, fetch
from omnisearch.training.lab import Lab, LabError, LabStorageError

NAME = "tiny_pictures-1.0-py3-none-any.whl"
LICENCE = b"MIT License\n"


def tar(files: dict[str, bytes], mode: str) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "a"
        file.addfile(link)
    return sink.getvalue()


def ar(parts: dict[str, bytes]) -> bytes:
    found = b"!<arch>\n"
    for name, content in parts.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        found += header.encode() + content + b"\n" * (len(content) % 2)
    return found


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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.tgz", tar({"a": b"1", "./b/c": b"2"}, "w:gz")),
        (
            "x.deb",
            ar({"debian-binary": b"2.0", "data.tar.xz": tar({"a": b"1", "./b/c": b"2"}, "w:xz")}),
        ),
    ],
)
def test_files_of_archives_are_read_and_links_left_out(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert dict(members(path)) == {"a": b"1", "b/c": b"2"}
    assert member(path, "b/c") == b"2"
    with pytest.raises(LabStorageError, match="holds no d"):
        member(path, "d")


@pytest.mark.parametrize("name", ["x.tgz", "x.deb", "x.whl"])
@pytest.mark.parametrize("content", [b"", b"!<arch>\nnonsense", b"\x1f\x8bhalf"])
def test_a_damaged_archive_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LabStorageError, match=rf"{name} (is damaged|holds no)"):
        member(path, "a")


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
