"""A WordNet of a dozen nouns, in the format of the real one."""

NOUNS = {
    # offset: lemmas, gloss, hypernym
    100: (["car", "auto", "automobile"], "a motor vehicle with four wheels", 200),
    200: (["vehicle"], "a conveyance", None),
    300: (["motorcycle", "bike"], "a motor vehicle with two wheels", 200),
    400: (["bicycle", "bike"], "a wheeled vehicle with pedals", 200),
    500: (["wolf"], "a wild canine", None),
    600: (["spectacles", "glasses"], "optical instrument", None),
    700: (["glass"], "a brittle transparent solid", None),
    800: (["traffic_light", "stoplight"], "a visual signal", None),
    900: (["fox"], "alert carnivorous mammal", None),
    950: (["mouse"], "a small rodent", None),
    960: (["mouse"], "a pointing device", None),
}


def files() -> dict[str, str]:
    licence = "  1 This is the licence  \n"
    data: list[str] = []
    senses: dict[str, list[int]] = {}
    for offset, (lemmas, gloss, above) in NOUNS.items():
        words = " ".join(f"{lemma} 0" for lemma in lemmas)
        pointer = f"001 @ {above:08d} n 0000" if above else "000"
        data.append(f'{offset:08d} 06 n {len(lemmas):02x} {words} {pointer} | {gloss}; "x"  ')
        for lemma in lemmas:
            senses.setdefault(lemma, []).append(offset)
    index = [
        f"{lemma} n {len(found)} 1 @ {len(found)} 0 {' '.join(f'{one:08d}' for one in found)}  "
        for lemma, found in sorted(senses.items())
    ]
    empty = {
        f"{kind}.{part}": licence for kind in ("index", "data") for part in ("verb", "adj", "adv")
    }
    return {
        **empty,
        "index.noun": licence + "\n".join(index) + "\n",
        "data.noun": licence + "\n".join(data) + "\n",
        "noun.exc": "wolves wolf\nmice mouse\n",
        "cntlist.rev": "mouse%1:05:00:: 1 40\nmouse%1:06:00:: 2 3\nbike%1:06:00:: 1 1\n",
    }
