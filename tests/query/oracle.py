"""What should be answered: every segment judged, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, cast

import numpy as np

from omnisearch import twins
from omnisearch.query.asked import Asked
from omnisearch.query.fusing import Evidence, fuse
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.storage.batch import WORDS_MARK
from omnisearch.storage.words.asking import ask
from tests.query.world import CALIBRATOR, Segment, Vector, World

_NAN = np.float32(np.nan)


class Answer(NamedTuple):
    """What is compared: the id and how sure it is."""

    id: str
    odds: float


def answers(world: World, asked: Asked, wish: Wish) -> list[Answer]:
    """List all hits of a question, best first, from offset on."""
    judged = _by_windows if asked.windows else _judged
    every = (
        (one, float(np.float32(odds) + _gained(one, wish)))
        for one, odds in judged(world, asked, wish)
    )
    found = sorted(every, key=lambda pair: (-pair[1], pair[0].id))
    kept: list[tuple[Segment, float]] = []
    names: set[str] = set()
    for one, odds in found:
        name = one.item if wish.group_by == "item" else one.id
        if name in names or one.item in asked.leave_out:
            continue
        names.add(name)
        if wish.collapse is None or not any(_alike(one, other, wish) for other, _ in kept):
            kept.append((one, odds))
    sure = [odds for _, odds in kept]
    if asked.joint:
        kept = [(one, _joint(one, odds, asked)) for one, odds in kept]
    if asked.joint or asked.modality == "text":
        sure = _beside(kept)
    hits = [Answer(one.id, odds) for (one, _), odds in zip(kept, sure, strict=True)]
    if wish.min_confidence is not None:
        hits = [hit for hit in hits if 1 / (1 + np.exp(-hit.odds)) >= wish.min_confidence]
    return hits[wish.offset : wish.reach]


def _gained(one: Segment, wish: Wish) -> np.float32:
    """Add what its being preferred makes it surer by."""
    options = [(Wish.of(cast(QueryOptions, favour.options)), favour) for favour in wish.favours]
    return np.float32(sum(by.surer for preferred, by in options if _passes(one, preferred)))


def _joint(one: Segment, odds: float, asked: Asked) -> float:
    return 2.0 + 1.3 * odds if one.modality == asked.modality else odds


def _beside(kept: list[tuple[Segment, float]]) -> list[float]:
    """Lower each by the surer items of its kind; none is surer than what stands above it."""
    found: list[float] = []
    for place, (one, odds) in enumerate(kept):
        others: dict[str, float] = {}
        for other, sure in kept[:place]:
            if other.modality == one.modality and other.item != one.item:
                others.setdefault(other.item, 1 / (1 + float(np.exp(-sure))))
        above = sum(others.values())
        found.append(min([odds - 1.25 * above / (above + 0.3), *found]))
    return found


def _judged(world: World, asked: Asked, wish: Wish) -> Iterator[tuple[Segment, float]]:
    now = world.now
    totals = None if asked.words is None else now.words.totals(ask(asked.words))
    phrases = asked.words is not None and '"' in asked.words
    for one in world.segments.values():
        if one.missing or not _passes(one, wish):
            continue
        names = [one.id, one.id + WORDS_MARK]
        rows = [at for at in now.find(names).tolist() if at >= 0]
        bm25 = 0.0 if totals is None else max(float(totals.scores[at]) for at in rows)
        if not bm25 and (phrases or not len(asked.vectors)):
            continue
        odds = [np.array([_odds(one, asked, view)], np.float32) for view in ("content", "words")]
        most = totals.most if totals else 0.0
        kinds = [one.modality] if asked.modality == "text" else None
        evidence = Evidence(odds[0], odds[1], np.array([bm25], np.float32), most, kinds)
        if wish.min_score is None or _score(one, asked, odds) >= wish.min_score:
            yield one, float(fuse(evidence)[0])


def _by_windows(world: World, asked: Asked, wish: Wish) -> Iterator[tuple[Segment, float]]:
    """Judge an item by the mean of the best that each window finds in it."""
    every = [[*_judged(world, replace(asked, vectors=one[None]), wish)] for one in asked.vectors]
    tops: dict[str, list[float]] = {}
    for number, window in enumerate(every):
        for one, odds in window:
            own = tops.setdefault(one.item, [-np.inf] * len(every))
            own[number] = max(own[number], odds)
    for pairs in zip(*every, strict=True):
        one, best = pairs[0][0], max(odds for _, odds in pairs)
        if wish.group_by == "item":
            each = np.array(tops[one.item], np.float32)  # summed as windows come, so ties stay ties
            best = float(each.mean() - (each.max() - np.float32(best)))
        yield one, best


def _score(one: Segment, asked: Asked, odds: list[np.ndarray[Any, Any]]) -> float:
    """Give the cosine of the better view."""
    by_words = odds[1][0] > odds[0][0] or (np.isnan(odds[0][0]) and one.words is not None)
    vector = one.words if by_words else one.content
    asks = vector is not None and len(asked.vectors)
    return float(asked.vectors[0] @ vector) if asks else -np.inf


def _odds(one: Segment, asked: Asked, view: str) -> np.float32:
    vector = one.content if view == "content" else one.words
    if vector is None or not len(asked.vectors):
        return _NAN
    cosine = np.array([float(asked.vectors[0] @ vector)], np.float32)
    odds = CALIBRATOR.adjust(asked.modality, [one.modality], view, cosine)  # type: ignore[arg-type]
    return np.float32(odds[0])


def _passes(one: Segment, wish: Wish) -> bool:
    return (
        (wish.modality is None or one.modality in wish.modality)
        and (wish.where is None or one.price <= 2)
        and (not wish.path or any(fnmatchcase(one.path, f"{path}/*") for path in wish.path))
        and (wish.after is None or one.date >= wish.after)
        and (wish.before is None or one.date < wish.before)
    )


def _alike(one: Segment, other: Segment, wish: Wish) -> bool:
    assert wish.collapse is not None
    if one.look is not None and other.look is not None:
        return _apart(one.look, other.look) <= wish.collapse
    return _apart(_twin(one), _twin(other)) <= wish.collapse // 2


def _twin(one: Segment) -> int:
    vector: Vector | None = one.words if one.content is None else one.content
    assert vector is not None
    return twins.signature(vector)


def _apart(one: int, other: int) -> int:
    return ((one ^ other) & (1 << 64) - 1).bit_count()
