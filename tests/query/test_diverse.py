"""`diverse` and `follow`: what comes first, and what may come at all."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import omnisearch as om
from omnisearch.errors import QueryError
from omnisearch.query.following import names
from omnisearch.storage.words.stems import stem


def unit(*numbers: float) -> npt.NDArray[np.float32]:
    vector = np.array(numbers, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


@pytest.fixture
def col(tmp_path: Path) -> om.Collection:
    """Give three groups of rows that are nearly the same."""
    found = om.open(tmp_path / "c")
    bases: list[list[float]] = [[9, 4, 0, 0], [9, 0, 4.5, 0], [9, 0, 0, 5]]
    for group, base in enumerate(bases):
        rows = np.array([unit(*base[:3], base[3] + 0.02 * n) for n in range(5)])
        names = [f"{group}-{n}" for n in range(5)]
        found.add_vectors(names, rows, metadata=[{"group": group} for _ in names])
    return found


def asked(col: om.Collection, **given: object) -> list[str]:
    return col.query(vector=unit(1, 0, 0, 0), **given).ids  # type: ignore[arg-type]


def test_hits_differ_and_are_still_k(col: om.Collection) -> None:
    assert {name[0] for name in asked(col, k=3)} == {"0"}
    found = asked(col, k=3, diverse=True)
    assert found[0] == asked(col, k=1)[0]
    assert sorted(name[0] for name in found) == ["0", "1", "2"]
    assert asked(col, k=3, diverse=0.0) == asked(col, k=3)
    for count in (1, 7, 15, 40):
        assert len(set(asked(col, k=count, diverse=0.7))) == min(count, 15)
    assert sorted(asked(col, k=15, diverse=0.9)) == sorted(asked(col, k=15))


def test_pages_of_different_hits_follow_each_other(col: om.Collection) -> None:
    whole = asked(col, k=15, diverse=True)
    assert [*asked(col, k=4, diverse=True), *asked(col, k=4, offset=4, diverse=True)] == whole[:8]
    first = col.query(vector=unit(1, 0, 0, 0), k=4, diverse=True)
    again = col.query(vector=unit(1, 0, 0, 0), k=4, diverse=True, cursor=first.cursor)
    assert [*first.ids, *again.ids] == whole[:8]
    with pytest.raises(QueryError, match="of other options"):
        col.query(vector=unit(1, 0, 0, 0), k=4, cursor=first.cursor)


def test_different_hits_pass_the_filters(col: om.Collection) -> None:
    found = asked(col, k=6, diverse=True, where="group != 1")
    assert len(found) == 6 and {name[0] for name in found} == {"0", "2"}
    scores = dict(
        zip(asked(col, k=15), col.query(vector=unit(1, 0, 0, 0), k=15).scores, strict=True)
    )
    hits = col.query(vector=unit(1, 0, 0, 0), k=6, diverse=True)
    assert [scores[name] for name in hits.ids] == pytest.approx(hits.scores.tolist())


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan")])
def test_weights_that_make_no_sense(col: om.Collection, wrong: float) -> None:
    with pytest.raises(QueryError, match="diverse"):
        asked(col, diverse=wrong)


def test_types_of_the_options(col: om.Collection) -> None:
    with pytest.raises(TypeError, match="diverse"):
        asked(col, diverse="much")
    with pytest.raises(TypeError, match="follow"):
        asked(col, follow="yes")
    with pytest.raises(QueryError, match="follow with fuse='rrf'"):
        asked(col, follow=True, fuse="rrf")


def test_names_are_words_with_capitals_that_were_not_asked() -> None:
    said = "Clara Vogt sold the boat Dunlin in 2024, and Dunlin sank. X"
    assert names(said, {stem("clara"), stem("vogt")}) == ["dunlin"]
    assert names("", set()) == [] and names("nothing here", set()) == []


NOTES = {
    "sale": "Clara Vogt sold the boat Dunlin after the storm.",
    "place": "Dunlin: laid up at the mud basin, the hull is caulked.",
    "other": "Gannet: laid up at the iron ramp, the hull is caulked.",
    "third": "Walsh sold the boat Merganser after the storm.",
    **{f"filler-{n}": f"Soup number {n} of leek and potato, with bread." for n in range(12)},
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> om.Collection:
    found = om.open(tmp_path_factory.mktemp("following") / "c")
    found.add([om.Item(name, text=text) for name, text in NOTES.items()])
    return found


def test_a_name_in_a_good_hit_leads_on(notes: om.Collection) -> None:
    question = "Where does the boat lie that Clara Vogt sold?"
    plain = notes.query(question, k=16)
    led = notes.query(question, k=16, follow=True)
    assert sorted(plain.ids) == sorted(led.ids) and led.ids[0] == "sale"
    assert led.ids.index("place") < led.ids.index("other")
    before = {hit.id: hit.confidence or 0 for hit in plain}
    after = {hit.id: hit.confidence or 0 for hit in led}
    assert after["place"] > before["place"] and after["sale"] >= before["sale"] * 0.99


def test_what_a_filter_leaves_out_is_not_led_to(notes: om.Collection) -> None:
    question = "Where does the boat lie that Clara Vogt sold?"
    found = notes.query(question, k=16, follow=True, mode="words")
    assert "place" in found.ids
    assert notes.query(question, k=16, follow=True, modality="image").ids == []


def test_a_question_without_words_leads_nowhere(col: om.Collection) -> None:
    assert asked(col, k=5, follow=True) == asked(col, k=5)
