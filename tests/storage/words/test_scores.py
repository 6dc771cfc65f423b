"""BM25 over shards and tail is what the formula says of all rows together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from omnisearch.storage import changes, compaction, maintenance
from omnisearch.storage.batch import Segments
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.origin import Origin
from omnisearch.storage.store import Store
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.building import build, merge, without
from omnisearch.storage.words.postings import Postings
from omnisearch.storage.words.scoring import Totals
from tests.storage.words.oracle import bm25

WORDS = "red green blue shoe shoes beach on the dog dogs 東京都 京都 running runs".split()
ROWS = 60


def texts(seed: int = 3, rows: int = ROWS) -> list[str | None]:
    random = np.random.default_rng(seed)
    drawn = [" ".join(random.choice(WORDS, random.integers(1, 14))) for _ in range(rows)]
    phrases = ["", " on the beach", " red dog the the the"]
    return [None if n % 9 == 4 else one + phrases[n % 3] * (n % 2) for n, one in enumerate(drawn)]


def segments(said: list[str | None], first: int = 0) -> Segments:
    ids = [f"row {n}" for n in range(first, first + len(said))]
    metadata = [{"segment.words": one} if one else {} for one in said]
    kinds = ["words"] * len(said), ["text"] * len(said)
    return Segments(ids, ids, *kinds, np.ones((len(said), 4), "f4"), metadata)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    handle = Handle(tmp_path / "c", Options())
    yield handle.for_encoding(Origin("toy 0 4", 4, dict))
    handle.drop()


def fill(store: Store, said: list[str | None]) -> None:
    """One shard, one chunk and some loose rows."""
    for first, last, then in ((0, 20, maintenance.seal), (20, 37, _freeze), (37, 48, None)):
        store.write(changes.keeping(segments(said[first:last], first)))
        if then:
            then(store)
    for n in range(48, len(said)):
        store.write(changes.keeping(segments(said[n : n + 1], n)))
        store.reading().words.scores(ask("red"))


def _freeze(store: Store) -> None:
    with store.lock:
        store.state.freeze()
        store.show(store.state.generation)


STATES: dict[str, Callable[[Store], object]] = {
    "as it came": lambda store: None,
    "sealed": maintenance.seal,
    "compacted": lambda store: (
        maintenance.seal(store),
        maintenance.compact(store, compaction.everything),
    ),
}
QUESTIONS: dict[str, tuple[str, list[str], list[tuple[str, ...]]]] = {
    "one word": ("dog", ["dog"], []),
    "three words": ("red dog beach", ["red", "dog", "beach"], []),
    "nowhere": ("zebra red", ["zebra", "red"], []),
    "a phrase": ('"on the beach"', [], [("on", "the", "beach")]),
    "a phrase and a word": ('"red dog" shoe', ["shoe"], [("red", "dog")]),
    "two phrases": ('"red dog" "the the"', [], [("red", "dog"), ("the", "the")]),
    "pairs": ("京都", ["京都"], []),
}


def found(now: Generation, question: str, allow: np.ndarray | None = None) -> dict[int, float]:
    ranked = now.words.scores(ask(question), allow)
    assert list(ranked.scores) == sorted(ranked.scores, reverse=True)
    names = [int(now.id_at(at).split()[1]) for at in ranked.positions.tolist()]
    return dict(zip(names, ranked.scores.tolist(), strict=True))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_those_of_the_formula(store: Store, state: str, question: str) -> None:
    said = texts()
    fill(store, said)
    STATES[state](store)
    asked, words, phrases = QUESTIONS[question]
    wanted = bm25(said, words, phrases)
    assert found(store.reading(), asked) == pytest.approx(wanted, rel=1e-4)
    assert wanted


@pytest.mark.parametrize("state", STATES)
def test_a_word_is_said_where_a_row_says_it(store: Store, state: str) -> None:
    said: list[str | None] = [f"{one or ''} word{n}" for n, one in enumerate(texts())]
    fill(store, said[:-1])
    before = store.reading()
    store.write(changes.keeping(segments(said[-1:], ROWS - 1)))
    STATES[state](store)
    for term in ("red", "dog", "zebra", *(f"word{n}" for n in range(ROWS + 1))):
        for now, rows in ((before, said[:-1]), (store.reading(), said)):
            there = any(term in (row or "").split() for row in rows)
            assert now.words.says(term) == there == (len(now.words.saying(term)) > 0)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_filter_only_takes_rows_away(store: Store, question: str, share: float) -> None:
    fill(store, texts())
    now = store.reading()
    asked = QUESTIONS[question][0]
    allow = np.random.default_rng(1).random(now.rows) < share
    every = found(now, asked)
    assert found(now, asked, allow) == {row: s for row, s in every.items() if allow[row]}


def test_the_best_are_the_best_and_ties_keep_their_order(store: Store) -> None:
    fill(store, ["red dog"] * 10 + texts() + ["red dog"] * 5)
    words = store.reading().words
    every = words.scores(ask("red dog"))
    for most in (1, 3, 12, 50, 1000):
        some = words.scores(ask("red dog"), most=most)
        assert some.positions.tolist() == every.positions.tolist()[:most]
    equal = np.flatnonzero(every.scores == every.scores[0])
    assert (np.diff(every.positions[equal]) > 0).all()


def test_forms_of_a_word_are_one_word_if_asked(store: Store) -> None:
    fill(store, ["the dog runs", "dogs running home", "a cat", *texts()])
    now = store.reading()
    plain = now.words.scores(ask("dog run"))
    forms = now.words.scores(ask("dog run", stems=True))
    assert set(plain.positions.tolist()) < set(forms.positions.tolist())
    assert {0, 1} <= set(forms.positions.tolist())
    phrase = now.words.scores(ask('"dogs run"', stems=True)).positions.tolist()
    assert {0, 1} <= set(phrase)


def test_a_single_character_is_found_wherever_it_stands(store: Store) -> None:
    fill(store, ["猫が好き", "大きな猫", "犬", *texts()])
    words = store.reading().words
    assert set(words.scores(ask("猫")).positions.tolist()) == {0, 1}
    assert set(words.scores(ask("き")).positions.tolist()) == {0, 1}
    assert words.scores(ask('"好き"')).positions.tolist() == [0]


def test_deleted_rows_and_twins_are_not_found(store: Store) -> None:
    ids = ["a#0", "a#0~words", "b#0"]
    metadata = [{"segment.words": "red dog"}] * 3
    views = ["content", "words", "content"]
    rows = Segments(ids, ["a", "a", "b"], views, ["image"] * 3, np.ones((3, 4), "f4"), metadata)  # type: ignore[arg-type]
    store.write(changes.keeping(rows))
    now = store.reading()
    assert [now.id_at(at) for at in now.words.scores(ask("red")).positions] == ["a#0~words", "b#0"]
    store.write(changes.keeping(None, gone=["b#0"]))
    now = store.reading()
    assert now.words.scores(ask("red"), now.shown).positions.tolist() == [1]
    maintenance.compact_whole(store)
    now = store.reading()
    assert now.words.scores(ask("red")).positions.tolist() == [1]


@pytest.mark.parametrize("state", STATES)
def test_what_is_deleted_makes_no_word_more_common(store: Store, state: str) -> None:
    said = texts()
    fill(store, said)
    STATES[state](store)
    before = store.reading()
    gone = {2, 3, 21, 30, 40, 50, 59}
    store.write(changes.keeping(None, gone=[f"row {n}" for n in gone]))
    store.write(changes.keeping(segments(["dog dog dog"] * 5, ROWS)))
    living = [None if n in gone else one for n, one in enumerate(said)] + ["dog dog dog"] * 5
    late = found(before, "red dog beach")  # asked for when more had come
    assert late == pytest.approx(bm25(said, ["red", "dog", "beach"]), rel=1e-4)
    now = store.reading()
    scores = found(now, "red dog beach", now.shown)
    assert scores == pytest.approx(bm25(living, ["red", "dog", "beach"]), rel=1e-4)
    maintenance.compact_whole(store)
    assert found(store.reading(), "red dog beach") == scores


def same(one: Postings, other: Postings) -> bool:
    names = ("lengths", "starts", "rows", "counts", "firsts", "places")
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
    return arrays and list(one.terms) == list(other.terms)


def test_merged_postings_are_those_of_the_texts_together() -> None:
    said = texts(rows=200)
    parts = [build(said[at : at + 41]) for at in range(0, 200, 41)]
    assert same(merge(parts), build(said))
    keep = np.random.default_rng(2).random(200) < 0.6
    kept = [text for text, stays in zip(said, keep, strict=True) if stays]
    assert same(without(build(said), keep), build(kept))
    none = np.zeros(200, bool)
    assert same(without(build(said), none), build([]))
    assert same(merge([build([None] * 3), build(said)]), build([None, None, None, *said]))


def test_readers_find_every_row_of_their_generation_while_more_come(store: Store) -> None:
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            now = store.reading()
            rows = now.words.scores(ask("common")).positions.tolist()
            if sorted(rows) != list(range(now.rows)):
                wrong.append(f"{len(rows)} of {now.rows} rows in generation {now.number}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    try:
        for n in range(60):
            store.write(changes.keeping(segments([f"common number {n}", "common"], 2 * n)))
            if n % 25 == 24:
                maintenance.seal(store)
            if n % 10 == 3:
                _freeze(store)
    finally:
        done.set()
        for thread in readers:
            thread.join()
    assert wrong == []
    last = store.reading().words
    assert [len(last.scores(ask(f"number {n}"), most=1).positions) for n in (0, 37, 59)] == [
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("rows", [1, 63, 5_000, 40_000])
def test_the_best_of_many_rows_are_those_of_sorting_all(rows: int, share: float) -> None:
    rng = np.random.default_rng(rows)
    scores = np.round(rng.gamma(2, 1, rows), 2) * (rng.random(rows) < share)  # with many ties
    order = np.lexsort((np.arange(rows), -scores))
    order = order[scores[order] > 0]
    for most in (1, 60, 700):
        found = Totals(scores.astype(np.float32), 1.0).best(most)
        assert found.positions.tolist() == order[:most].tolist()
        assert found.scores.tolist() == scores[order[:most]].astype(np.float32).tolist()
