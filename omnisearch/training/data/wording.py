"""Names of things in sentences: articles, plurals, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "mouse": "mice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "ox": "oxen",
    "sheep": "sheep",
    "fish": "fish",
    "deer": "deer",
    "knife": "knives",
    "leaf": "leaves",
    "loaf": "loaves",
    "wolf": "wolves",
    "calf": "calves",
    "shelf": "shelves",
    "scarf": "scarves",
}


def a(name: str) -> str:
    """Put the indefinite article before a name."""
    return f"{'an' if name[0] in 'aeiou' and not name.startswith(('uni', 'use')) else 'a'} {name}"


def plural(name: str) -> str:
    """Make the last word of a name plural."""
    head, space, last = name.rpartition(" ")
    if last in _IRREGULAR:
        many = _IRREGULAR[last]
    elif last.endswith("man") and last != "human":
        many = f"{last[:-3]}men"
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        many = f"{last}es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        many = f"{last[:-1]}ies"
    else:
        many = f"{last}s"
    return f"{head}{space}{many}"


def some(name: str, count: int) -> str:
    """Name one or several of a thing."""
    return a(name) if count == 1 else f"{NUMBERS[count]} {plural(name)}"


def listed(names: Sequence[str]) -> str:
    """Join names with commas and `and`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
