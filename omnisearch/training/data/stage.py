"""The stage `data`: an ordered table of parts, each with files of its own.

A part that finds its files finished leaves them; so an interrupted build goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from omnisearch.training import lanes
from omnisearch.training.lab import Lab, Options

Part = Callable[[Lab, Options], Mapping[str, object]]

# module:function, called with (lab, options), gives the figures of the part; order matters:
# what is made of other things comes after them, and the last four look at everything.
PARTS: dict[str, str] = {
    "pictures": "pictures:build",
    "variants": "variants:build",
    "texts": "texts:build",
    "instruments": "instruments:build",
    "sounds": "sounds:build",
    "speech": "speech:build",
    "scenes": "scenes:build",
    "motion": "motion:build",
    "pages": "pages:build",
    "concepts": "concepts:build",
    "triplets": "triplets:build",
    "queries": "queries:build",
    "manifest": "manifest:build",
}
TINY = "tiny:build"
# parts that need nothing of each other, the longest first
_ROUNDS = (
    ("pictures", "speech", "sounds", "instruments", "texts"),
    ("scenes", "motion", "pages", "variants"),
)


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Make the whole corpus, or the tiny one."""
    parts = {"tiny": TINY} if options.tiny else PARTS
    for names in _ROUNDS if options.threads > 1 and not options.tiny else ():
        lanes.each(part, lab, options, names, "data")
    return {name: _load(call)(lab, options) for name, call in parts.items()}


def part(lab: Lab, options: Options, name: str) -> None:
    """Make one part; it leaves files behind."""
    _load(PARTS[name])(lab, options)


def _load(call: str) -> Part:
    module, _, function = call.partition(":")
    found: Part = getattr(import_module(f"omnisearch.training.data.{module}"), function)
    return found
