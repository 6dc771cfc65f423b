"""`omnisearch query --batch`: what a line may say, and lines that are wrong beside others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import omnisearch as om
from tests.cli.place import Place
from tests.ingest.reencoding.tiny import Tiny


def asked(place: Place, folder: Path, *lines: str) -> tuple[int, list[int], list[str]]:
    """Ask; gives the exit code, the lines that were answered, and what is said of others."""
    file = folder / "asked.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    done = place.run("query", "--batch", str(file), "-k", "1")
    said = [line.removeprefix(f"omnisearch: {file}, ") for line in done.stderr.splitlines()]
    return done.returncode, [json.loads(hit)["query"] for hit in done.stdout.splitlines()], said


def test_a_vector_of_another_length_is_wrong_in_its_line_alone(
    imported: Place, tmp_path: Path
) -> None:
    lines = ('{"like": "row-1"}', '{"vector": [1, 2]}', '{"like": "row-2"}')
    code, answered, said = asked(imported, tmp_path, *lines)
    assert (code, answered) == (3, [0, 2])
    (message,) = said
    assert message.startswith("line 2 (query 1): query: 2 dimensions, the collection has 8")


def test_what_holds_for_every_line_ends_the_batch(place: Place, tmp_path: Path) -> None:
    with om.open(place.home / ".omnisearch", encoder=om.Encoder(Tiny("tiny", 8))) as col:
        col.add([om.Item(name, text=f"an apple {name}") for name in "ab"])
    code, answered, said = asked(place, tmp_path, '{"like": "a"}', '"words"', '"others"')
    assert (code, len(said)) == (4, 1)
    assert answered == [0] and "which is not on this machine" in said[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"image": {"source": "a", "box": 5}}, "box of image is 5: give [x, y, w, h]"),
        ({"image": {"source": "a", "box": ["b", 0, 1, 1]}}, 'box of image is ["b", 0, 1, 1]: give'),
        ({"image": {"source": "a", "box": [0, 0, 9, 9]}}, "fractions inside the picture"),
        ({"audio": {"source": "a", "from_s": "a"}}, 'from_s of audio is "a": give a number'),
        ({"video": {"source": "a", "to_s": [1]}}, "to_s of video is [1]: give a number of seconds"),
        ({"video": {"source": "a", "to_s": 10**400}}, "to_s of video is 1000"),
        ({"video": {"source": "a", "sound": 5}}, "sound of video is 5: give the name of a file"),
        ({"document": {"source": "a", "page": True}}, "page of document is true: give a whole"),
        ({"document": {"source": "a", "words": 2}}, "words of document is 2: give a string"),
        ({"text": {"source": "a", "weight": "2"}}, 'weight of text is "2": give a number'),
        ({"text": {"source": "a", "weight": 0}}, "weight is 0: any finite number but 0"),
        ({"text": {"source": "a", "wieght": 2}}, "text has no 'wieght': did you mean weight?"),
        ({"text": {"source": "a", "text": "b"}}, "text has no 'text': it takes weight"),
        ({"audio": {"source": "a", "box": [0, 0, 1, 1]}}, "audio has no 'box': it takes weight, f"),
        ({"vector": "abc"}, 'vector is "abc": give a list of numbers, as [0.1, 0.2]'),
        ({"vector": [[1, 2], [3]]}, "vector is [[1, 2], [3]]: give a list of numbers"),
        ({"vector": [None, True]}, "vector is [null, true]: give a list of numbers"),
        ({"like": "row-1", "where": "n > :a", "params": 5}, "params is 5: give an object"),
        ({"like": "row-1", "deny": [5]}, "deny is [5]: give a string or a list of strings"),
    ],
    ids=lambda value: json.dumps(value)[:50],
)
def test_a_value_of_the_wrong_type_is_named(
    imported: Place, tmp_path: Path, line: dict[str, object], message: str
) -> None:
    code, answered, said = asked(imported, tmp_path, json.dumps(line), '{"like": "row-1"}')
    assert (code, answered, len(said)) == (3, [1], 1)
    assert said[0].startswith(f"line 1 (query 0): {message}") or message in said[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "x", "text": "y", "k": 1}', 'text has "x" and "y": give it once'),
        ('{"where": "n = 1", "like": "row-1", "where": "n = 2"}', 'where has "n = 1" and "n = 2"'),
        ('{"like": "row-1", "k": 1, "k": 1}', "k has 1 and 1: give it once"),
        ('{"text": {"source": "a", "weight": 1, "weight": 2}}', "weight has 1 and 2: give it once"),
        ('{"where": {"n": 1, "n": 2}, "like": "row-1"}', "n has 1 and 2: give it once"),
        ('{"vctor": [1], "vctor": [2]}', "vctor has [1] and [2]: give it once"),
    ],
    ids="text where k weight condition unknown".split(),
)
def test_a_key_that_stands_twice_is_refused(
    imported: Place, tmp_path: Path, line: str, message: str
) -> None:
    code, answered, said = asked(imported, tmp_path, line, '{"like": "row-1"}')
    assert (code, answered, len(said)) == (3, [1], 1)
    assert said[0].startswith(f"line 1 (query 0): {message}")


def test_null_says_nothing(gathered: Place, tmp_path: Path) -> None:
    part = {"source": str(gathered.home / "noise.png"), "box": None, "weight": None}
    line = {"image": part, "vector": None, "params": None, "deny": None}
    assert asked(gathered, tmp_path, json.dumps(line)) == (0, [0], [])


def test_a_long_line_is_read_whole_or_refused(gathered: Place, tmp_path: Path) -> None:
    long, longest = (json.dumps("flowers " * number) for number in (50_000, 1_300_000))
    code, answered, said = asked(gathered, tmp_path, long, longest, '"bees"')
    assert (code, answered) == (3, [0, 2])
    (message,) = said
    assert message.startswith("line 2 (query 1) has over 10,000,000 bytes: shorten it, or name a")


def test_a_line_in_another_encoding_is_named_by_both_numbers(
    imported: Place, tmp_path: Path
) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_bytes(b'{"like": "row-1"}\n"caf\xe9"\n')
    done = imported.run("query", "--batch", str(file), "-k", "1")
    assert done.returncode == 3
    assert done.stderr.startswith(f"omnisearch: {file}, line 2 (query 1) is no UTF-8: convert it")


def test_a_file_without_a_line_is_said(imported: Place, tmp_path: Path) -> None:
    code, _, said = asked(imported, tmp_path)
    assert code == 2 and "has no line: give a question in each" in said[0]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--row", "0"), "--row"),
        (("--from", "1"), "--from"),
        (("--more", "row-1"), "--more"),
        (("a", "b"), "the words"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_belongs_to_one_question_is_refused(
    imported: Place, tmp_path: Path, flags: tuple[str, ...], told: str
) -> None:
    (tmp_path / "asked.jsonl").write_text('{"like": "row-1"}\n')
    done = imported.run("query", "--batch", str(tmp_path / "asked.jsonl"), *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--batch has whole questions, each in its line: leave {told} out" in done.stderr
