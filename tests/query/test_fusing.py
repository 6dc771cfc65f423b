import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisearch.query.fusing import Evidence, among, bound, by_ranks, fuse, least_alone

NONE = float("nan")
ODDS = st.floats(-20, 20, width=32)
VIEW = st.one_of(st.just(NONE), ODDS)
SAID = st.floats(0, 10, width=32)
SEGMENTS = st.lists(st.tuples(VIEW, VIEW, SAID), min_size=1, max_size=8)


def evidence(*segments: tuple[float, float, float], most: float = 10.0) -> Evidence:
    content, words, bm25 = np.array(segments, np.float32).T
    return Evidence(content, words, bm25, most, ["image"] * len(content))


def test_what_is_only_seen_is_as_sure_as_it_looks() -> None:
    seen = [(2.0, NONE, 0.0), (-7.5, NONE, 0.0)]
    assert fuse(evidence(*seen)).tolist() == [2.0, -7.5]
    assert fuse(evidence(*seen, most=0.0)).tolist() == [2.0, -7.5]


def test_words_that_say_something_else_take_little() -> None:
    (found,) = fuse(evidence((2.0, -15.0, 0.0)))
    assert found == 1.0


def test_both_views_together_are_surer_than_either() -> None:
    both, seen, read = fuse(evidence((2.0, 2.0, 0.0), (2.0, NONE, 0.0), (NONE, 2.0, 0.0)))
    assert both == pytest.approx(1.8)
    assert read == pytest.approx(1.0)
    high, *alone = fuse(evidence((5.0, 5.0, 0.0), (5.0, NONE, 0.0), (NONE, 5.0, 0.0)))
    assert high > max(alone)
    assert seen == 2.0


def test_nearly_all_words_count_more_than_some() -> None:
    none, some, most = fuse(evidence((NONE, 0.0, 0.0), (NONE, 0.0, 2.0), (NONE, 0.0, 6.0)))
    assert some - none == pytest.approx(0.48)
    assert most - none == pytest.approx(4.32)


def test_without_vectors_words_alone_order() -> None:
    found = fuse(evidence((NONE, NONE, 1.0), (NONE, NONE, 7.0)))
    assert found.tolist() == pytest.approx([-4.35, 2.85])


def test_a_page_counts_by_its_better_view() -> None:
    seen, read = (np.array(odds, np.float32) for odds in ([2.0, -9.0], [-9.0, 2.0]))
    page = Evidence(seen, read, np.zeros(2, np.float32), 10.0, ["document"] * 2)
    assert fuse(page).tolist() == pytest.approx([2.0, 1.0])


def test_a_medium_asks_for_what_is_nearer_by_either_view() -> None:
    seen, read = (np.array(odds, np.float32) for odds in ([2.0, -9.0], [-9.0, 3.0]))
    asked = Evidence(seen, read, np.zeros(2, np.float32), 0.0)
    assert fuse(asked).tolist() == [2.0, 3.0]


def test_where_words_do_not_ask_none_are_missed() -> None:
    asked, unasked = (fuse(evidence((NONE, 1.0, 0.0), most=most)) for most in (10.0, 0.0))
    assert asked[0] == pytest.approx(0.1)
    assert unasked[0] == pytest.approx(0.7)


@given(SEGMENTS, st.integers(0, 2), st.floats(0, 5, width=32))
def test_more_evidence_is_never_less_sure(
    segments: list[tuple[float, float, float]], which: int, more: float
) -> None:
    nearer = [tuple(v + more * (at == which) for at, v in enumerate(one)) for one in segments]
    before, after = fuse(evidence(*segments)), fuse(evidence(*nearer))  # type: ignore[arg-type]
    assert (after >= before - 1e-5).all()


@given(SEGMENTS)
def test_the_order_of_segments_changes_nothing(
    segments: list[tuple[float, float, float]],
) -> None:
    order = np.random.default_rng(len(segments)).permutation(len(segments))
    found = fuse(evidence(*segments))
    again = fuse(evidence(*[segments[at] for at in order]))
    np.testing.assert_array_equal(found[order], again)


@given(VIEW, VIEW, SAID, st.tuples(*[st.floats(0, 9, width=32)] * 3), st.integers(1, 3))
def test_nothing_farther_is_above_the_bound(
    seen: float, read: float, said: float, less: tuple[float, float, float], views: int
) -> None:
    content = seen - less[0] if views & 1 else NONE
    words = read - less[1] if views & 2 else NONE
    limit = bound(evidence((seen, read, said)))[0]
    if not np.isnan([content, words]).all():
        found = fuse(evidence((content, words, max(0.0, said - less[2]))))[0]
        assert found <= limit + 1e-4


def sure(*odds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(odds, np.float32)


def test_surer_hits_of_a_kind_leave_less_to_the_next() -> None:
    found = among(sure(0.0, 0.0, 0.0), ["image", "image", "image"])
    assert found.tolist() == pytest.approx([0.0, -1.25 * 0.5 / 0.8, -1.25 * 1 / 1.3])
    many = among(np.zeros(500, np.float32), ["image"] * 500)
    assert many[-1] == pytest.approx(-1.25, abs=0.01)


def test_hits_of_other_kinds_pages_and_moments_of_one_item_take_nothing() -> None:
    assert among(sure(1.0, 0.5), ["image", "text"]).tolist() == [1.0, 0.5]
    assert among(sure(1.0, 1.0), ["document"] * 2).tolist() == [1.0, 1.0]
    assert among(sure(1.0, 0.5), ["audio"] * 2, ["a", "a"]).tolist() == [1.0, 0.5]
    apart = among(sure(1.0, 0.5, 0.2), ["audio"] * 3, ["a", "a", "b"])
    assert apart[2] == pytest.approx(0.2 - 1.25 * 0.731 / 1.031, abs=1e-3)


def test_a_picture_with_words_has_a_line_of_its_own_among_pictures() -> None:
    found = among(sure(0.5, 0.0, -1.0), ["audio", "image", "image"], joint="image")
    assert found[:2].tolist() == [0.5, 0.5]  # 2.0, but nothing is surer than what stands above it
    assert found[2] == pytest.approx(2.0 - 1.3 - 1.25 * 0.881 / 1.181, abs=1e-3)
    assert least_alone(2.0, "image") == 0.0
    assert least_alone(9.0, "image") == pytest.approx(7 / 1.3)
    assert (least_alone(-9.0, "image"), least_alone(2.0, None)) == (-9.0, 2.0)


def test_none_is_surer_than_what_stands_above_it() -> None:
    found = among(sure(2.0, 1.9, 1.8), ["image", "image", "document"])
    assert found[1] < 1 and found[2] == found[1]
    assert among(sure(), []).tolist() == []


@given(st.lists(st.tuples(ODDS, st.sampled_from(["image", "text", "document", None])), max_size=9))
def test_what_follows_changes_nothing(hits: list[tuple[float, str | None]]) -> None:
    hits = sorted(hits, key=lambda hit: -hit[0])
    odds, kinds = sure(*(one for one, _ in hits)), [kind for _, kind in hits]
    whole = among(odds, kinds)  # type: ignore[arg-type]
    for count in range(len(hits)):
        some = among(odds[:count], kinds[:count])  # type: ignore[arg-type]
        np.testing.assert_array_equal(some, whole[:count])


def test_ranks_are_the_mean_of_the_lists_that_a_segment_could_be_in() -> None:
    found = evidence((3.0, NONE, 0.0), (2.0, 1.0, 5.0), (NONE, 2.0, 0.0))
    ranked = by_ranks(found, np.zeros(3, np.uint8))
    expected = [1 / 61, (1 / 62 + 1 / 62 + 1 / 61) / 3, 1 / 61 / 2]
    assert ranked.tolist() == pytest.approx(expected)


def test_ranks_are_those_of_a_kind() -> None:
    found = evidence((-7.0, NONE, 0.0), (2.0, NONE, 0.0), (1.0, NONE, 0.0), most=0.0)
    ranked = by_ranks(found, np.array([1, 2, 2], np.uint8))
    assert ranked.tolist() == pytest.approx([1 / 61, 1 / 61, 1 / 62])


def test_ranks_beyond_a_depth_do_not_count() -> None:
    found = evidence((3.0, NONE, 0.0), (2.0, NONE, 4.0), (1.0, NONE, 5.0))
    ranked = by_ranks(found, np.zeros(3, np.uint8), 1)
    assert ranked.tolist() == pytest.approx([1 / 61, 0.0, 1 / 61 / 2])
