"""What a made sound is: names, traits that its caption tells, the function that makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisearch.training.data.synthesis import Wave

Make = Callable[..., Wave]
Rng = np.random.Generator
SLOW_FAST = ("slow", "fast")
LOW_HIGH = ("low", "high")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sound; every trait is a pair of words for its low and its high end."""

    names: tuple[str, ...]
    traits: Mapping[str, tuple[str, str]]
    make: Make

    @property
    def title(self) -> str:
        """Give the first name, which is also the concept."""
        return self.names[0]


KINDS: dict[str, Kind] = {}


def sound(*names: str, **traits: tuple[str, str]) -> Callable[[Make], Make]:
    """Register a function of (rng, one number from 0 to 1 for every trait) under its names."""

    def register(make: Make) -> Make:
        if names[0] in KINDS:
            raise ValueError(f"there are two sounds called {names[0]}")
        KINDS[names[0]] = Kind(names, traits, make)
        return make

    return register


# words of manner follow the name, the others ("heavy rain") stand before it
MANNERS = {
    "slow": "slow",
    "fast": "fast",
    "low": "low-pitched",
    "high": "high-pitched",
    "short": "in short bursts",
    "long": "in long bursts",
    "idling": "idling",
    "revving": "revving up",
}


@dataclass(frozen=True, slots=True)
class Take:
    """One made sound and the words for how it came out."""

    kind: Kind
    wave: Wave
    words: tuple[str, ...]

    def phrase(self, name: str | None = None) -> str:
        """Name the sound and say how it is."""
        front = [word for word in self.words if word not in MANNERS]
        manner = " and ".join(MANNERS[word] for word in self.words if word in MANNERS)
        named = name or self.kind.title
        if front and named.startswith(("a ", "an ", "the ", "someone", "one ")):
            front, manner = [], " and ".join(filter(None, [*front, manner]))
        return ", ".join(filter(None, [" ".join([*front, named]), manner]))


def take(kind: Kind, rng: np.random.Generator) -> Take:
    """Make a kind with random traits; an end of a trait is named, its middle is not."""
    values: dict[str, Any] = {name: float(rng.uniform()) for name in kind.traits}
    words = []
    for name, (low, high) in kind.traits.items():
        if values[name] < 0.35:
            words.append(low)
        elif values[name] > 0.65:
            words.append(high)
    return Take(kind, kind.make(rng, **values), tuple(words))
