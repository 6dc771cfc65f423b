"""WordNet 3.0 as far as the corpus needs it: lemmas, senses, glosses, plurals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from omnisearch.training.data import packages
from omnisearch.training.lab import Lab

PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_FOLDER = "usr/share/wordnet/"
_ENDINGS = (
    ("s", ""),
    ("ses", "s"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
)


@dataclass(frozen=True)
class Synset:
    """One meaning: its words, the most usual first, and what they mean."""

    part: str
    offset: int
    lemmas: tuple[str, ...]
    gloss: str
    hypernyms: tuple[int, ...]  # offsets in the same part of speech

    @property
    def name(self) -> str:
        """Name the meaning for good."""
        return f"{self.part}{self.offset:08d}"


class WordNet:
    """The data base, read from its files."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    @classmethod
    def load(cls, lab: Lab) -> WordNet:
        """Read it from the package, which is downloaded first if need be."""
        archive = packages.obtain(lab, "debian", "wordnet-base")
        found = packages.members(archive, lambda name: name.startswith(_FOLDER))
        return cls({name.removeprefix(_FOLDER): text.decode() for name, text in found})

    @cached_property
    def _senses(self) -> dict[str, dict[str, tuple[int, ...]]]:
        return {part: self._index(name) for part, name in PARTS.items()}

    def _index(self, name: str) -> dict[str, tuple[int, ...]]:
        found = {}
        for line in self._files[f"index.{name}"].splitlines():
            if line.startswith(" "):  # the licence
                continue
            fields = line.split()
            found[fields[0].replace("_", " ")] = tuple(map(int, fields[-int(fields[2]) :]))
        return found

    @cached_property
    def _lines(self) -> dict[str, dict[int, str]]:
        found = {}
        for part, name in PARTS.items():
            lines = self._files[f"data.{name}"].splitlines()
            found[part] = {int(line[:8]): line for line in lines if not line.startswith(" ")}
        return found

    @cached_property
    def _exceptions(self) -> dict[str, str]:
        lines = [line.split() for line in self._files["noun.exc"].splitlines()]
        return {fields[0].replace("_", " "): fields[1].replace("_", " ") for fields in lines}

    @cached_property
    def _uses(self) -> dict[str, dict[int, int]]:
        """Count how often each noun was met in each of its senses, in texts tagged by hand."""
        found: dict[str, dict[int, int]] = {}
        for line in self._files["cntlist.rev"].splitlines():
            key, sense, count = line.split()
            lemma, _, rest = key.partition("%")
            if rest.startswith("1:"):
                found.setdefault(lemma.replace("_", " "), {})[int(sense)] = int(count)
        return found

    def senses(self, lemma: str, part: str = "n") -> tuple[int, ...]:
        """Give the offsets of the meanings of a word, the most usual first."""
        return self._senses[part].get(lemma, ())

    def synset(self, offset: int, part: str = "n") -> Synset:
        """Read one meaning."""
        return _parse(part, self._lines[part][offset])

    def synsets(self, part: str = "n") -> list[Synset]:
        """Read all meanings of a part of speech."""
        return [_parse(part, line) for line in self._lines[part].values()]

    def singular(self, noun: str) -> str:
        """Give the singular of a noun, or itself."""
        if noun in self._exceptions:
            return self._exceptions[noun]
        if self.senses(noun):  # glasses, scissors
            return noun
        for ending, instead in _ENDINGS:
            if noun.endswith(ending):
                shorter = noun[: -len(ending)] + instead
                if len(shorter) > 2 and self.senses(shorter):
                    return shorter
        return noun

    def certain(self, noun: str) -> Synset | None:
        """Give what a noun means where one meaning stands out: the only one, or by far most met."""
        offsets = self.senses(noun)
        if not offsets:
            return None
        uses = self._uses.get(noun, {})
        others = sum(count for sense, count in uses.items() if sense != 1)
        if len(offsets) > 1 and uses.get(1, 0) <= 2 * others + 1:
            return None
        return self.synset(offsets[0])


def _parse(part: str, line: str) -> Synset:
    data, _, gloss = line.partition(" | ")
    fields = data.split()
    words = int(fields[3], 16)
    lemmas = tuple(fields[4 + 2 * place].split("(")[0].replace("_", " ") for place in range(words))
    pointers = fields[5 + 2 * words :]
    first = range(0, 4 * int(fields[4 + 2 * words]), 4)
    above = tuple(int(pointers[at + 1]) for at in first if pointers[at] in ("@", "@i"))
    return Synset(part, int(fields[0]), lemmas, gloss.strip(), above)
