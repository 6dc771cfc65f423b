"""What cosines are worth in one collection: learnt behind its writer, read by whoever asks."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from omnisearch.errors import OmnisearchError
from omnisearch.storage import calibration, ids, rows, sides
from omnisearch.storage.batch import SEGMENT
from omnisearch.storage.calibration import Halves
from omnisearch.storage.generation import Generation, Positions
from omnisearch.storage.origin import OWN_VECTORS

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.calibrator import Calibrator, Target
    from omnisearch.encoder.calibration.crowd import Crowd
    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.encoder.calibration.sample import Sample
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
_LOOKED_AT = 8192  # rows of a kind, of which a sample keeps a quarter
_AT_ONCE = 16  # questions that are encoded between two looks whether to stop


class _Known(NamedTuple):
    """The calibrator of a generation, and of which file it was made.

    The states of a transaction share a number, so it is the object that counts.
    """

    generation: weakref.ref[Generation]
    stamp: int
    space: str
    calibrator: Calibrator


class Calibrating:
    """Keeps the calibrator of one collection."""

    def __init__(self, handle: Handle, lend: weakref.ref[Lend]) -> None:
        self._handle, self._lend = handle, lend
        self._known: _Known | None = None
        self._looked_at = 0  # rows that were there when it was last learnt
        self._hurry, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def current(self, now: Generation) -> Calibrator | None:
        """Give what holds for a generation; None where no encoder made the vectors."""
        if now.sealed.manifest.space == OWN_VECTORS:
            return None
        root = now.sealed.place.root
        stamp, space, known = calibration.stamp(root), now.sealed.manifest.space, self._known
        if known is not None and (known.stamp, known.space) != (stamp, space):
            known = None
        if known is not None and known.generation() is now:
            return known.calibrator
        learnt = self._read(now) if known is None else known.calibrator
        found = replace(learnt, rows=_counts(now), scales={})
        self._known = _Known(weakref.ref(now), stamp, space, found)
        return found

    def _read(self, now: Generation) -> Calibrator:
        from omnisearch.encoder.calibration.calibrator import Calibrator

        root, space = now.sealed.place.root, now.sealed.manifest.space
        prior, raw = self._prior(now), calibration.newest(root, space)
        if raw is None:
            return Calibrator(prior)
        try:
            found = Calibrator.load(raw, prior, now.sealed.manifest.settings.dim)
            if found.crowd is not None:
                known = calibration.nearness(root, space)
                for shard in now.sealed.shards:
                    if len(known.get(shard.name, ())) == shard.rows:
                        rows_near = known[shard.name].copy()
                        rows_near[~np.isfinite(rows_near)] = np.nan  # computed when it is found
                        found.crowd.known[shard] = rows_near
            return found
        except OmnisearchError as error:
            _log.warning(
                "%s: confidences are those of what ships, until something is taken in or "
                "`compact` learns them anew",
                str(error).partition(": learn it")[0],
            )
            return Calibrator(prior)

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
        learnt = self._read(now)
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

        learnt = Calibrator(self.encoder(now).prior()).refine(_samples(now, self._stop), asked)
        nearness = _nearness(now, learnt.crowd, self._stop)
        if self._stop.is_set():
            return False
        content = replace(learnt, rows=_counts(now)).save()
        calibration.write(store, now.sealed.manifest.space, content, nearness)
        return True

    def _questions(self, now: Generation) -> Vectors | None:
        """Give the vectors of the questions, kept from the last time; None when told to stop."""
        from omnisearch.encoder.calibration.calibrator import questions

        before = self._read(now).crowd
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


def _samples(now: Generation, stop: threading.Event) -> dict[Target, Sample]:
    """Sample the rows of each kind; of many only those whose ids have the least hashes."""
    from omnisearch.encoder.calibration.sample import Sample

    found: dict[Target, Sample] = {}
    for kind, count in now.sides.counts.items():
        if count < _LEAST:
            continue
        mask = now.sides.mask(kind)
        positions = np.arange(now.rows) if mask is None else np.flatnonzero(mask)
        if len(positions) > _LOOKED_AT:
            positions = _drawn(now, positions)
        target = sides.target_of(kind)
        sample = found.setdefault(target, Sample(now.sealed.manifest.settings.dim))
        for begin in range(0, len(positions), _LOOKED_AT // 8):
            if stop.is_set():
                return {}
            sample.add(rows.vectors(now, positions[begin : begin + _LOOKED_AT // 8]))
    return found


def _nearness(now: Generation, crowd: Crowd | None, stop: threading.Event) -> dict[str, Halves]:
    """Compute for each sealed row how near it is to every question, which questions use."""
    found: dict[str, Halves] = {}
    for shard in now.sealed.shards if crowd is not None else ():
        shard.touch(None)
        parts = []
        for begin in range(0, shard.rows, _LOOKED_AT // 8):
            if stop.is_set() or crowd is None:
                return {}
            block = shard.vectors[begin : begin + _LOOKED_AT // 8].astype(np.float32)
            parts.append(crowd.nearness(block))
        found[shard.name] = np.concatenate([np.zeros(0, np.float16), *parts])
    return found


def _drawn(now: Generation, positions: Positions) -> Positions:
    hashes = np.empty(len(positions), np.uint64)
    for places, part in rows.by_part(now, positions):
        tables = rows.tables(now, positions[places], part)
        names = [name for table in tables for name in table.column(SEGMENT).to_pylist()]
        hashes[places] = ids.hash_ids(names)
    return np.sort(positions[np.argpartition(hashes, _LOOKED_AT)[:_LOOKED_AT]])
