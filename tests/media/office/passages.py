"""Sentences of which no two have three words in common, for documents that are searched."""

from __future__ import annotations

_WHO = "baker sailor painter farmer tailor miner weaver singer potter drummer".split()
_DOES = "carries repairs borrows hides paints sells measures counts polishes forgets".split()
_WHAT = "lantern anchor saddle teapot compass violin shovel mirror ladder basket".split()
_WHERE = "harbour orchard attic quarry chapel bakery meadow cellar station market".split()


def sentence(number: int) -> str:
    """Give a sentence for a number below 10,000; each number has its own."""
    a, b, c, d = (number // 10**place % 10 for place in range(4))
    return (
        f"The {_WHO[a]} {_DOES[(b + a) % 10]} a {_WHAT[(c + b) % 10]} "
        f"near the {_WHERE[(d + c) % 10]} number {number}."
    )
