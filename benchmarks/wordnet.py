"""The 117,659 glosses of WordNet 3.0 as texts; they come from Debian's package `wordnet-base`."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PARTS = ("noun", "verb", "adj", "adv")
# lexicographer files, numbered as in the lexnames(5WN) page
CATEGORIES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute "
    "noun.body noun.cognition noun.communication noun.event noun.feeling noun.food noun.group "
    "noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant "
    "noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication "
    "verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
).split()
MARKER = re.compile(r"\((a|p|ip)\)$")  # syntactic marker behind some adjectives


@dataclass(frozen=True)
class Gloss:
    """One synset: its words and what they mean."""

    text: str
    category: int


def fetch(folder: Path) -> Path:
    """Download and unpack the package below `folder`; nothing is installed, no root is needed."""
    found = folder / "wordnet" / "usr" / "share" / "wordnet"
    if found.exists():
        return found
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise FileNotFoundError(f"{found}: put WordNet's data.noun and its siblings there")
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "wordnet-base"], cwd=packages, check=True)
    package = next(packages.glob("wordnet-base_*.deb"))
    subprocess.run(["dpkg", "-x", str(package), str(folder / "wordnet")], check=True)
    return found


def read(folder: Path) -> list[Gloss]:
    """Return every synset of the four data files, in the order of the files."""
    glosses = []
    for part in PARTS:
        with (folder / f"data.{part}").open(encoding="utf-8") as lines:
            glosses += [_gloss(line) for line in lines if not line.startswith("  ")]
    return glosses


def _gloss(line: str) -> Gloss:
    fields, _, meaning = line.partition(" | ")
    columns = fields.split(" ")
    count = int(columns[3], 16)
    words = [MARKER.sub("", word).replace("_", " ") for word in columns[4 : 4 + 2 * count : 2]]
    return Gloss(f"{', '.join(words)}: {meaning.strip()}", int(columns[1]))
