"""Words and files as vectors, from a terminal and in a pipe."""

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisearch.encoder import canaries
from tests.cli.place import Place


@pytest.fixture
def things(place: Place) -> Path:
    """A picture, a text, a page and a broken picture in the home folder."""
    home = place.home
    Image.new("RGB", (60, 40), (200, 30, 40)).save(home / "red.png")
    (home / "note.txt").write_text("a red rectangle", "utf-8")
    page = canaries.inputs()["document"].parts[0]
    (home / "page.pdf").write_bytes(page.source)  # type: ignore[union-attr,arg-type]
    (home / "broken.png").write_bytes((home / "red.png").read_bytes()[:60])
    (home / "noise.bin").write_bytes(zlib.compress(bytes(range(256)) * 9))
    return home


def test_the_first_example_writes_a_vector(place: Place) -> None:
    done = place.run("embed", "--text", "a red bicycle", "--out", "v.npy")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "vectors": 1,
        "dim": 384,
        "file": str(place.home / "v.npy"),
    }
    vectors = np.load(place.home / "v.npy")
    assert vectors.shape == (1, 384) and vectors.dtype == np.float32
    assert abs(float(np.linalg.norm(vectors[0])) - 1) < 1e-6


def test_every_line_of_a_pipe_is_a_vector(place: Place, things: Path) -> None:
    done = place.run("embed", "--text", "rain", "red.png", "note.txt", "page.pdf")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["name"], one["modality"]) for one in lines] == [
        ("rain", "text"),
        ("red.png", "image"),
        ("note.txt", "text"),
        ("page.pdf", "document"),
    ]
    vectors = np.array([one["vector"] for one in lines])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[1] @ vectors[2] > vectors[1] @ vectors[0]


def test_a_bad_file_is_named_and_the_others_go_on(place: Place, things: Path) -> None:
    done = place.run("embed", "broken.png", "note.txt", "absent.jpg", "noise.bin")
    assert done.returncode == 3
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["note.txt"]
    faults = done.stderr.splitlines()
    assert len(faults) == 3 and all(line.startswith("omnisearch: ") for line in faults)
    assert "absent.jpg does not open" in done.stderr and "broken.png: damaged" in done.stderr
    assert "noise.bin is of no kind that is known: convert it, or leave it out" in done.stderr
    assert place.run("embed", "absent.jpg").returncode == 2


def test_nothing_is_written_where_one_is_bad(place: Place, things: Path) -> None:
    done = place.run("embed", "note.txt", "broken.png", "--out", "v.npy")
    assert done.returncode == 2 and not (place.home / "v.npy").exists()
    assert "broken.png: damaged" in done.stderr and "(nothing was written)" in done.stderr
    assert not list(place.home.glob("*.partial"))


def test_parts_can_be_read_together(place: Place, things: Path) -> None:
    done = place.run("embed", "--joint", "--text", "in blue", "red.png")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["modality"] == "text+image"
    assert json.loads(line)["name"] == "in blue + red.png"


def test_a_text_comes_through_a_pipe(place: Place) -> None:
    piped = place.run("embed", "-", stdin="a red bicycle")
    assert piped.returncode == 0, piped.stderr
    said = place.run("embed", "--text", "a red bicycle")
    (one,), (other,) = (map(json.loads, done.stdout.splitlines()) for done in (piped, said))
    assert one == {**other, "name": "-"}
    empty = place.run("embed", "-")
    assert empty.returncode == 2
    assert empty.stderr == (
        "omnisearch: stdin: nothing came through the pipe: give words, or what a file holds\n"
    )


def test_any_file_comes_through_a_pipe(place: Place, things: Path) -> None:
    for name in ("red.png", "page.pdf"):
        with (things / name).open("rb") as file:
            process = place.start("embed", "-", stdin=file)
            out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        named = json.loads(place.run("embed", name).stdout)
        assert json.loads(out) == {**named, "name": "-"}


def test_each_line_may_be_a_text(place: Place) -> None:
    (place.home / "titles.txt").write_text("\ufeffrain\r\na dog\nsnow", "utf-8")
    done = place.run("embed", "--lines", "titles.txt", "-", stdin="a cat\n" + "long " * 90_000)
    assert done.returncode == 0, done.stderr
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert names == ["rain", "a dog", "snow", "a cat", ("long " * 20_000)]
    done = place.run("embed", "--lines", "-", "--out", "v.npy", stdin="rain\na dog\n" * 70)
    assert json.loads(done.stdout)["vectors"] == 140
    assert np.load(place.home / "v.npy").shape == (140, 384)


def test_a_line_that_is_no_text_is_named_by_its_number(place: Place) -> None:
    (place.home / "titles.txt").write_bytes(b"rain\n\ncaf\xe9\nsnow\n")
    done = place.run("embed", "--lines", "titles.txt", "absent.txt")
    assert done.returncode == 3
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["rain", "snow"]
    assert done.stderr.splitlines() == [
        "omnisearch: titles.txt, line 2 is empty: take it out",
        "omnisearch: titles.txt, line 3 is no UTF-8: convert it, for example with "
        "`iconv -f WINDOWS-1252 -t UTF-8`",
        "omnisearch: absent.txt does not open (No such file or directory): check it",
    ]


@pytest.mark.parametrize("more", [(), ("--joint",), ("--out", "v.npy")])
def test_no_line_is_nothing_to_encode(more: tuple[str, ...], place: Place) -> None:
    done = place.run("embed", "--lines", "-", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("omnisearch: stdin has no line: give a text in each")
    assert list(place.home.glob("*.npy")) == []


def test_odd_names_are_said_once_and_on_one_line(place: Place) -> None:
    for name in ("b\nad.gif", "\x1b[31mred.gif", "\u202egif.gif"):
        (place.home / name).write_bytes(b"GIF89a")
        done = place.run("embed", name)
        assert done.returncode == 2
        assert done.stderr.count(".gif") == 1 and len(done.stderr.splitlines()) == 1
        assert "\x1b" not in done.stderr


def test_long_texts_are_never_held_whole(place: Place) -> None:
    words = "a red bicycle leans against a wall. " * 20_000
    (place.home / "short.txt").write_text(words, "utf-8")
    names = [f"long-{number}.txt" for number in range(8)]
    for name in names:
        with (place.home / name).open("w", encoding="utf-8") as file:
            file.write(words)
            file.truncate(90_000_000)
    with place.start("embed", "short.txt", *names) as process:
        assert process.stdout is not None
        lines, peak = [], 0
        for line in process.stdout:
            lines.append(line)
            status = Path(f"/proc/{process.pid}/status").read_text("ascii")
            peak = max(peak, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status)), 0)
        assert process.wait() == 0
    first, *others = (json.loads(line)["vector"] for line in lines)
    assert others == [first] * 8
    assert 0 < peak * 1024 < 300e6, "eight times 90 MB would be more"


def test_files_are_named_whole_and_words_by_their_beginning(place: Place) -> None:
    path = "a-folder-with-a-long-name/" * 4 + "absent-picture.png"
    assert f"omnisearch: {path} does not open" in place.run("embed", path).stderr
    deep = place.home / path
    deep.parent.mkdir(parents=True)
    deep.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    assert f"omnisearch: {path}: " in place.run("embed", path).stderr
    long = place.run("embed", "--text", "\U0001f6b2" * 80)
    assert long.returncode == 2 and "\U0001f6b2" * 41 not in long.stderr
    code, shown = place.on_terminal("embed", "--text", "rain " * 30, COLUMNS="100", NO_COLOR="1")
    assert code == 0 and "rain rain…" in shown


def test_words_in_other_encodings_are_read_or_told(place: Place) -> None:
    (place.home / "a.txt").write_text("a red bicycle", "utf-16")
    (place.home / "b.txt").write_text("BM: a caf\xe9 in K\xf6ln", "latin-1")
    (place.home / "c.txt").write_text("BM is short for benchmark", "utf-8")
    done = place.run("embed", "--text", "a red bicycle", "a.txt", "b.txt", "c.txt")
    assert done.returncode == 3
    said, wide, _ = (json.loads(line) for line in done.stdout.splitlines())
    assert wide["vector"] == said["vector"]
    assert done.stderr == (
        "omnisearch: b.txt is text, but no UTF-8 at byte 9: convert it, for example with "
        "`iconv -f WINDOWS-1252 -t UTF-8`\n"
    )


def test_a_file_is_tried_before_the_work(place: Place) -> None:
    (place.home / "v.npy").symlink_to("gone/v.npy")
    (place.home / "w.npy").symlink_to("there.npy")
    done = place.run("embed", "--lines", "-", "--out", "v.npy", "--encoder", "no such encoder")
    assert done.returncode == 4 and "cannot write v.npy: No such file" in done.stderr
    assert place.run("embed", "--text", "rain", "--out", "w.npy").returncode == 0
    assert np.load(place.home / "there.npy").shape == (1, 384)


def test_a_terminal_shows_a_table(place: Place, things: Path) -> None:
    code, shown = place.on_terminal("embed", "note.txt", NO_COLOR="1")
    header, row = shown.splitlines()
    assert code == 0 and header.split() == ["modality", "name", "vector"]
    assert row.startswith("text      note.txt  ") and row.endswith("… (384 numbers)")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, 'give --text "some words", or files, or - for stdin'),
        (("--text", ""), 2, "the text is empty"),
        (("--text", "a", "--dim", "128"), 2, "dim is 128: omni-mini was made for 384"),
        (("--text", "a", "--out", "v.txt"), 2, "name a file that ends in .npy"),
        (("--text", "a", "--encoder", "omni-maxi"), 2, "there is no encoder 'omni-maxi'"),
        (("--text", "a", "--out", "no/such/v.npy"), 4, "cannot write no/such/v.npy"),
        (("--text", "a", "--target", "smell"), 2, "'smell' is not one of"),
    ],
)
def test_what_cannot_be_done_says_why(
    place: Place, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = place.run("embed", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_what_was_embedded_is_imported_with_the_name_of_its_encoder(place: Place) -> None:
    made = place.run("embed", "--lines", "-", stdin="a dog\nrain\n").stdout
    (place.home / "v.jsonl").write_text(made, "utf-8")
    arguments = ("import", "v.jsonl", "--id-column", "name")
    done = place.run(*arguments, "--made-by", "omni-mini")
    assert done.returncode == 0 and json.loads(done.stdout)["stored"] == 2, done.stderr
    assert json.loads(place.run("status").stdout)["space"].startswith("omni-mini ")

    nobody = place.run(*arguments, "--upsert")
    assert nobody.returncode == 4 and nobody.stdout == ""
    assert nobody.stderr.splitlines()[-1].endswith(
        "/.omnisearch holds vectors that omni-mini made, and nothing says that it made these: if "
        "it did, give --made-by omni-mini; if not, name another collection with --index"
    )
    again = place.run(*arguments, "--upsert", "--made-by", "omni-mini")
    assert again.returncode == 0 and json.loads(again.stdout)["stored"] == 2, again.stderr


def test_vectors_that_an_encoder_cannot_have_made_are_refused(place: Place) -> None:
    np.save(place.home / "long.npy", np.full((3, 384), 0.4, np.float32))
    np.save(place.home / "short.npy", np.full((3, 4), 0.5, np.float32))
    long = place.run("import", "long.npy", "--made-by", "omni-mini")
    assert long.returncode == 2
    assert "row 0 has length 7.84, and all vectors of omni-mini have 1" in long.stderr
    short = place.run("import", "short.npy", "--made-by", "omni-mini")
    assert short.returncode == 4 and "4 dimensions, omni-mini" in short.stderr
    assert not (place.home / ".omnisearch" / "FORMAT").exists()
    assert place.run("import", "short.npy").returncode == 0
    own = place.run("import", "short.npy", "--upsert", "--made-by", "omni-mini")
    assert own.returncode == 4
    assert "holds vectors of own vectors, not of omni-mini" in own.stderr
    assert own.stderr.endswith("or make another collection\n")
    unknown = place.run("import", "short.npy", "--made-by", "omni-maxi")
    assert unknown.returncode == 2 and "there is no encoder 'omni-maxi'" in unknown.stderr


def test_the_encoder_is_a_setting(place: Place) -> None:
    done = place.run("embed", "--text", "a", OMNISEARCH_ENCODER="omni-maxi")
    assert done.returncode == 2 and "omni-maxi" in done.stderr


def test_encoders_are_listed_and_shown(place: Place) -> None:
    listed = place.run("encoders", HF_HOME=str(place.home))
    assert listed.returncode == 0, listed.stderr
    (one,) = (json.loads(line) for line in listed.stdout.splitlines())
    shown = json.loads(place.run("encoders", "show", "omni-mini").stdout)
    assert shown == one
    assert one["name"] == "omni-mini" and one["dim"] == 384 and one["dims"] == [384]
    assert one["modalities"] == ["text", "image", "audio", "video", "document"]
    assert 0 < one["bytes"] < 92e6 and "Apache-2.0" in one["licence"]
    assert Path(one["where"]).is_dir() and len(one["fingerprint"]) == 32
    home = str(place.home)
    code, table = place.on_terminal("encoders", COLUMNS="300", HF_HOME=home, NO_COLOR="1")
    assert code == 0 and table.splitlines()[0].split()[:4] == ["size", "dim", "name", "modalities"]
    assert one["where"] in table and "…" not in table
    code, facts = place.on_terminal("encoders", COLUMNS="80", HF_HOME=home, NO_COLOR="1")
    assert code == 0 and one["where"] in facts and one["licence"] in facts and "…" not in facts
    assert facts.splitlines()[0] == "name        omni-mini"
    assert place.run("encoders", "list", "omni-mini").returncode == 2


def test_speeds_are_measured_for_each_modality(place: Place) -> None:
    done = place.run("encoders", "bench", "--seconds", "0.05")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["modality"] for one in lines] == ["text", "image", "audio", "video", "document"]
    for one in lines:
        assert one["per_s"] == pytest.approx(one["items"] / one["seconds"], rel=0.01)
        assert one["items"] > 0 and one["item"]
