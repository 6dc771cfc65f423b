"""What a context holds: the answer, each thing once, within the budget, with places that exist."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from tests.context.conftest import BREAD


def names(found: om.Context) -> list[str]:
    return [unquote((one.uri or one.item).rpartition("/")[2]) for one in found.citations]


def test_the_answer_comes_first_with_its_place(col: om.Collection, folder: Path) -> None:
    found = col.context("When do I oil the chain?")
    first = found.parts[0]
    assert first.text == "Oil the chain in spring."
    assert first.citation.uri == (folder / "manual.pdf").as_uri()
    assert isinstance(first.citation.span, om.PageSpan) and first.citation.span.page == 2
    assert found.text().count('[1] document, "manual.pdf", page 2') == 1
    assert [one.number for one in found.citations] == [*range(1, len(found.parts) + 1)]


def test_every_citation_exists(col: om.Collection) -> None:
    for question in ("bread", "a red circle", "the bridge in 1742", "a shoe"):
        for one in col.context(question).citations:
            details = col.details(one.id)
            assert details is not None and details.hit.item == one.item
            if one.uri is not None:
                assert Path(unquote(one.uri.removeprefix("file://"))).is_file()


@pytest.mark.parametrize("budget", [60, 100, 130, 200, 400, 1000, 4000])
def test_it_stays_within_its_budget(col: om.Collection, budget: int) -> None:
    found = col.context("How is bread made, and who mended the bridge?", budget_tokens=budget)
    assert found.tokens <= budget
    if found.parts:
        pictures = sum(part.tokens for part in found.parts if part.shown)
        assert col.encoder.tokens(found.text()) <= found.tokens <= budget
        spare = 8 * len(found.parts)  # marks and names that might have been longer
        assert found.tokens <= col.encoder.tokens(found.text()) + pictures + spare


def test_a_budget_without_room_is_said(col: om.Collection) -> None:
    found = col.context("bread", budget_tokens=3)
    assert not found.parts and found.tokens == 0
    assert found.remarks == (
        "no source fits into 3 tokens beside the rules of reading them: give more",
    )


def test_of_a_passage_that_is_too_long_the_part_is_taken_that_was_asked_for(
    col: om.Collection,
) -> None:
    found = col.context("Who mended the bridge in 1755?", budget_tokens=180, max_media=0)
    assert "In the year 1755 the bridge was mended by mason 55." in found.parts[0].text
    assert "…" in found.parts[0].text


def test_what_is_said_twice_is_given_once(col: om.Collection) -> None:
    found = col.context("How is bread made?")
    assert sum("flour" in part.text for part in found.parts) == 1


def test_passages_that_follow_each_other_are_one(col: om.Collection) -> None:
    found = col.context("the bridge was mended by a mason", k=30, path="**/bridge.txt")
    spans = [one.span for one in found.citations]
    assert len(spans) == 1 and spans[0] is not None
    assert isinstance(spans[0], om.TextSpan) and spans[0].end - spans[0].start > 2_000


def test_an_item_takes_no_more_than_its_share_while_others_wait(col: om.Collection) -> None:
    found = col.context("the bridge was mended, and bread", k=30, budget_tokens=700, max_media=0)
    bridge = sum(part.tokens for part in found.parts if "mason" in part.text)
    assert 0 < bridge < 450 and len(found.parts) > 1


def test_pictures_are_shown_as_far_as_they_are_wanted(col: om.Collection) -> None:
    found = col.context("a red circle")
    shown = [part for part in found.parts if part.shown]
    assert names(found)[0] == "a.png" and len(shown) == 2
    image = Image.open(io.BytesIO(shown[0].image or b""))
    assert image.format == "JPEG" and image.size == (448, 336)
    assert shown[0].tokens >= 16 * 12  # a token for each 28 by 28 pixels
    assert [part.shown for part in col.context("a red circle", max_media=1).parts].count(True) == 1
    assert "a.png" not in names(col.context("a red circle", max_media=0))


def test_a_picture_whose_file_is_gone_is_left_out(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "files"
    copy.mkdir()
    (copy / "c.png").write_bytes((folder / "a.png").read_bytes())
    with om.open(tmp_path / "col") as col:
        col.ingest(copy, jobs=1)
        found = col.context("a red circle")
        (copy / "c.png").unlink()
        assert found.parts[0].shown and found.parts[0].image is None
        (_, asked) = found.messages()
        assert asked["content"] == f"Question: a red circle\n\nSources:\n\n{found.parts[0].quoted}"


def test_messages_are_those_of_a_chat(col: om.Collection) -> None:
    found = col.context("a red circle", budget_tokens=1000)
    rules, asked = found.messages()
    assert rules == {"role": "system", "content": found.rules}
    question, source, picture, *_ = asked["content"]
    assert question == {"type": "text", "text": "Question: a red circle\n\nSources:"}
    assert source == {"type": "text", "text": found.parts[0].quoted}
    head, coded = picture["image_url"]["url"].split(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(coded) == found.parts[0].image
    (_, other) = col.context("a shoe", max_media=0).messages("What is worn?")
    assert other["content"].startswith("Question: What is worn?\n\nSources:\n\n[1] ")


def test_columns_of_users_are_quoted_with_a_record(col: om.Collection) -> None:
    found = col.context("a sturdy shoe", where="price = 40")
    assert found.parts[0].text == (
        'A sturdy shoe for long walks.\n{"price": 40, "colour": "green"}'
    )
    assert found.citations[0].uri is None and found.citations[0].item == "shoe/1"


def test_tokens_are_counted_as_the_user_says(col: om.Collection) -> None:
    found = col.context(
        "How is bread made?", budget_tokens=90, tokens=lambda text: len(text.split())
    )
    assert found.tokens == len(found.text().split()) <= 90
    with pytest.raises(TypeError, match="tokens is 7: what gives the number"):
        col.context("bread", tokens=7)  # type: ignore[arg-type]


def test_an_empty_collection_has_no_parts(tmp_path: Path) -> None:
    with om.open(tmp_path / "col") as col:
        col.add([om.Item("a", text="a")])
        col.delete(["a"])
        found = col.context("bread")
    assert not found.parts and found.tokens == 0 and found.citations == ()
    assert found.remarks[0].startswith("nothing is stored yet")


def test_vectors_of_users_have_columns_alone(tmp_path: Path) -> None:
    with om.open(tmp_path / "col") as col:
        col.add_vectors(["a", "b"], np.eye(2, 4), metadata=[{"says": "Take the tram."}, {}])
        found = col.context(vector=np.eye(1, 4)[0], budget_tokens=2000)
    assert [part.text for part in found.parts] == ['{"says": "Take the tram."}']
    assert len(found.text().encode()) <= found.tokens <= len(found.text().encode()) + 8
    with pytest.raises(om.errors.QueryError, match="nothing is asked in words"):
        found.messages()


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"budget_tokens": 0}, "budget_tokens is 0: give 1 to 1,000,000"),
        ({"max_media": -1}, "max_media is -1: give 0 to 1,000"),
        ({"like": "nobody"}, "'nobody' is not a stored id"),
    ],
)
def test_what_cannot_be_asked_is_said(
    col: om.Collection, wrong: dict[str, object], fault: str
) -> None:
    with pytest.raises(om.errors.QueryError, match=fault):
        col.context("bread", **wrong)  # type: ignore[arg-type]


def test_it_takes_the_options_of_a_query(col: om.Collection) -> None:
    with pytest.raises(TypeError, match="query has no option 'pth': did you mean path"):
        col.context("bread", pth="x")  # type: ignore[call-arg]
    assert set(names(col.context("bread", path="**/bread*"))) <= {"bread.txt", "bread copy.txt"}
    assert BREAD.split(",")[0] in col.context("bread", modality="text").text()
