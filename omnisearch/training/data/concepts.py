"""What a picture, sound or text is about, under one name in all sources.

A concept is found by code point (an emoji of any vendor), else by its title: spelling, plural and
synonym are folded through WordNet, synonyms only where a word has one meaning that stands out.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from omnisearch.training.data import tables
from omnisearch.training.data.emoji import Emoji, bare
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wordnet import Synset, WordNet
from omnisearch.training.lab import Lab, LabError, Options

# kinds of pictures and sounds that are one thing each
NAMED = {"emoji", "clipart", "icon", "mono", "instrument", "drum", "effect", "procedural"}
_ARTICLE = re.compile(r"^(an?|the) (?=\w)")


@lru_cache(maxsize=100_000)
def normalise(title: str) -> str:
    """Fold the spelling of a title: case, accents, punctuation, blanks, a leading article."""
    plain = unicodedata.normalize("NFKD", title.replace("&", " and ")).casefold()
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    words = re.sub(r"[^\w]+|_", " ", kept.replace("'", "").replace("\u2019", "")).split()
    return _ARTICLE.sub("", " ".join(words)) or plain.strip()


@dataclass
class Concepts:
    """Names concepts, and remembers what was named."""

    wordnet: WordNet
    labels: Mapping[str, str]  # bare code points → the usual name of the emoji
    _cache: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, lab: Lab) -> Concepts:
        """Read WordNet and the names of emoji from their packages."""
        emoji = Emoji.load(lab)
        labels = {code: one.label for code, one in emoji.known.items() if code == bare(code)}
        return cls(WordNet.load(lab), labels)

    def of(self, title: str, codepoint: str | None = None) -> str:
        """Name the concept of a title, or of an emoji whose code points are known."""
        if codepoint is not None:
            title = self.labels.get(bare(codepoint), title)
        plain = normalise(title)
        if plain not in self._cache:
            self._cache[plain] = self._fold(plain)
        return self._cache[plain]

    def synset(self, concept: str) -> Synset | None:
        """Give the meaning of a concept where WordNet has one that stands out."""
        return self.wordnet.certain(concept)

    def singular(self, plain: str) -> str:
        """Give the singular of a phrase: of the whole where WordNet has it, else of its end."""
        phrase = self.wordnet.singular(plain)
        if self.wordnet.senses(phrase):
            return phrase
        head, _, last = plain.rpartition(" ")
        return f"{head} {self.wordnet.singular(last)}".strip()

    def _fold(self, plain: str) -> str:
        phrase = self.singular(plain)
        meaning = self.wordnet.certain(phrase)
        if meaning is None:
            return phrase
        usual = normalise(meaning.lemmas[0])
        again = self.wordnet.certain(usual)
        return usual if again is not None and again.offset == meaning.offset else phrase


def leaks(concepts: Concepts, titled: Iterable[tuple[str, str]]) -> list[str]:
    """Find titles that occur in two splits: the same, as a plural, or as a synonym.

    `titled` gives titles with the split of what bears them. It looks at titles only, so it sees
    what naming by code point or by a source's own rules would let through. Plurals and synonyms are
    those that the naming knows; what both let through is counted by `lookalikes`.
    """
    seen: dict[str, tuple[str, str]] = {}
    found = []
    for title, split in titled:
        plain = normalise(title)
        singular = concepts.singular(plain)
        meaning = concepts.wordnet.certain(singular)
        keys = {plain, singular, meaning.name if meaning else plain}
        others = [seen.setdefault(key, (title, split)) for key in sorted(keys)]
        found += [
            f"{other!r} is in {where}, {title!r} in {split}"
            for other, where in dict.fromkeys(others)
            if where != split
        ]
    return found


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Collect the concepts of all pictures and sounds; fail if one is in two splits."""
    del options
    concepts = Concepts.load(lab)
    paths = sorted([*lab.data.glob("pictures-*.arrow"), *lab.data.glob("sounds-*.arrow")])
    titles: dict[str, set[str]] = {}
    titled: set[tuple[str, str]] = set()
    shown: dict[bytes, tuple[str, str]] = {}
    for path in paths:
        if path.name.startswith("pictures-"):
            look_for_copies(path, shown)
        for row in named(path):
            titles.setdefault(row["concept"], set()).add(row["title"])
            if row["split"] != split_of(row["concept"]):
                raise LabError(f"{row['title']!r} of {path.name} is in the split {row['split']}")
            titled.add((row["title"], row["split"]))
    found = leaks(concepts, sorted(titled))
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise LabError(f"the splits leak: {found[0]}{more}; correct titles in {lab.data}")
    codes = _codes(concepts)
    rows = [_row(concepts, name, titles[name], codes.get(name, [])) for name in sorted(titles)]
    tables.write(lab.data / "concepts.arrow", tables.CONCEPTS, rows)
    return {"concepts": len(rows), "titles": len(titled), **_colours(lab)}


def _colours(lab: Lab) -> dict[str, object]:
    """Count pictures of each kind, and the concepts that are there in colour."""
    kinds: Counter[str] = Counter()
    coloured: set[str] = set()
    for path in sorted(lab.data.glob("pictures-*.arrow")):
        for row in named(path):
            kinds[row["kind"]] += 1
            if row["kind"] != "mono" and '"grey"' not in row["attributes"]:
                coloured.add(row["concept"])
    share = kinds["mono"] / max(kinds.total(), 1)
    return {"coloured": len(coloured), "pictures": dict(kinds), "mono share": round(share, 3)}


def named(path: Path) -> list[dict[str, str]]:
    """Give titles of what is itself a concept; scenes and mixtures name several."""
    columns = ["title", "concept", "split", "kind"]
    columns += ["attributes"] if path.name.startswith("pictures-") else []
    rows = tables.read(path, columns).to_pylist()
    return [row for row in rows if row["kind"] in NAMED]


def look_for_copies(path: Path, shown: dict[bytes, tuple[str, str]]) -> None:
    """Fail if a picture is there twice, in two splits; `shown` remembers what was seen."""
    table = tables.read(path, ["id", "split", "image"])
    for name, split, image in zip(*table.columns, strict=True):
        digest = hashlib.blake2b(image.as_buffer(), digest_size=16).digest()
        other, where = shown.setdefault(digest, (name.as_py(), split.as_py()))
        if where != split.as_py():
            raise LabError(f"{name} ({split}) is the same picture as {other} ({where})")


def _codes(concepts: Concepts) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for codepoint, label in concepts.labels.items():
        found.setdefault(concepts.of(label), []).append(codepoint)
    return found


def _row(concepts: Concepts, name: str, titles: set[str], codes: list[str]) -> tables.Row:
    meaning = concepts.synset(name)
    return {
        "concept": name,
        "titles": sorted(titles),
        "codepoints": codes,
        "synset": None if meaning is None else meaning.name,
        "split": split_of(name),
    }
