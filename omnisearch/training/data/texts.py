"""Pairs of texts: WordNet, and manual pages whose licence allows it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from omnisearch.training.data import descriptions, manifest, packages, tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import once, seeded
from omnisearch.training.data.sections import manual
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wordnet import Synset
from omnisearch.training.lab import Lab, Options

GLOSSES, SYNONYMS, HYPERNYMS = 78_000, 16_000, 16_000
_WORDNET: tuple[packages.Kind, str] = ("debian", "wordnet-base")
_MANUALS = ("erlang-manpages", "libssl-doc", "openssl")
# one licence for all pages of these packages, checked in their copyright files
_MANUAL_LICENCE = "Apache-2.0"


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write all pairs, those that only test as well."""
    schema, total = tables.TEXTS, GLOSSES + SYNONYMS + HYPERNYMS

    def pairs() -> Iterator[tables.Row]:
        return wordnet(Concepts.load(lab), options.seed)

    figures = {
        "wordnet": once(lab, "texts-wordnet", schema, total, pairs),
        "manuals": once(lab, "texts-manuals", schema, 2200, lambda: manuals(lab)),
        "evaluation": descriptions.build(lab, options.seed),
    }
    manifest.record(lab, "texts-wordnet", [_WORDNET], "WordNet-3.0", "WordNet 3.0")
    pages: list[tuple[packages.Kind, str]] = [("debian", name) for name in _MANUALS]
    manifest.record(lab, "texts-manuals", pages, _MANUAL_LICENCE, "manual pages")
    return figures


def wordnet(concepts: Concepts, seed: int) -> Iterator[tables.Row]:
    """Yield lemma and gloss, synonyms, and a meaning with the one above it."""
    found = [one for part in ("n", "v", "a", "r") for one in concepts.wordnet.synsets(part)]
    order = [found[int(at)] for at in seeded(seed, "wordnet").permutation(len(found))]
    for one in order[:GLOSSES]:
        yield _pair(concepts, one, "gloss", ", ".join(one.lemmas[:3]), one.gloss)
    pairs = ((one, pair) for one in order for pair in combinations(one.lemmas[:3], 2))
    for _, (one, (lemma, other)) in zip(range(SYNONYMS), pairs, strict=False):
        yield _pair(concepts, one, "synonym", lemma, other)
    below = (one for one in order if one.hypernyms)
    for _, one in zip(range(HYPERNYMS), below, strict=False):
        above = concepts.wordnet.synset(one.hypernyms[0], one.part)
        yield _pair(concepts, one, "hypernym", one.lemmas[0], f"a kind of {above.lemmas[0]}")


def _pair(concepts: Concepts, one: Synset, kind: str, query: str, passage: str) -> tables.Row:
    concept = concepts.of(one.lemmas[0])
    row_id = f"wordnet/{one.name}/{kind}/{query}/{passage[:20]}"
    return _row(row_id, concept, (query, passage), kind, "WordNet-3.0")


def manuals(lab: Lab) -> Iterator[tables.Row]:
    """Yield the name of a page with its summary, and the summary with how the page begins."""
    for package in _MANUALS:
        archive = packages.obtain(lab, "debian", package)
        for path, content in packages.members(archive, lambda name: "/man/man" in name):
            page = manual(gzip.decompress(content).decode("utf-8", "replace"))
            if page is None:
                continue
            name = Path(path).name.partition(".")[0]
            row_id, concept = f"manual/{package}/{Path(path).stem}", f"manual {name}"
            pair = (name, page.summary)
            yield _row(f"{row_id}/summary", concept, pair, "manual", _MANUAL_LICENCE)
            if page.text:
                pair = (page.summary, page.text)
                yield _row(f"{row_id}/text", concept, pair, "manual", _MANUAL_LICENCE)


def _row(row_id: str, concept: str, pair: Sequence[str], kind: str, licence: str) -> tables.Row:
    return {
        "id": row_id,
        "concept": concept,
        "query": pair[0],
        "passage": pair[1],
        "kind": kind,
        "split": split_of(concept),
        "licence": licence,
    }
