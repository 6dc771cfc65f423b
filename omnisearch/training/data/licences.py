"""The licences under which something may serve for training, selection or prompts."""

from __future__ import annotations

from omnisearch.training.lab import LabError

# SPDX where it has a name; "made-here" is what this laboratory computes from nothing.
ALLOWED = {
    "MIT": "MIT licence",
    "Apache-2.0": "Apache licence 2.0",
    "BSD-2-Clause": "BSD licence, two clauses",
    "BSD-3-Clause": "BSD licence, three clauses",
    "ISC": "ISC licence",
    "CC0-1.0": "Creative Commons zero",
    "public-domain": "public domain",
    "CC-BY-3.0": "Creative Commons attribution 3.0",
    "CC-BY-4.0": "Creative Commons attribution 4.0",
    "WordNet-3.0": "WordNet licence",
    "made-here": "made by this laboratory",
}
# Packages whose pictures and recordings test us and so never teach us.
TEST_ONLY = frozenset({"scikit-image", "scikit-learn", "wesnoth", "tuxpaint"})


def check(licence: str, what: str) -> None:
    """Raise unless a licence is on the list."""
    if licence not in ALLOWED:
        known = ", ".join(ALLOWED)
        raise LabError(f"{what} is under {licence}, which is not allowed here: only {known}")
