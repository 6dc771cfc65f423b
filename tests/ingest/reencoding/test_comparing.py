"""Two encoders of one collection, asked the same questions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import InputError, QueryError
from omnisearch.evaluation.answers import Asked, compared, measures, overlap
from tests.ingest.folder import sentence, write_texts
from tests.ingest.reencoding.tiny import Tiny, long, short

FILES = 12


def test_measures_of_one_question() -> None:
    assert measures(["a", "b"], frozenset("a")) == (1.0, 1.0, 1.0)
    assert measures(["b", "a"], frozenset("a")) == pytest.approx((0.0, 1.0, 1 / np.log2(3)))
    assert measures(["b"], frozenset("a")) == (0.0, 0.0, 0.0)
    found = measures(["a", "x", "b"], frozenset("ab"))
    assert found == pytest.approx((1.0, 1.0, 1.5 / (1 + 1 / np.log2(3))))
    late = [*map(str, range(10)), "a"]
    assert measures(late, frozenset("a")) == (0.0, 0.0, 0.0)


def test_what_both_found() -> None:
    assert overlap(["a", "b"], ["b", "c"]) == 0.5
    assert overlap([], []) == 1.0
    assert overlap(["a"], []) == 0.0


def test_differences_are_paired() -> None:
    right = frozenset("a")
    better = [Asked("text", ("b", "a"), ("a", "b"), right)] * 20
    found = compared([*better, Asked("text", ("a",), ("a",), frozenset())])
    assert (found.questions, found.judged) == (21, 20)
    assert (found.before["R@1"], found.after["R@1"]) == (0.0, 1.0)
    assert found.difference["R@1"] == om.Interval(1.0, 1.0, 1.0)
    assert found.difference["R@10"] == om.Interval(0.0, 0.0, 0.0)
    assert found.overlap == 1.0
    assert compared([Asked("text", ("a",), ("b",), frozenset())]) == om.Compared(1, 0, 0.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give files, and a collection beside which another encoder waits; no test changes those."""
    place = tmp_path_factory.mktemp("compared")
    write_texts(place / "files", FILES)
    with om.open(place / "collection", encoder=short()) as col:
        col.ingest(place / "files")
    om.reencode(place / "collection", long(), switch=False)
    return place


@pytest.fixture
def both(place: Path) -> Path:
    return place / "collection"


@pytest.fixture
def own(both: Path, tmp_path: Path) -> Path:
    """Give a copy of it that may be changed."""
    shutil.copytree(both, tmp_path / "own")
    return tmp_path / "own"


def asked(path: Path, questions: object) -> om.Comparison:
    with om.open(path, mode="r", encoder=short()) as col:
        return om.compare_encoders(col, questions, encoder=long())  # type: ignore[arg-type]


def test_a_file_of_questions(both: Path, place: Path, tmp_path: Path) -> None:
    source = place / "files"
    lines: list[Mapping[str, object]] = [
        {"text": sentence(number), "relevant": [str(source / f"note-{number}.txt")]}
        for number in range(FILES)
    ]
    uri = (source / "note-3.txt").as_uri()
    lines += [{"text": "harbour", "mode": "vector"}]
    with om.open(both, mode="r", encoder=short()) as col:
        item = col.query(sentence(3), k=1)[0].item
    lines += [{"like": item, "relevant": [uri, item]}]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n\n".join(map(json.dumps, lines)))
    found = asked(both, file)
    assert (found.before, found.after) == ("short ffffffff 16", "long ffffffff 24")
    assert list(found.kinds) == ["text", "like", "all"]
    texts = found.kinds["text"]
    assert (texts.questions, texts.judged) == (FILES + 1, FILES)
    assert texts.before["R@1"] == texts.after["R@1"] == 1.0
    assert 0 < texts.overlap < 1
    assert found.kinds["all"].questions == FILES + 2


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"text": "a", "relevant": ["absent"]}, "'relevant' has 'absent', which is no id"),
        ({"text": "a", "relevant": "b"}, "'relevant' is 'b': a list of ids or URIs"),
        ({"relevant": []}, "none of text, image, .* is there: nothing is asked"),
        ({"text": "a", "relevent": []}, "has no 'relevent' here: did you mean relevant"),
        ({"text": {"source": "a", "size": 1}}, "'text': .*unexpected keyword argument|'text': "),
        ({"image": {"source": "a.png", "box": [0, 0, 2, 2]}}, "'image': box is"),
        ({"vector": [1, 2]}, "a question has no 'vector' here"),
        (7, "a question is an object"),
    ],
)
def test_what_is_wrong_names_line_and_field(
    both: Path, tmp_path: Path, line: object, fault: str
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"text": "harbour"}\n' + json.dumps(line))
    with pytest.raises(InputError, match=f"questions.jsonl: line 2: .*{fault}|line 2: {fault}"):
        asked(both, file)


def test_a_question_that_cannot_be_answered_names_its_line(both: Path) -> None:
    with pytest.raises(QueryError, match=r"question 1: .*absent\.png"):
        asked(both, [{"text": "a"}, {"image": "absent.png"}])


def test_nothing_to_compare(both: Path, own: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no questions"):
        asked(both, [])
    with pytest.raises(InputError, match=r"absent\.jsonl is no file"):
        asked(both, tmp_path / "absent.jsonl")
    om.discard_encoder(own)
    with pytest.raises(InputError, match="has one encoder only"):
        asked(own, ["a"])


def test_after_the_switch_the_one_before_is_compared(own: Path) -> None:
    om.reencode(own, long())
    with om.open(own, mode="r", encoder=long()) as col:
        found = om.compare_encoders(col, ["harbour"], encoder=short())
    assert (found.before, found.after) == ("short ffffffff 16", "long ffffffff 24")


def test_another_encoder_than_the_one_that_waits_is_refused(both: Path) -> None:
    with om.open(both, mode="r", encoder=short()) as col:
        with pytest.raises(om.errors.SpaceMismatchError):
            om.compare_encoders(col, ["a"], encoder=om.Encoder(Tiny("third", 8)))
