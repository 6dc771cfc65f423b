"""Pairs of texts: WordNet, manual pages and READMEs under licences that allow it.

Descriptions of Debian packages bear the licence of each package and are not known to be free, so
they lie in `evaluation/`, where no stage looks for training data.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from email.parser import Parser
from importlib import resources
from itertools import combinations
from pathlib import Path

from omnisearch.training.data import manifest, packages, tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import once, seeded
from omnisearch.training.data.sections import first_words, manual, sections
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wordnet import Synset
from omnisearch.training.lab import Lab, Options

GLOSSES, SYNONYMS, HYPERNYMS, DESCRIPTIONS = 78_000, 16_000, 16_000, 2_000
_WORDNET: tuple[packages.Kind, str] = ("debian", "wordnet-base")
_MANUALS = ("erlang-manpages", "libssl-doc", "openssl")
# one licence for all pages of these packages, checked in their copyright files
_MANUAL_LICENCE = "Apache-2.0"


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write all pairs."""
    seed, schema = options.seed, tables.TEXTS
    readmes = readme_packages()
    total = GLOSSES + SYNONYMS + HYPERNYMS
    figures = {
        "wordnet": once(
            lab, "texts-wordnet", schema, total, lambda: wordnet(Concepts.load(lab), seed)
        ),
        "manuals": once(lab, "texts-manuals", schema, 2400, lambda: manuals(lab)),
        "readmes": once(lab, "texts-readmes", schema, 600, lambda: readme_rows(lab, readmes)),
        "debian": _descriptions(lab, seed),
    }
    manifest.record(lab, "texts-wordnet", [_WORDNET], "WordNet-3.0", "WordNet 3.0")
    pages: list[tuple[packages.Kind, str]] = [("debian", name) for name in _MANUALS]
    manifest.record(lab, "texts-manuals", pages, _MANUAL_LICENCE, "manual pages")
    wheels: list[tuple[packages.Kind, str]] = [("pip", one.name) for one in readmes]
    manifest.record(lab, "texts-readmes", wheels, "MIT", "READMEs, each as its package says")
    return figures


def readme_packages() -> list[packages.Package]:
    """Name the packages whose READMEs are read."""
    text = resources.files(__package__).joinpath("registry_texts.json").read_text("utf-8")
    names = [entry["name"] for entry in json.loads(text) if entry["kind"] == "pip"]
    return [packages.find("pip", name) for name in names]


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
    row_id = f"wordnet/{one.name}/{kind}/{query}"
    return _row(row_id, concept, (query, passage), kind, "WordNet-3.0")


def manuals(lab: Lab) -> Iterator[tables.Row]:
    """Yield the name of a page with its summary, and the summary with how the page begins."""
    for package in _MANUALS:
        archive = packages.obtain(lab, "debian", package)
        for path, content in packages.members(archive, lambda name: "/man/man" in name):
            name = Path(path).name.partition(".")[0]
            page = manual(gzip.decompress(content).decode("utf-8", "replace"))
            if page is None:
                continue
            row_id, concept = f"manual/{package}/{Path(path).stem}", f"manual {name}"
            pair = (name, page.summary)
            yield _row(f"{row_id}/summary", concept, pair, "manual", _MANUAL_LICENCE)
            if page.text:
                pair = (page.summary, page.text)
                yield _row(f"{row_id}/text", concept, pair, "manual", _MANUAL_LICENCE)


def readme_rows(lab: Lab, wheels: list[packages.Package]) -> Iterator[tables.Row]:
    """Yield the title of a section of a README with how it begins."""
    for wheel in wheels:
        archive = packages.fetch(lab, wheel)
        message = Parser().parsestr(packages.member(archive, wheel.licence_file).decode())
        summary = str(message["Summary"] or "")
        concept = f"readme {wheel.name}"
        pair = (wheel.name, summary)
        yield _row(f"readme/{wheel.name}", concept, pair, "readme", wheel.licence)
        for number, (title, text) in enumerate(sections(str(message.get_payload()))):
            pair = (f"{wheel.name}: {title}", text)
            yield _row(f"readme/{wheel.name}/{number}", concept, pair, "readme", wheel.licence)


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


def _descriptions(lab: Lab, seed: int) -> int:
    path = lab.data / "evaluation" / "texts-debian.arrow"
    if path.exists():
        return tables.count(path)
    command = ["apt-cache", "dumpavail"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0  # not a Debian: this set is left out
    return keep_descriptions(path, done.stdout, seed)


def keep_descriptions(path: Path, listing: str, seed: int) -> int:
    """Write short and long descriptions of some packages, for evaluation alone."""
    found = sorted(set(descriptions(listing)))
    order = seeded(seed, "debian").permutation(len(found))[:DESCRIPTIONS]
    rows = (
        {**_row(f"debian/{name}", name, pair, "debian", "evaluation only"), "split": "test"}
        for name, *pair in (found[int(at)] for at in order)
    )
    return tables.write(path, tables.TEXTS, rows)


def descriptions(listing: str) -> Iterator[tuple[str, str, str]]:
    """Read name, short and long description out of a listing of packages."""
    pattern = r"(?ms)^Package: (\S+)$.*?^Description(?:-en)?: ([^\n]+)\n((?: [^\n]*\n)+)"
    for stanza in listing.split("\n\n"):
        if (met := re.search(pattern, f"{stanza}\n")) and len(met[3]) > 80:
            yield met[1], met[2], first_words(met[3].replace("\n .\n", "\n"))
