"""Another encoder for a collection, from the command line."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.place import Place
from tests.encoder import another
from tests.encoder.embedding_server import answering, good, serving
from tests.ingest.folder import sentence, write_picture, write_texts


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an encoder that reads no pictures."""
    reads = ["text", "audio", "video", "document"]
    return another.write(tmp_path_factory.mktemp("encoders") / "omni-other", modalities=reads)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with three notes in a collection, which no test may change."""
    place = Place(tmp_path_factory.mktemp("taken"))
    write_texts(place.home / "files", 3)
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def notes(taken: Place, tmp_path: Path) -> Place:
    shutil.copytree(taken.home, tmp_path / "home")
    return Place(tmp_path / "home")


def reencoded(place: Place, *arguments: str) -> dict[str, object]:
    done = place.run("reencode", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_build_compare_switch_and_back(notes: Place, other: Path) -> None:
    built = reencoded(notes, "--encoder", str(other), "--build-only")
    assert (built["items"], built["segments"], built["switched"]) == (3, 3, False)
    told = {"text": sentence(1), "relevant": ["files/note-1.txt"]}
    root = Path(str(json.loads(notes.run("status").stdout)["roots"][0])).parent
    told["relevant"] = [str(root / "files/note-1.txt")]
    (notes.home / "q.jsonl").write_text(json.dumps(told))
    compared = reencoded(notes, "--compare", "q.jsonl")
    assert compared["kinds"]["text"]["before"] == compared["kinds"]["text"]["after"]  # type: ignore[index]
    switched = reencoded(notes, "--switch")
    assert (switched["segments"], switched["switched"]) == (0, True)
    asked = notes.run("query", sentence(1), "-k", "1")
    assert json.loads(asked.stdout)["uri"].endswith("note-1.txt"), asked.stderr
    assert str(json.loads(notes.run("status").stdout)["space"]).startswith("omni-other ")
    code, shown = notes.on_terminal("reencode", "--compare", "q.jsonl")
    assert code == 0 and "same among 10" in shown and "+0.000  [+0.000, +0.000]" in shown
    back = reencoded(notes, "--rollback")
    assert str(back["space"]).startswith("omni-mini ")


def test_somebody_at_a_terminal_is_asked(notes: Place, other: Path) -> None:
    code, shown = notes.on_terminal("reencode", "--encoder", str(other), typed="n\n")
    assert code == 2
    assert "3 items of omni-mini " in shown and "3 files to read" in shown and "Go on?" in shown
    assert not (notes.home / ".omnisearch" / "next").exists()
    code, shown = notes.on_terminal("reencode", "--encoder", str(other), typed="y\n")
    assert code == 0 and "3 items are answered by omni-other " in shown
    assert "omnisearch reencode --rollback goes back" in shown
    code, shown = notes.on_terminal("reencode", "--encoder", str(other))
    assert code == 0 and "already: nothing to do" in shown


def test_a_switch_to_what_answers_already_is_said(notes: Place) -> None:
    done = notes.run("reencode", "--switch", "--encoder", "omni-mini")
    assert done.returncode == 0
    assert "nothing was switched: omni-mini " in done.stderr


def test_one_is_told_as_one(place: Place, other: Path) -> None:
    write_texts(place.home / "files", 1)
    assert place.run("ingest", "files").returncode == 0
    code, shown = place.on_terminal("reencode", "--encoder", str(other), "--yes")
    assert code == 0 and "1 item is answered by omni-other " in shown
    assert "1 segment encoded" in shown


def test_what_was_begun_goes_on_or_is_given_up(notes: Place, other: Path) -> None:
    reencoded(notes, "--encoder", str(other), "--build-only", "--yes")
    code, shown = notes.on_terminal("reencode", "--discard", typed="n\n")
    assert code == 2 and "Remove what was encoded" in shown
    freed = reencoded(notes, "--discard")["discarded_bytes"]
    assert isinstance(freed, int) and freed > 1_000
    code, shown = notes.on_terminal("reencode", "--discard", "--yes")
    assert code == 0 and "nothing was being built" in shown
    reencoded(notes, "--encoder", str(other), "--build-only", "--yes")
    code, shown = notes.on_terminal("reencode", "--yes")
    assert code == 0 and "0 segments encoded" in shown


def test_items_that_cannot_be_encoded(notes: Place, other: Path) -> None:
    root = Path(str(json.loads(notes.run("status").stdout)["roots"][0]))
    gone = root / "note-2.txt"
    kept = gone.read_text()
    gone.unlink()
    try:
        done = notes.run("reencode", "--encoder", str(other))
        assert done.returncode == 2
        assert "1 item cannot be encoded by it:\n" in done.stderr
        assert f"{gone}: its file is gone): --from-words keeps what" in done.stderr
        code, shown = notes.on_terminal("reencode", "--encoder", str(other), "--estimate")
        assert code == 0 and f"{gone}: its file is gone" in shown.replace("\n", "")
        told = reencoded(notes, "--encoder", str(other), "--estimate")
        assert told["unable"] == [
            {"item": told["unable"][0]["item"], "path": str(gone), "reason": "its file is gone"}  # type: ignore[index]
        ]
        report = reencoded(notes, "--encoder", str(other), "--from-words", "--yes")
        assert (report["from_words"], report["left_out"]) == (1, [])
    finally:
        gone.write_text(kept)


def test_what_is_left_out_is_said_once_and_told(place: Place, other: Path) -> None:
    write_texts(place.home / "files", 2)
    write_picture(place.home / "files" / "harbour.png", 1)
    assert place.run("ingest", "files").returncode == 0
    refused = place.run("reencode", "--encoder", str(other), "--build-only", "--yes")
    assert refused.returncode == 2 and "--leave-out goes on without" in refused.stderr
    reencoded(place, "--encoder", str(other), "--build-only", "--yes", "--leave-out")
    waiting = reencoded(place, "--status")
    assert [one["path"][-11:] for one in waiting["next"]["left_out"]] == ["harbour.png"]  # type: ignore[index]
    assert waiting["previous"] is None and waiting["now"]["left_out"] == []  # type: ignore[index]
    code, shown = place.on_terminal("status")
    assert code == 0 and "bytes, without 1 item" in shown
    code, shown = place.on_terminal("reencode", "--switch")
    assert code == 0 and "1 item left out; --status names them" in shown
    assert json.loads(place.run("status").stdout)["left_out"] == 1
    code, shown = place.on_terminal("reencode", "--status")
    assert code == 0 and "now       omni-other " in shown and "previous  omni-mini " in shown
    assert "without 1 item:" in shown and "omni-other does not read image" in shown


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "has no change of encoder under way: name an encoder"),
        (["--switch"], "has no change of encoder under way: name an encoder"),
        (["--rollback"], "no state of another space is kept"),
        (["--switch", "--discard"], "--switch and --discard are two things: ask for one"),
        (["--status", "--encoder", "omni-mini"], "--status takes no --encoder"),
        (["--rollback", "--encoder", "omni-mini"], "--rollback takes no --encoder"),
        (["--compare", "absent.jsonl"], "has one encoder only"),
        (["--encoder", "nothing-here"], "there is no encoder 'nothing-here'"),
    ],
)
def test_what_cannot_be_done_is_said(taken: Place, arguments: list[str], fault: str) -> None:
    done = taken.run("reencode", *arguments)
    assert done.returncode == 2
    assert fault in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--encoder", "omni-mini"], ["--switch"], ["--rollback"], ["--discard"]]
)
def test_no_collection_is_made(place: Place, arguments: list[str]) -> None:
    for more in ([], ["--index", "absent"]):
        done = place.run("reencode", *arguments, *more)
        assert done.returncode == 2
        assert "name " in done.stderr and "with --index. Known: none" in done.stderr
    assert not (place.home / ".omnisearch").exists()


def test_a_server_that_ends_half_way_costs_nothing(notes: Place) -> None:
    with serving() as server:
        server.replies = [*[good] * 3, answering(503)]
        arguments = ("reencode", "--encoder", server.address, "--jobs", "1", "--yes")
        done = notes.run(*arguments)
        assert done.returncode == 4, done.stderr
        assert "of 3 files are encoded, and kept: start it again to go on" in done.stderr
        space = json.loads(notes.run("status").stdout)["space"]
        assert str(space).startswith("omni-mini ")
        server.replies = [good]
        built = reencoded(notes, *arguments[1:], "--build-only")
        assert built["items"] == 3 and not built["switched"]
        (notes.home / "q.jsonl").write_text('"a harbour"')
        compared = reencoded(notes, "--compare", "q.jsonl", "--encoder", server.address)
        assert compared["kinds"]["text"]["questions"] == 1  # type: ignore[index]
        assert reencoded(notes, *arguments[1:])["switched"]


def test_a_server_answers_where_it_is_named(notes: Place) -> None:
    with serving() as server:
        server.replies = [good]
        reencoded(notes, "--encoder", server.address, "--yes")
        refused = notes.run("query", sentence(1))
        assert refused.returncode == 4
        assert f"on the command line --encoder {server.address}, or" in refused.stderr
        for asked in ("query", "context"):
            found = notes.run(asked, sentence(1), "--encoder", server.address)
            assert found.returncode == 0 and "note-1.txt" in found.stdout, found.stderr
        found = notes.run("query", sentence(1), OMNISEARCH_ENCODER=server.address)
        assert found.returncode == 0 and "note-1.txt" in found.stdout, found.stderr
        code, shown = notes.on_terminal("query", sentence(1), "--encoder", server.address)
        assert code == 0 and "note-1.txt" in shown
        wrong = notes.run("query", sentence(1), "--encoder", "omni-mini")
        assert wrong.returncode == 4 and "omni-mini" in wrong.stderr


@pytest.mark.slow
def test_ctrl_c_says_how_far_it_came(place: Place, other: Path) -> None:
    write_texts(place.home / "files", 150)
    assert place.run("ingest", "files").returncode == 0
    whole = ("reencode", "--encoder", str(other), "--yes")
    code, shown = place.apart_on_terminal(*whole, interrupt_at=" of 150 files")
    assert code == 130
    assert "of 150 files are encoded, and kept: start it again to go on" in shown
    assert reencoded(place, "--yes")["items"] == 150
