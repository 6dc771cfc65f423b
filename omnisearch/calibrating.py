"""What cosines are worth in one collection: learnt behind its writer, read by whoever asks."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from omnisearch import sampling
from omnisearch.errors import OmnisearchError, QueryError
from omnisearch.storage import calibration, sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.origin import OWN_VECTORS

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.calibrator import Calibrator, Target
    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.protocol import Vectors
    from omnisearch.storage.handle import Handle
    from omnisearch.storage.store import Store

T = TypeVar("T")
Lend = Callable[["Generation"], "Encoder"]
_log = logging.getLogger(__name__)

_LEAST = 128  # rows of a kind: of fewer, which are much alike, more is known from what ships
_GROWTH = 1.1  # as many times the rows of a kind are worth a new look
_FEW = 16  # more rows, whatever the growth
_COVERED = 0.7  # of the sealed rows: others are looked at when they are found
_PAUSE_S = 1.0  # after a write, for others come behind it
_KEPT = 2  # that were learnt before, for lists that go on
_AT_ONCE = 16  # questions that are encoded between two looks whether to stop


class Learnt(NamedTuple):
    """A calibrator, and the number of what it was made of; 0 where only what ships is known."""

    calibrator: Calibrator
    number: int


class _Known(NamedTuple):
    """The calibrator of a generation, and of which file it was made.

    The states of a transaction share a number, so it is the object that counts.
    """

    generation: weakref.ref[Generation]
    stamp: int
    space: str
    learnt: Learnt


class Calibrating:
    """Keeps the calibrator of one collection."""

    def __init__(self, handle: Handle, lend: weakref.ref[Lend]) -> None:
        self._handle, self._lend = handle, lend
        self._known: _Known | None = None
        self._earlier: dict[int, Calibrator] = {}  # by number, the last few of one space
        self._looked_at = 0  # rows that were there when it was last learnt
        self._hurry, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def of(self, now: Generation, number: int | None = None) -> Learnt | None:
        """Give what holds for a generation; None where no encoder made the vectors.

        A list that goes on keeps what it began with, by its number, while this process knows it.
        """
        if now.sealed.manifest.space == OWN_VECTORS:
            return None
        newest = self._newest(now)
        if number is None or number == newest.number:
            return newest
        earlier = self._earlier.get(number)
        if earlier is None:
            raise QueryError(
                "what confidences go by was learnt anew since the list of this cursor began: ask "
                "again without a cursor"
            )
        return Learnt(replace(earlier, rows=_counts(now), scales={}), number)

    def _newest(self, now: Generation) -> Learnt:
        root = now.sealed.place.root
        stamp, space, known = calibration.stamp(root), now.sealed.manifest.space, self._known
        if known is not None and (known.stamp, known.space) != (stamp, space):
            self._keep(known.learnt if known.space == space else None)
            known = None
        if known is not None and known.generation() is now:
            return known.learnt
        calibrator, number = self._read(now) if known is None else known.learnt
        found = Learnt(replace(calibrator, rows=_counts(now), scales={}), number)
        self._known = _Known(weakref.ref(now), stamp, space, found)
        return found

    def _keep(self, old: Learnt | None) -> None:
        """Keep what lists began with that may go on; of another space none does."""
        kept = {} if old is None else {**self._earlier, old.number: old.calibrator}
        self._earlier = dict([*kept.items()][-_KEPT:])

    def _read(self, now: Generation) -> Learnt:
        from omnisearch.encoder.calibration.calibrator import Calibrator

        root, space = now.sealed.place.root, now.sealed.manifest.space
        prior, newest = self._prior(now), calibration.newest(root, space)
        if newest is None:
            return Learnt(Calibrator(prior), 0)
        try:
            found = Calibrator.load(newest[1], prior, now.sealed.manifest.settings.dim)
            if found.crowd is not None:
                known = calibration.nearness(root, space)
                for shard in now.sealed.shards:
                    if len(known.get(shard.name, ())) == shard.rows:
                        rows_near = known[shard.name].copy()
                        rows_near[~np.isfinite(rows_near)] = np.nan  # computed when it is found
                        found.crowd.known[shard] = rows_near
            return Learnt(found, newest[0])
        except OmnisearchError as error:
            _log.warning(
                "%s: confidences are those of what ships, until something is taken in or "
                "`compact` learns them anew",
                str(error).partition(": learn it")[0],
            )
            return Learnt(Calibrator(prior), 0)

    def _prior(self, now: Generation) -> Prior:
        """Give what ships with the encoder; if it is not on this machine, what holds for all."""
        try:
            return self.encoder(now).prior()
        except OmnisearchError:
            from omnisearch.encoder.calibration.prior import shipped

            return shipped().foreign()

    def soon(self, done: T) -> T:
        """Learn in the background what a write has brought; give what was done."""
        self._wake()
        return done

    def now(self, done: T) -> T:
        """Learn before anything else what was brought; give what was done."""
        self.learn()
        return done

    def _wake(self) -> None:
        store = self._handle.existing()
        if store is None or (self._thread is not None and self._thread.is_alive()):
            return
        live = store.reading().live
        if live < _LEAST or live < self._looked_at + max(_FEW, self._looked_at // 10):
            return
        arguments = weakref.ref(self), self._hurry
        self._thread = threading.Thread(
            target=_behind, args=arguments, name="omnisearch-calibration", daemon=True
        )
        self._thread.start()

    def learn(self) -> bool:
        """Learn now, if rows of a kind grew by a tenth since it was learnt; True if so."""
        store = None if self._stop.is_set() else self._handle.existing()
        if store is None or not store.writing or store.in_transaction:
            return False
        now = store.reading()
        self._looked_at = now.live
        if now.sealed.manifest.space == OWN_VECTORS or not self._is_due(now):
            return False
        try:
            return self._learn(store, now)
        except (OmnisearchError, OSError) as error:
            _log.warning("confidences are those of what ships: %s", error)
            return False

    def _is_due(self, now: Generation) -> bool:
        counts = _counts(now)
        if max(counts.values(), default=0.0) < _LEAST:
            return False
        learnt = self._read(now).calibrator
        if not learnt.backgrounds or not self._is_covered(now):
            return True
        return any(
            abs(count - learnt.rows.get(target, 0.0))
            >= max(_FEW, (_GROWTH - 1) * learnt.rows.get(target, 0.0))
            for target, count in counts.items()
            if count >= _LEAST
        )

    @staticmethod
    def _is_covered(now: Generation) -> bool:
        """Tell whether most sealed rows are known to be near to every question or not."""
        known = calibration.nearness(now.sealed.place.root, now.sealed.manifest.space)
        covered = sum(shard.rows for shard in now.sealed.shards if shard.name in known)
        return covered >= _COVERED * now.sealed.rows

    def _learn(self, store: Store, now: Generation) -> bool:
        asked = self._questions(now)
        if asked is None:
            return False
        from omnisearch.encoder.calibration.calibrator import Calibrator

        learnt = Calibrator(self.encoder(now).prior()).refine(
            sampling.samples(now, _LEAST, self._stop), asked
        )
        nearness = sampling.nearness(now, learnt.crowd, self._stop)
        if self._stop.is_set():
            return False
        content = replace(learnt, rows=_counts(now)).save()
        calibration.write(store, now.sealed.manifest.space, content, nearness)
        return True

    def _questions(self, now: Generation) -> Vectors | None:
        """Give the vectors of the questions, kept from the last time; None when told to stop."""
        from omnisearch.encoder.calibration.calibrator import questions

        before = self._read(now).calibrator.crowd
        if before is not None and len(before.questions) == len(questions()):
            return before.questions
        encoder, found, texts = self.encoder(now), [], questions()
        for begin in range(0, len(texts), _AT_ONCE):
            if self._stop.is_set():
                return None
            found.append(encoder.encode(texts[begin : begin + _AT_ONCE], role="query"))
        return np.concatenate(found)

    def encoder(self, now: Generation) -> Encoder:
        """Give the encoder that made the vectors of a generation."""
        lend = self._lend()
        if lend is None:
            raise OmnisearchError("the collection is closed")
        return lend(now)

    def finish(self) -> None:
        """Wait until what is being learnt is written."""
        self._hurry.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def drop(self) -> None:
        """Leave what is being learnt unfinished, and give the collection back."""
        self._stop.set()
        self.finish()
        self._handle.drop()


def _behind(held: weakref.ref[Calibrating], hurry: threading.Event) -> None:
    hurry.wait(_PAUSE_S)
    calibrating = held()
    if calibrating is not None:
        calibrating.learn()


def _counts(now: Generation) -> Mapping[Target, float]:
    """Count the rows of each modality and view; what has no modality counts as text."""
    found: dict[Target, float] = {}
    for kind, count in now.sides.counts.items():
        target = sides.target_of(kind)
        found[target] = found.get(target, 0.0) + count
    return found
