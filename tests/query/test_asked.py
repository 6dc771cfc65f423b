"""A question becomes vectors: weights, what leads away, stored ids, three ways to combine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.encoder.encoder import Encoder
from omnisearch.query.answer import answer
from omnisearch.query.asked import Asked, Asking, Decoded, asked
from omnisearch.query.given import given
from omnisearch.query.options import QueryOptions, Wish
from tests.encoder.test_encoder import Three

IDS = ["red", "green", "blue", "grey"]
VECTORS = [[1, 0, 0], [0, 2, 0], [0, 0, 3], [1, 1, 1]]
NONE: QueryOptions = {}


@pytest.fixture(scope="module")
def col(tmp_path_factory: pytest.TempPathFactory) -> Iterator[om.Collection]:
    with om.open(tmp_path_factory.mktemp("asked") / "collection") as opened:
        opened.add_vectors(IDS, np.array(VECTORS, np.float32))
        yield opened


def ask(col: om.Collection, *parts: Any, options: QueryOptions = NONE, **named: Any) -> Asked:
    now = col._need()
    known = {"x": [2.0, 0, 0], "y": [0, 3.0, 0], "z": [0, 0, 4.0]}
    asking = Asking(now, lambda: Encoder(Three(**known)), lambda part: Decoded((part,)))
    return asked(asking, given(list(parts), **named), Wish.of(options))


def close(found: Asked, *vectors: list[float]) -> None:
    wanted = np.array(vectors, np.float32)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-6)


def test_words_are_a_vector_and_words(col: om.Collection) -> None:
    found = ask(col, "x")
    close(found, [1, 0, 0])
    assert (found.words, found.modality, found.leave_out) == ("x", "text", frozenset())


def test_parts_are_added_by_their_weights(col: om.Collection) -> None:
    close(ask(col, "x", om.Text("y", weight=3.0)), [1, 3, 0])
    assert ask(col, "x", om.Text("y", weight=3.0)).words == "x y"


def test_a_negative_part_leads_away_and_gives_no_words(col: om.Collection) -> None:
    found = ask(col, "x", om.Text("y", weight=-0.5))
    close(found, [1, -0.5, 0])
    assert found.words == "x"


def test_a_picture_and_words_are_read_together(col: om.Collection) -> None:
    both = (om.Image(b"y"), "x")
    joint = ask(col, *both)
    assert (joint.modality, joint.words, joint.joint) == ("image", None, True)
    np.testing.assert_array_equal(
        joint.vectors, ask(col, *both, options={"combine": "joint"}).vectors
    )
    apart = ask(col, *both, options={"combine": "sum"})
    assert not np.allclose(joint.vectors, apart.vectors) and not apart.joint
    away = ask(col, *both, om.Image(b"z", weight=-0.5))
    assert away.joint
    close(away, joint.vectors[0] - [0, 0, 0.5])


def test_words_are_looked_for_beside_a_picture_that_leads_away(col: om.Collection) -> None:
    found = ask(col, "x", om.Image(b"y", weight=-0.5))
    assert (found.words, found.modality) == ("x", "text")
    assert ask(col, "x", om.Image(b"y"), om.Image(b"z", weight=-0.5)).words is None


def test_ranks_keep_wanted_parts_apart_with_their_weights(col: om.Collection) -> None:
    parts = ("x", om.Text("y", weight=2.0), om.Text("z", weight=-1.0))
    found = ask(col, *parts, options={"combine": "rank"})
    close(found, [1, 0, -1], [0, 2, -1])
    assert found.weights.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("weight", [1e39, 1e-46, 10**300])
def test_ranks_count_by_shares_of_the_largest_weight(col: om.Collection, weight: float) -> None:
    parts = (om.Text("x", weight=weight), om.Text("y", weight=weight))
    assert ask(col, *parts, options={"combine": "rank"}).weights.tolist() == [1.0, 1.0]


def test_stored_ids_ask_and_are_left_out(col: om.Collection) -> None:
    found = ask(col, like="green")
    close(found, [0, 1, 0])
    assert found.leave_out == {"green"}
    moved = ask(col, "x", more=["green"], less="blue")
    close(moved, [1, 1, -0.25])
    assert moved.leave_out == {"green", "blue"}


def test_a_vector_asks_alone_or_beside_words(col: om.Collection) -> None:
    close(ask(col, vector=[0, 0, 5]), [0, 0, 1])
    close(ask(col, "x", vector=[0, 0, 5]), [1, 0, 1])


def test_mode_decides_what_is_made(col: om.Collection) -> None:
    words = ask(col, "x", options={"mode": "words"})
    assert (words.vectors.shape, words.words) == ((0, 3), "x")
    assert ask(col, "x", options={"mode": "vector"}).words is None


def test_words_beside_a_picture_are_looked_up_where_they_are_quoted(col: om.Collection) -> None:
    assert given([om.Image(b"y"), "x"]).parts[1].weight == 1
    quoted = ask(col, om.Image(b"y"), '"x"', options={"mode": "words"})
    assert quoted.words == '"x"'


@pytest.mark.parametrize(
    ("parts", "named", "message"),
    [
        ((), {}, "the question is empty: give words, a file, an id or a vector"),
        (("",), {}, "a text of the question has no words"),
        (("  \n",), {}, "a text of the question has no words"),
        ((), {"text": []}, "the question is empty"),
        ((), {"image": ""}, "the image of the question has no name"),
        ((om.Text("x", weight=-1.0),), {}, "every part of the question leads away"),
        ((), {"less": "blue"}, "every part of the question leads away"),
        ((), {"like": ""}, "like is empty"),
        ((), {"like": "nothing"}, "like='nothing' is not a stored id"),
        (("x", om.Text("x", weight=-1.0)), {}, "take each other away: change a weight"),
        ((), {"vector": [np.nan, 0, 0]}, "query"),
    ],
)
def test_what_is_no_question_is_said(
    col: om.Collection, parts: tuple[Any, ...], named: dict[str, Any], message: str
) -> None:
    with pytest.raises(om.errors.QueryError, match=message):
        ask(col, *parts, **named)


@pytest.mark.parametrize("weight", [0, float("nan"), float("inf")])
def test_impossible_weights_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="any finite number but 0"):
        om.Text("x", weight=weight)


def test_what_cannot_be_read_together_is_refused_where_that_was_asked_for(
    col: om.Collection,
) -> None:
    joint: QueryOptions = {"combine": "joint"}
    for parts in (("x", om.Text("y", weight=2.0)), (om.Image(b"x"), om.Image(b"y"), "x")):
        with pytest.raises(om.errors.QueryError, match="three does not read these parts together"):
            ask(col, *parts, options=joint)
    stored: tuple[dict[str, Any], ...] = (
        {"like": "green"},
        {"more": "green"},
        {"less": "green"},
        {"vector": [0, 0, 5]},
    )
    for named in stored:
        with pytest.raises(om.errors.QueryError, match="three does not read these parts together"):
            ask(col, "x", options=joint, **named)
    for several in ({"like": ["red", "green"]}, {"more": "red", "vector": [0, 0, 5]}):
        with pytest.raises(om.errors.QueryError, match="stored ids and vectors are not read, give"):
            ask(col, options=joint, **several)
    close(ask(col, "x", options=joint), [1, 0, 0])
    close(ask(col, like="green", options=joint), [0, 1, 0])
    assert ask(col, om.Image(b"y"), "x", more="green", options=joint).joint


def test_a_modality_that_the_encoder_lacks_is_named(col: om.Collection) -> None:
    with pytest.raises(om.errors.PartError, match="three does not read audio, only text, image"):
        ask(col, om.Audio((np.zeros(16_000, np.float32), 16_000)))


def test_words_alone_need_words(col: om.Collection) -> None:
    with pytest.raises(om.errors.QueryError, match="the question has none: give a text"):
        ask(col, like="red", options={"mode": "words"})


def test_parts_come_alone_or_as_lists() -> None:
    frame = np.zeros((8, 8, 3), np.uint8)
    found = given(["x"], text=["y", om.Text("z")], image=[frame, "a.jpg"], video=[frame, frame])
    assert [part.modality for part in found.parts] == [*["text"] * 3, *["image"] * 2, "video"]
    assert [part.modality for part in given(om.Row("x", om.Image(frame))).parts] == [
        "text",
        "image",
    ]
    assert len(given(video=["a.mp4", om.Video("b.mp4")]).parts) == 2
    assert len(given(audio=(np.zeros(16, np.float32), 16_000)).parts) == 1


def test_what_is_no_part_is_a_type_error(col: om.Collection) -> None:
    with pytest.raises(TypeError, match="int is no part"):
        ask(col, 5)
    with pytest.raises(TypeError, match="query takes no 'picture'"):
        ask(col, picture="a.jpg")
    for like in (5, [5]):
        with pytest.raises(TypeError, match="like is 5"):
            ask(col, like=like)
    with pytest.raises(TypeError, match="weight is 'x': a number"):
        om.Text("x", weight="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="more digits than are read"):
        om.Text("x", weight=10**400)
    with pytest.raises(ValueError, match="box is 'x'"):
        om.Image(b"x", box="x")  # type: ignore[arg-type]


def test_words_alone_say_what_they_leave_out(col: om.Collection) -> None:
    words: QueryOptions = {"mode": "words"}
    assert ask(col, "x", options=words).remarks == ()
    for parts in (("x", om.Image(b"y")), ("x", om.Text("y", weight=-1.0))):
        (remark,) = ask(col, *parts, options=words).remarks
        assert remark.endswith("all else of the question is left out")


def test_batches_take_texts_and_dicts(col: om.Collection) -> None:
    assert [hits.ids for hits in col.query_batch([{"like": "red", "k": 1}], k=3)] == [["grey"]]
    for questions, message in (("dog", "questions is no list"), ([5], "question 0 is int")):
        with pytest.raises(TypeError, match=message):
            col.query_batch(questions)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="did you mean text"):
        col.query_batch([{"texts": "cat"}])


def test_what_is_wrong_in_a_batch_is_named_by_its_number(col: om.Collection) -> None:
    with pytest.raises(om.errors.QueryError, match=r"^question 1: k is 0: give 1 or more"):
        col.query_batch([{"like": "red"}, {"like": "red", "k": 0}])
    with pytest.raises(TypeError, match=r"^question 1: query has no option 'lik'"):
        col.query_batch([{"like": "red"}, {"lik": "red"}])
    with om.open(col.path / "words", encoder=Encoder(Three(x=[2.0, 0, 0]))) as words:
        words.add([om.Item("a", text="x")])
        with pytest.raises(om.errors.QueryError, match=r"^question 1: a text of the question has"):
            words.query_batch([{"text": "a"}, {"text": ""}])
        with pytest.raises(om.errors.PartError, match=r"^question 2: .*nobody knows it") as caught:
            words.query_batch([{"text": one} for one in ("a", "x", "bad")])
        assert caught.value.place == 0


class Windows:
    """Takes a picture for something long: two windows of it."""

    def __call__(self, part: Any) -> Decoded:
        return Decoded((om.Text("x", weight=part.weight), om.Text("y", weight=part.weight)))


def long(col: om.Collection, *parts: Any, options: QueryOptions = NONE, **named: Any) -> Asked:
    known = {"x": [2.0, 0, 0], "y": [0, 3.0, 0], "z": [0, 0, 4.0]}
    asking = Asking(col._need(), lambda: Encoder(Three(**known)), Windows())
    return asked(asking, given(list(parts), **named), Wish.of(options))


def test_windows_of_what_is_long_are_looked_for_one_by_one(col: om.Collection) -> None:
    found = long(col, om.Audio(b"long"))
    close(found, [1, 0, 0], [0, 1, 0])
    assert found.windows
    beside = long(col, om.Audio(b"long"), om.Text("z", weight=-1.0))
    close(beside, [1, 0, -1], [0, 1, -1])
    assert not ask(col, "x").windows


def test_two_long_parts_are_each_taken_as_a_whole(col: om.Collection) -> None:
    found = long(col, om.Audio(b"long"), om.Audio(b"other"))
    close(found, [1, 1, 0])
    assert not found.windows


def test_an_item_is_found_by_what_each_window_finds_in_it(tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("windows") / "collection"
    with om.open(path, encoder=Encoder(Three(x=[2.0, 0, 0], y=[0, 3.0, 0]))) as col:
        col.add_vectors(["half", "other"], np.array([[1, 0.1, 0], [0, 1, 0.5]], np.float32))
        query = Asked(
            np.eye(3, dtype=np.float32)[:2], np.ones(2, np.float32), "text", None, windows=True
        )
        hits = answer(col._need(), query, Wish(k=2), None)
        assert hits.ids == ["half", "other"]
        np.testing.assert_allclose(hits.scores, [0.995, 0.894], atol=2e-3)
