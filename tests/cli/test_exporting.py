"""`omnisearch export` and `import`: files go out and come back as what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.place import Place


def test_a_folder_of_files_is_exported_and_imported(library: Place, tmp_path: Path) -> None:
    done = library.run("export", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)["rows"]
    again = str(tmp_path / "again")
    done = library.run("import", str(tmp_path / "out"), "--index", again)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stored"] == written
    where = f"`ingest` will look at {library.home / 'files'}\n"
    assert done.stderr == f"it brings along where its files are: {where}made {again}\n"
    asked = ("query", "oil the chain", "-k", "3", "--json")
    assert library.run(*asked, "--index", again).stdout == library.run(*asked).stdout
    told = json.loads(library.run("ingest", "--index", again).stdout.splitlines()[-1])
    assert (told["stored"], told["unchanged"]) == (0, 5)


def test_an_import_of_files_goes_on_where_it_ended(library: Place, tmp_path: Path) -> None:
    library.run("export", str(tmp_path / "part"), "--where", "file.name = 'tyre.md'")
    done = library.run("export", str(tmp_path / "whole"), "--json")
    again = ("--index", str(tmp_path / "again"))
    first = json.loads(library.run("import", str(tmp_path / "part"), *again).stdout)["stored"]
    assert library.run("import", str(tmp_path / "whole"), *again).returncode == 2
    rest = json.loads(library.run("import", str(tmp_path / "whole"), "--resume", *again).stdout)
    assert first == rest["unchanged"] > 0
    assert rest["seen"] == json.loads(done.stdout)["rows"]


@pytest.mark.parametrize(
    "flags", [("--made-by", "omni-mini"), ("--column", "a=int"), ("--ids", "ids.jsonl")], ids=str
)
def test_what_an_export_says_of_itself_is_not_said_again(
    library: Place, tmp_path: Path, flags: tuple[str, str]
) -> None:
    library.run("export", str(tmp_path / "out"))
    again = ("--index", str(tmp_path / "again"))
    done = library.run("import", str(tmp_path / "out"), *flags, *again)
    assert (done.returncode, done.stdout) == (2, "")
    assert not (tmp_path / "again").exists()


def test_files_do_not_come_into_vectors_of_ones_own(
    library: Place, stored: Place, tmp_path: Path
) -> None:
    library.run("export", str(tmp_path / "out"))
    done = stored.run("import", str(tmp_path / "out"))
    assert done.returncode == 4 and "holds vectors of own vectors" in done.stderr
    for file in ("vectors.npy", "metadata.parquet"):
        assert (tmp_path / "out" / file).is_file()
