import json
import os
import re
import resource
import signal
from pathlib import Path

import pytest

from tests.cli.place import Place, hear_interrupts
from tests.ingest.folder import sentence, write_picture, write_texts

MANY = 1500  # more than are done before an interruption is heard
COUNTS = (
    "seen stored unchanged duplicate failed skipped moved missing segments seconds generation"
).split()


@pytest.fixture
def files(place: Place) -> Path:
    folder = place.home / "files"
    write_texts(folder, 3)
    write_picture(folder / "lake.png")
    (folder / "again.txt").write_text(sentence(0))
    (folder / "data.bin").write_bytes(bytes(range(256)))
    return folder


def broken(folder: Path, name: str = "broken.png") -> None:
    (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def last(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text.splitlines()[-1])
    return found


def test_a_pipe_gets_counts_that_add_up(place: Place, files: Path) -> None:
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    found = last(done.stdout)
    assert list(found)[: len(COUNTS)] == COUNTS
    assert [found[name] for name in COUNTS[:6]] == [6, 4, 0, 1, 0, 1]
    assert "made " in done.stderr
    assert "\x1b" not in done.stderr
    again = place.run("ingest", "--json")
    assert again.returncode == 0, again.stderr
    assert last(again.stdout)["unchanged"] == 5
    for line in done.stdout.splitlines()[:-1]:
        assert set(json.loads(line)) >= {"files", "of", "segments", "left_s"}


def test_failures_are_told_once_and_listed(place: Place, files: Path) -> None:
    broken(files)
    done = place.run("ingest", "files", "--no-json")
    assert done.returncode == 3, done.stderr
    assert f"failed: {files / 'broken.png'}: " in done.stderr
    assert "1 failed  (1 new)" in done.stdout
    again = place.run("ingest", "--no-json")
    assert again.returncode == 3
    assert "failed:" not in again.stderr
    assert "1 failed  (0 new)" in again.stdout
    listed = last(place.run("status", "--failures").stdout)["failures"]
    assert isinstance(listed, list)
    assert listed[0]["path"] == str(files / "broken.png")
    assert set(listed[0]) == {"path", "stage", "reason"}
    assert last(place.run("status").stdout)["failures"] == 1
    table = place.run("status", "--failures", "--no-json")
    assert "broken.png" in table.stdout
    assert "--retry-failed" in table.stderr
    broken(files, "evil\x1b]0;" + 100 * "x" + ".png")
    assert place.run("ingest", "--retry-failed").returncode == 3
    code, shown = place.on_terminal("status", "--failures", COLUMNS="80")
    assert code == 0
    assert "copy it again, or leave it out" in " ".join(shown.split())
    assert "\n    decode: " in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_terminal_shows_one_line_that_fits(place: Place, files: Path, columns: int) -> None:
    code, shown = place.on_terminal("ingest", "files", COLUMNS=str(columns))
    assert code == 0
    drawn = [re.sub("\x1b\\[K.*", "", part, flags=re.DOTALL) for part in shown.split("\r")[1:]]
    assert drawn
    assert max(len(line) for line in drawn) < columns
    assert any("of 6 files" in line for line in drawn)
    assert "6 files seen in " in shown
    assert "4 stored" in shown
    assert "1 skipped  (1 unsupported type)" in shown


def test_nothing_is_shown_where_quiet_is_asked_for(place: Place, files: Path) -> None:
    code, shown = place.on_terminal("ingest", "files", "--quiet")
    assert code == 0
    assert "\x1b[K" not in shown
    assert shown.startswith("6 files seen")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest"], "name a folder"),
        (["ingest", "absent"], "does not exist"),
        (["ingest", "files", "--max-memory", "lots"], "no size"),
        (["ingest", "files", "--max-memory", "1M"], "max_memory"),
        (["ingest", "files", "--since", "yesterday"], "neither a date"),
        (["ingest", "files", "--since", "99999999999d"], "neither a date"),
        (["ingest", "files", "--since", "999999999w"], "neither a date"),
        (["ingest", "files", "--max-memory", "9999999999999T"], "more than any machine"),
        (["ingest", "--files-from", "absent"], "cannot be read (No such file or directory)"),
        (["ingest", "--files-from", "-"], "no paths"),
        (["ingest", "/proc"], "belongs to the system"),
    ],
)
def test_wrong_usage_is_said_and_makes_nothing(
    place: Place, files: Path, arguments: list[str], said: str
) -> None:
    done = place.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert not (place.home / ".omnisearch").exists()


def test_paths_come_from_stdin(place: Place, files: Path) -> None:
    odd = files / "a\nb.txt"
    odd.write_text(sentence(7))
    names = b"\0".join(os.fsencode(files / name) for name in ("note-1.txt", "a\nb.txt"))
    done = place.run("ingest", "--files-from", "-", stdin=names.decode() + "\0")
    assert done.returncode == 0, done.stderr
    assert last(done.stdout)["stored"] == 2


def test_a_list_may_name_what_is_gone_or_no_file(place: Place, files: Path) -> None:
    os.mkfifo(files / "pipe")
    (files / "one.txt").write_text("a harbour in the morning")
    listed = [files / "one.txt", files / "pipe", files / "gone.txt"]
    given = "".join(f"{path}\n" for path in listed)
    done = place.run("ingest", "--files-from", "-", "--index", "made", stdin=given)
    assert done.returncode == 3
    counts = json.loads(done.stdout.splitlines()[-1])
    assert (counts["stored"], counts["skipped"], counts["failed"]) == (1, 1, 1)
    assert "gone.txt" in done.stderr


def test_a_name_cannot_forge_a_line(place: Place, files: Path) -> None:
    folder = files / "a\nwarning: forged"
    folder.mkdir()
    (folder / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    done = place.run("ingest", str(folder), "--index", "made")
    assert done.returncode == 3
    assert not any(line.startswith("warning") for line in done.stderr.splitlines())


def test_a_dry_run_stores_nothing(place: Place, files: Path) -> None:
    done = place.run("ingest", "files", "--dry-run")
    assert done.returncode == 0, done.stderr
    found = last(done.stdout)
    assert found["files"] == 6
    assert found["kinds"]["text"]["files"] == 5  # type: ignore[index]
    assert not (place.home / ".omnisearch").exists()
    told = place.run("ingest", "files", "--dry-run", "--no-json").stdout
    assert "6 files to read" in told
    assert "nothing was stored" in told


def test_a_collection_further_up_asks_before_it_takes_a_new_folder(
    place: Place, files: Path
) -> None:
    assert place.run("ingest", "files").returncode == 0
    other = place.home / "work" / "notes"
    write_texts(other, 1, first=50)
    refused = place.run("ingest", "notes", cwd=other.parent)
    assert refused.returncode == 2
    assert "--index" in refused.stderr
    assert place.run("ingest", "notes", "--yes", cwd=other.parent).returncode == 0
    assert place.run("ingest", "notes", cwd=other.parent).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_is_quick_and_loses_nothing(
    place: Place, number: signal.Signals, code: int
) -> None:
    write_texts(place.home / "files", MANY)
    process = place.start("ingest", "files", preexec_fn=hear_interrupts)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("segments", 0) > 20:
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert process.returncode == code
    assert f"of {MANY:,} files are done, and kept: start it again to go on" in said
    kept = last(place.run("status").stdout)["items"]
    assert isinstance(kept, int)
    assert 20 < kept < MANY
    found = last(place.run("ingest").stdout)
    assert (found["seen"], found["failed"]) == (MANY, 0)
    assert found["stored"] == MANY - kept


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_keeps_what_is_stored(place: Place) -> None:
    write_texts(place.home / "files", 20)
    assert place.run("ingest", "files").returncode == 0
    write_texts(place.home / "files", 60, first=20)

    def full() -> None:  # as a disk is that holds no larger file
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, 64_000))

    process = place.start("ingest", preexec_fn=full)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 4, said
    assert "Traceback" not in said
    kept = last(place.run("status").stdout)["items"]
    assert isinstance(kept, int)
    assert 20 <= kept < 80
    assert last(place.run("ingest").stdout)["stored"] == 80 - kept


def test_paths_are_deleted_and_left_alone(place: Place, files: Path) -> None:
    assert place.run("ingest", "files").returncode == 0
    refused = place.run("delete", "files/lake.png")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    code, shown = place.on_terminal("delete", "files/lake.png", typed="n\n")
    assert code == 1
    assert "1 file from the collection (the files themselves stay)" in shown
    done = place.run("delete", "files/lake.png", "--yes")
    assert (done.returncode, last(done.stdout)) == (0, {"deleted": 1, "files": 1})
    assert (files / "lake.png").exists()
    assert last(place.run("ingest").stdout)["seen"] == 5
    assert last(place.run("ingest", "--include", "files/lake.png").stdout)["stored"] == 1
    done = place.run("delete", "--root", "files", "--yes")
    assert last(done.stdout) == {"deleted": 4, "files": 5}
    assert place.run("ingest").returncode == 2
    assert "was not given to ingest" in place.run("delete", "--root", "files").stderr


def test_the_help_names_all_that_is_read(place: Place) -> None:
    shown = " ".join(place.run("ingest", "--help").stdout.split())
    assert "text, pictures, sounds, films, documents and tables." in shown
    assert "Documents are PDFs, those of office programs, e-books and mail." in shown
    assert "With --columns each PATH is a table" in shown
