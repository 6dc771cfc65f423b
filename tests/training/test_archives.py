import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from omnisearch.training.data.archives import member, members
from omnisearch.training.lab import LabStorageError


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


def test_a_part_of_a_debian_package_without_a_possible_size_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.deb"
    for size in (b"-60", b"9999"):  # back to its own header; beyond the end
        header = b"control.tar" + b" " * 37 + size.ljust(10) + b"`\n"
        path.write_bytes(b"!<arch>\n" + header + b"nothing")
        with pytest.raises(LabStorageError, match=rf"x\.deb is damaged .*has {size.decode()} byt"):
            member(path, "a")


@pytest.mark.parametrize("name", ["x.tgz", "x.whl"])
def test_a_file_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "x.tgz":
        path.write_bytes(tar({"a": bytes(1001), "b": b"1"}, "w:gz"))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a", bytes(1001))
            file.writestr("b", b"1")
    assert member(path, "a", 1001) == bytes(1001)
    assert member(path, "b", 1000) == b"1"
    with pytest.raises(LabStorageError, match=r"a unpacks to 1,001 bytes, 1,000 at most are read"):
        member(path, "a", 1000)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [(6, b"\x01", "encrypted"), (8, b"\x63", "compression method")],
    ids=["encrypted", "unknown method"],
)
def test_a_wheel_that_cannot_be_unpacked_is_an_error_that_names_it(
    tmp_path: Path, place: int, value: bytes, says: str
) -> None:
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", b"1")
    content = bytearray(path.read_bytes())
    for sign, further in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):  # both headers of the file
        at = content.index(sign) + place + further
        content[at : at + 1] = value
    path.write_bytes(content)
    with pytest.raises(LabStorageError, match=rf"x\.whl is damaged \(.*{says}"):
        member(path, "a")
