"""Who holds a collection open while its space changes asks and writes in one space at a time."""

from __future__ import annotations

import multiprocessing
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.errors import QueryError, SpaceMismatchError
from omnisearch.kept import KeptEncoder
from omnisearch.records import Hit
from omnisearch.remembered import origin_of
from omnisearch.storage import switching
from omnisearch.storage.manifest import Settings
from omnisearch.storage.store import Store
from tests.query.others import CUT, write_other

WORDS = "harbour lantern meadow violin glacier orchard thunder compass".split()
TEXTS = [
    f"{word} {WORDS[(3 * place + 1) % 8]} at night in the old town beside a {WORDS[place - 3]}"
    for place, word in enumerate(WORDS)
]
QUESTIONS = TEXTS[:3]
Answer = tuple[tuple[str, float], ...]
Answers = Mapping[str, tuple[Answer, Answer]]  # of each question, before and after


def items(count: int = len(TEXTS)) -> list[om.Item]:
    return [om.Item(f"item {place}", text=TEXTS[place]) for place in range(count)]


@dataclass(frozen=True)
class Place:
    """A collection of omni-mini, beside which one of another encoder is ready."""

    path: Path
    other: Path

    def begin(self, store: Store, dim: int = 384, count: int = len(TEXTS)) -> None:
        """Build the space of the other encoder."""
        encoder = om.Encoder.load(self.other, dim=dim)
        settings = Settings(dim, "cosine", "auto")
        origin = origin_of(encoder, str(self.other))
        with om.open(switching.begin(store, settings, origin), encoder=encoder) as scratch:
            scratch.add(items(count))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("spaces")
    place = Place(folder / "collection", write_other(folder / "other"))
    with om.open(place.path) as col:
        col.add(items())
        place.begin(store_of(col))
    return place


@pytest.fixture
def place(ready: Place, tmp_path: Path) -> Place:
    shutil.copytree(ready.path, tmp_path / "collection")
    return Place(tmp_path / "collection", ready.other)


def store_of(col: Collection) -> Store:
    return col._handle.for_changing()


def told(hits: Iterable[Hit]) -> Answer:
    return tuple((hit.id, round(hit.score or 0, 3)) for hit in hits)


def ask(col: Collection, question: str) -> Answer:
    return told(col.query(text=question, k=4, mode="vector"))


@pytest.fixture
def answers(place: Place, tmp_path: Path) -> Answers:
    """Ask copies of which one stays as it was and one is switched."""
    found: list[list[Answer]] = []
    for name in ("before", "after"):
        shutil.copytree(place.path, tmp_path / name)
        with om.open(tmp_path / name) as col:
            if name == "after":
                switching.switch(store_of(col))
            found.append([ask(col, question) for question in QUESTIONS])
    both = dict(zip(QUESTIONS, zip(*found, strict=True), strict=True))
    assert all(before != after for before, after in both.values())
    return both


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 300
    while not what():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def there_and_back(store: Store, asked: Sequence[int]) -> None:
    """Change the space and change it back, each time when answers came from the one that is."""
    for change, space in ((switching.switch, 0), (switching.rollback, 1), (switching.rollback, 0)):
        wait_for(more(asked, space))
        change(store)
    wait_for(more(asked, 1))


def more(asked: Sequence[int], space: int) -> Callable[[], bool]:
    """Tell whether there were some answers of a space since now."""
    before = asked[space]
    return lambda: asked[space] > before + 1


def test_threads_that_ask_meanwhile_get_answers_of_one_space(
    place: Place, answers: Answers
) -> None:
    stop, faults, asked = threading.Event(), list[str](), [0, 0]

    def ask_on(col: Collection) -> None:
        while not stop.is_set():
            for question, both in answers.items():
                found = ask(col, question)
                if found not in both:
                    faults.append(f"{question}: {found}, not one of {both}")
                asked[found == both[1]] += 1

    with om.open(place.path) as col:
        threads = [threading.Thread(target=ask_on, args=(col,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            there_and_back(store_of(col), asked)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert col.generation == 4
    assert faults == []


def _ask_on(path: Path, answers: Answers, results: multiprocessing.Queue[int | str]) -> None:
    """Ask until there is an end, as a process that only reads; tell the space of each answer."""
    try:
        with om.open(path, mode="r") as col:
            while not path.with_name("end").exists():
                for question, both in answers.items():
                    found = ask(col, question)
                    results.put(both.index(found))
    except Exception as error:  # whatever is raised is the finding
        results.put(f"{type(error).__name__}: {error}")


@pytest.mark.slow
def test_processes_that_ask_meanwhile_get_answers_of_one_space(
    place: Place, answers: Answers
) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int | str] = context.Queue()
    arguments = place.path, answers, results
    readers = [context.Process(target=_ask_on, args=arguments) for _ in range(2)]
    for reader in readers:
        reader.start()
    asked, faults = [0, 0], list[str]()

    def count() -> None:
        while (found := results.get()) != "end":
            if isinstance(found, str):
                faults.append(found)
            else:
                asked[found] += 1

    counting = threading.Thread(target=count)
    counting.start()
    try:
        with om.open(place.path) as col:
            there_and_back(store_of(col), asked)
    finally:
        place.path.with_name("end").touch()
        for reader in readers:
            reader.join()
        results.put("end")
        counting.join()
    assert faults == []


def test_an_encoder_that_was_given_is_refused_once_the_space_is_another(place: Place) -> None:
    given = om.Encoder.load()
    vector = given.encode(QUESTIONS[:1])[0]
    with om.open(place.path, encoder=given) as col:
        assert ask(col, QUESTIONS[0])[0][0] == "item 0"
        switching.switch(store_of(col))
        said = "holds vectors of other .* 384, not of omni-mini .* 384: open it with the encoder"
        for refused in (
            lambda: col.query(text=QUESTIONS[0]),
            lambda: col.query_batch([{"text": QUESTIONS[0]}]),
            lambda: col.search(vector),
            lambda: col.search_batch(vector[None]),
            lambda: col.add([om.Item("new", text="new")]),
            lambda: col.upsert(["new"], vector[None]),
        ):
            with pytest.raises(SpaceMismatchError, match=said):
                refused()
        assert col.count() == len(TEXTS)
        assert col.get(["item 0"])[0] is not None


def test_hits_and_cursors_of_the_space_before_go_on(place: Place) -> None:
    with om.open(place.path) as col:
        both = ask(col, QUESTIONS[0])
        hits = col.query(text=QUESTIONS[0], k=2, mode="vector")
        switching.switch(store_of(col))
        assert told(hits) == both[:2]
        assert [hit.snippet is None for hit in hits] == [False, False]
        more = col.query(text=QUESTIONS[0], k=2, mode="vector", cursor=hits.cursor)
        assert told(more) == both[2:]
        assert ask(col, QUESTIONS[0]) != both
        del hits, more
        col.compact()
    with om.open(place.path) as col, pytest.raises(QueryError, match="of generation 1, which is"):
        col.query(text=QUESTIONS[0], k=2, mode="vector", cursor="1.2.0123456789abcdef")


def test_who_wrote_before_goes_on_with_the_new_encoder(place: Place) -> None:
    with om.open(place.path) as col:
        assert col.encoder.name == "omni-mini"
        switching.switch(store_of(col))
        assert col.add([om.Item("new", text="an apple on a table")]) == 3
        assert col.encoder.name == "other"
        assert told(col.query(text="an apple on a table", k=1, mode="vector")) == (("new", 1.0),)
        switching.rollback(store_of(col))
        assert col.get(["new"]) == [None]
        assert col.encoder.name == "omni-mini"


def test_dimensions_may_differ(place: Place) -> None:
    with om.open(place.path) as col:
        store = store_of(col)
        switching.discard(store)
        place.begin(store, CUT)
        switching.switch(store)
        assert (col.dim, len(ask(col, QUESTIONS[0]))) == (CUT, 4)
        with pytest.raises(SpaceMismatchError, match=f"384 dimensions, .* has {CUT}"):
            col.search(np.ones(384, np.float32))
        switching.rollback(store)
        assert (col.dim, len(ask(col, QUESTIONS[0]))) == (384, 4)


def test_the_helper_asks_in_the_space_of_the_newest_generation(place: Place) -> None:
    kept = KeptEncoder()
    with kept.collection(place.path) as col:
        before = ask(col, QUESTIONS[1])
        with om.open(place.path) as writer:
            switching.switch(store_of(writer))
            assert ask(col, QUESTIONS[1]) == ask(writer, QUESTIONS[1]) != before
    with pytest.raises(SpaceMismatchError, match="not of omni-mini"):  # the client answers itself
        kept.collection(place.path)


@pytest.mark.slow
def test_who_follows_a_folder_goes_on_with_the_new_encoder(place: Place, tmp_path: Path) -> None:
    folder, stop = tmp_path / "folder", threading.Event()
    folder.mkdir()
    (folder / "one.txt").write_text(TEXTS[0])
    happened: list[om.WatchEvent] = []

    def follow() -> None:
        watch = {"on_event": happened.append, "stop": stop, "poll_s": 0.2}
        om.watch(place.path, folder, **watch)  # type: ignore[arg-type]

    def saw(kind: str) -> bool:
        return any(event.kind == kind for event in happened)

    thread = threading.Thread(target=follow)
    thread.start()
    wait_for(lambda: saw("ready"))
    with om.open(place.path) as col:
        switching.switch(store_of(col))
    (folder / "two.txt").write_text("an apple on a table")
    with om.open(place.path, mode="r") as col:
        wait_for(lambda: col.count() == len(TEXTS) + 2)  # one.txt is taken in again
    stop.set()
    thread.join()
    assert not saw("trouble")
    with om.open(place.path) as col:
        assert col.stats()["space"].startswith("other")
        hits = col.query(text="an apple on a table", k=1, mode="vector")
        assert [(hit.uri or "").rpartition("/")[2] for hit in hits] == ["two.txt"]
        assert told(hits)[0][1] == 1.0
