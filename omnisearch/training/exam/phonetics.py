"""How alike two texts sound: spelling to sounds by rules, and the sounds they share.

No library: those that are well kept code single names (Metaphone) and drop vowels, on which most
mishearings agree. A text is the counts of its runs of sounds at three depths (letters, sounds,
classes of sounds that are mistaken for each other), so that texts can be compared as vectors.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# spelling → sound, one after the other; capitals are sounds that no letter writes alone
_RULES = (
    (r"^(kn|gn|pn)", "n"),
    (r"^wr", "r"),
    (r"^ps", "s"),
    (r"^x", "z"),
    (r"mb$", "m"),
    (r"([^aeiou])\1", r"\1"),
    (r"tch|ch", "C"),
    (r"sh|(?<=.)(t|s|c)i(?=on|ou|a)", "S"),
    (r"th", "T"),
    (r"ph", "f"),
    (r"dg(?=e)", "j"),
    (r"(?<=[aeiou])gh(?=t|$)", ""),
    (r"gh", "g"),
    (r"ng", "N"),
    (r"ck", "k"),
    (r"qu", "kw"),
    (r"wh", "w"),
    (r"x", "ks"),
    (r"c(?=[eiy])", "s"),
    (r"c", "k"),
    (r"g(?=[eiy])", "j"),
    (r"(?<=[aeiouy])r(?![aeiouy])", ""),
    (r"(?<=[^aeiouy])e$", ""),
    (r"(?<=[aeiou])h", ""),
    (r"^y(?=[aeiou])", "Y"),
    (r"ee|ea|ie|ei|y|i", "i"),
    (r"ai|ay|ae", "e"),
    (r"oo|ou|ow|au|aw|oa|o|u", "o"),
    (r"([aeio])[aeio]+", r"\1"),
    (r"(.)\1", r"\1"),
)
_CLASSES = str.maketrans("pbfvtdTkgqszSCjmnNlrwYaeiouy", "ppfftttkkksssssnnnllwwaaaaaa")
DEPTHS = "lsc"  # letters, sounds, classes
_RUNS = (1, 2, 3)  # sounds in a run


def sounds(text: str) -> str:
    """Give the sounds of a text, words between blanks."""
    return " ".join(filter(None, (_word(word) for word in _words(text))))


def _words(text: str) -> list[str]:
    plain = re.sub(r"\d+", lambda found: f" {_number(int(found[0]))} ", text.casefold())
    return re.findall(r"[a-z]+", plain.replace("'", ""))


def _number(value: int) -> str:
    if value < 20:
        return _ONES[value]
    if value < 100:
        ones = f" {_ONES[value % 10]}" if value % 10 else ""
        return f"{_TENS[value // 10 - 2]}{ones}"
    return " ".join(_ONES[int(digit)] for digit in str(value))


def _word(word: str) -> str:
    for pattern, sound in _RULES:
        word = re.sub(pattern, sound, word)
    return word


def runs(text: str, depths: str = DEPTHS) -> Counter[str]:
    """Count the runs of a text at every depth; where words end is not heard, so it is not kept."""
    heard = sounds(text).replace(" ", "")
    coarse = re.sub(r"(.)\1+", r"\1", heard.translate(_CLASSES))
    lines = {"l": "".join(_words(text)), "s": heard, "c": coarse}
    found = Counter[str]()
    for depth in depths if heard else "":
        edged = f"^{lines[depth]}$"
        found.update(
            depth + edged[at : at + size] for size in _RUNS for at in range(len(edged) - size + 1)
        )
    return found


def alike(queries: Sequence[str], texts: Sequence[str], depths: str = DEPTHS) -> Floats:
    """Tell how alike queries and texts sound, (queries, texts) from 0 to 1.

    A run counts for the more, the fewer of the texts have it. Nothing is like an empty text.
    """
    counts = [[runs(text, depths) for text in some] for some in (queries, texts)]
    seen = dict.fromkeys(run for some in counts for one in some for run in one)
    columns = {run: column for column, run in enumerate(seen)}
    query, text = (_matrix(some, columns) for some in counts)
    present = (text > 0).sum(0)
    weights = np.log((len(texts) + 1) / (present + 1)) + 0.1
    query, text = (_unit(side * weights) for side in (query, text))
    return np.asarray(query @ text.T, np.float32)


def _matrix(counts: Sequence[Counter[str]], columns: dict[str, int]) -> Floats:
    found = np.zeros((len(counts), len(columns)), np.float32)
    for row, some in enumerate(counts):
        for run, count in some.items():
            found[row, columns[run]] = count**0.5
    return found


def _unit(rows: npt.NDArray[np.floating]) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
